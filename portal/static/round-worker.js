// Keeps the courier's pages for the way: the network first, what was kept when there is none. Marks never come by here.
"use strict";
var PAGES = "round-pages-1", FILES = "round-files-1", PATIENCE = 4000;
var known = "";

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });

self.addEventListener("message", function (event) {
  var said = event.data || {};
  if (said.forget) { known = ""; event.waitUntil(caches.delete(PAGES)); }
  if (said.keep && said.known !== known) {
    known = said.known;
    event.waitUntil(Promise.all(said.keep.map(function (url) {
      return fetch(url, { credentials: "same-origin" }).then(function (page) { return kept(PAGES, url, page); }, function () {});
    })).then(forgetOld));
  }
});

// Pages of rounds before yesterday name people whom the courier has nothing to do with any more.
function forgetOld() {
  var yesterday = new Date(Date.parse(known.split(".")[0]) - 24 * 3600 * 1000).toISOString().slice(0, 10);
  return caches.open(PAGES).then(function (pages) {
    return pages.keys().then(function (keys) {
      return Promise.all(keys.filter(function (one) {
        var day = /[?&]day=(\d{4}-\d\d-\d\d)/.exec(one.url);
        return day && day[1] < yesterday;
      }).map(function (one) { return pages.delete(one); }));
    });
  }).catch(function () {});
}

self.addEventListener("fetch", function (event) {
  var url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) { return; }
  if (url.pathname.indexOf("/static/") === 0) { event.respondWith(file(event.request)); return; }
  if (event.request.mode === "navigate" && /^\/round(\/\d+)?$/.test(url.pathname)) { event.respondWith(page(event.request)); }
});

function file(request) {
  return caches.match(request).then(function (found) {
    return found || fetch(request).then(function (answer) { return kept(FILES, request, answer); });
  });
}

function page(request) {
  var network = fetch(request).then(function (answer) { return kept(PAGES, request.url, answer); });
  var late = new Promise(function (_done, failed) { setTimeout(failed, PATIENCE); });
  return Promise.race([network, late]).catch(function () {
    return caches.open(PAGES).then(function (pages) {
      return pages.match(request.url).then(function (found) {
        return found || pages.match(request.url, { ignoreSearch: true });
      });
    }).then(function (found) { return found ? remembered(found) : network; });
  });
}

// A page out of the phone says so itself: what it tells may be old.
function remembered(found) {
  return found.text().then(function (text) {
    return new Response(text.replace("data-courier=", 'data-kept="1" data-courier='), { headers: found.headers });
  });
}

function kept(name, key, answer) {
  if (!answer.ok || answer.redirected || answer.type !== "basic") { return answer; }
  var copy = answer.clone();
  return caches.open(name).then(function (cache) { return cache.put(key, copy); }).then(function () { return answer; }, function () { return answer; });
}

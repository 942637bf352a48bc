// The courier's page without a network: every mark is written down in the phone first and sent in order when it can be.
// "Saved" is only said of what the server has answered for. Without this file the forms work as plain forms do.
(function () {
  "use strict";
  var body = document.body;
  if (!("indexedDB" in window) || !body.dataset.courier) { return; }
  var ME = body.dataset.courier, PATIENCE = 2500, WAIT = 8000, SOON = 2000, LATE = 30000, KEEP = 3 * 24 * 3600 * 1000;
  var LONGEST_SIDE = 1600, QUALITY = 0.85, WAIT_FOR_PHOTO = 90000;
  var sending = false, pause = SOON, signedOut = false, tries = {};
  var token = (document.querySelector("[name=csrf_token]") || {}).value;

  function store(mode, work) {
    return new Promise(function (done, failed) {
      var opening = indexedDB.open("vekha-courier", 1);
      opening.onupgradeneeded = function () {
        opening.result.createObjectStore("marks", { keyPath: "n", autoIncrement: true });
        opening.result.createObjectStore("phone", { keyPath: "name" });
      };
      opening.onerror = function () { failed(opening.error); };
      opening.onsuccess = function () {
        var base = opening.result, change = base.transaction(["marks", "phone"], mode, { durability: "strict" }), asked;
        change.oncomplete = function () { base.close(); done(asked && asked.result); };
        change.onabort = function () { base.close(); failed(change.error); };
        asked = work(change.objectStore("marks"), change.objectStore("phone"));
      };
    });
  }
  function marks() { return store("readonly", function (table) { return table.getAll(); }); }
  function mine(all) { return all.filter(function (one) { return one.by === ME; }); }
  function waiting(all) { return mine(all).filter(function (one) { return one.state === "waiting"; }); }
  function isPhoto(one) { return one.kind === "photo"; }
  function isMark(one) { return one.kind !== "photo"; }
  function isInSight(one) { return !one.away; }
  function uuid() {
    if (window.crypto.randomUUID) { return window.crypto.randomUUID(); }
    return Array.from(window.crypto.getRandomValues(new Uint8Array(16)), function (byte) {
      return ("0" + byte.toString(16)).slice(-2);
    }).join("");
  }
  function device() {
    return store("readonly", function (_marks, phone) { return phone.get("id"); }).then(function (known) {
      if (known) { return known.value; }
      var made = { name: "id", value: uuid() };
      return store("readwrite", function (_marks, phone) { return phone.add(made); }).then(function () { return made.value; });
    });
  }

  // ---- what is shown: nothing here says more than the phone has written down, and no mark is called sent before it is
  function show(all) {
    var own = mine(all), unsent = waiting(all);
    var refused = own.filter(function (one) { return one.state === "refused"; });
    reveal("#offline", unsent.length > 0);
    reveal("[data-sign-in]", signedOut);
    each("[data-unsent]", function (place) { place.textContent = unsent.length; });
    each("[data-refused]", function (list) {
      var shown = refused.filter(list.dataset.refused === "photos" ? isPhoto : isMark).filter(isInSight);
      list.parentNode.hidden = !shown.length;
      list.replaceChildren.apply(list, shown.map(line));
    });
    own.filter(isMark).filter(isInSight).forEach(mark);
    each("[data-photos]", function (place) { photos(place, own.filter(isPhoto)); });
    var today = own.filter(function (one) { return one.state !== "refused" && one.fields.day === day(); });
    if (has(today, "scan")) { each("[data-mark=start]", function (form) { form.hidden = false; }); }
    if (has(today, "start")) { each("[data-mark=start]", function (form) { form.hidden = true; }); }
    if (has(today, "failed")) { each("[data-when-failed]", function (part) { part.hidden = false; }); }
    each("[data-needs-network] button", function (button) { button.disabled = unsent.some(isMark) || !!body.dataset.kept; });
    onward();
  }
  function each(selector, act) { document.querySelectorAll(selector).forEach(act); }
  function reveal(selector, isShown) { each(selector, function (part) { part.hidden = !isShown; }); }
  function has(marks, kind) { return marks.some(function (one) { return one.kind === kind; }); }
  function day() { return body.dataset.known.split(".")[0]; }
  function ends(one) { return (one.kind === "delivered" || one.kind === "failed") && one.state !== "refused"; }
  function mark(one) {
    if (!one.parcel) { return; }
    each("[data-parcel='" + one.parcel + "']:not(form)", function (row) {
      var place = row.querySelector("[data-state]"), words = body.dataset["words" + big(one.kind)];
      if (place && !(one.kind === "back" && one.state === "saved")) { // then the page itself says what it waits for
        place.textContent = words + ", " + body.dataset["words" + big(one.state)];
        place.className = one.state === "waiting" ? "unsent" : "";
      }
      if (one.kind === "scan" && one.state !== "refused") {
        row.querySelectorAll("[data-when-loaded]").forEach(function (part) { part.hidden = false; });
        row.querySelectorAll("[data-unless-loaded]").forEach(function (part) { part.hidden = true; });
      }
      if (!ends(one)) { return; }
      row.dataset.marked = "1";
      row.querySelectorAll("form:not([data-mark=photo]), details").forEach(function (part) { part.hidden = true; });
      row.querySelectorAll("[data-when-delivered]").forEach(function (part) { part.hidden = one.kind !== "delivered"; });
    });
  }
  function big(word) { return word.charAt(0).toUpperCase() + word.slice(1); }
  function onward() {
    var here = document.querySelector("#next[data-marked] [data-onward]");
    if (!here) { return; }
    var next = document.querySelector("li[data-parcel]:not([data-marked]) a[data-keep]");
    here.hidden = false;
    if (next) { here.firstElementChild.href = next.href; }
  }
  // Each that was not taken is a line to be opened; the last one is open.
  function line(one, number, all) {
    var isLast = number === all.length - 1;
    var item = document.createElement("li"), part = document.createElement("details"), title = document.createElement("summary");
    var words = document.createElement("p");
    title.textContent = one.title;
    words.textContent = one.words || "";
    part.open = isLast;
    part.append(title, words, putAway(one));
    item.append(part);
    return item;
  }
  // What has been read is put away: it stays in the phone as refused, and at the server, and takes no room any more.
  function putAway(one) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "btn wide";
    button.textContent = body.dataset.wordsPutAway;
    button.addEventListener("click", function () {
      one.away = true;
      store("readwrite", function (table) { return table.put(one); }).then(refresh);
    });
    return button;
  }
  function photos(place, all) {
    var parcel = place.closest("[data-parcel]").dataset.parcel, unsent;
    all = all.filter(function (one) { return one.parcel === parcel && one.state !== "refused"; });
    unsent = waiting(all).length;
    place.className = unsent ? "unsent" : "";
    place.textContent = all.length ? body.dataset[unsent ? "wordsPhotoWaiting" : "wordsPhotoSaved"] : "";
    if (unsent > 1) { place.textContent += ": " + unsent; }
  }
  function refresh() { return marks().then(show); }
  function parcelIn(code) {
    var found = /^(?:VH|МР)?0*(\d{1,9})$/i.exec((code || "").replace(/\s/g, ""));
    return found ? found[1] : "";
  }

  // ---- writing down
  document.addEventListener("submit", function (event) {
    var form = event.target, kind = form.dataset.mark;
    if (!kind || form.dataset.plain) { return; }
    event.preventDefault();
    if (asksAboutSum(form)) { return; }
    var fields = {};
    new FormData(form, event.submitter).forEach(function (value, name) {
      if (name !== "csrf_token" && typeof value === "string") { fields[name] = value; }
    });
    var one = {
      id: uuid(), by: ME, kind: kind, fields: fields,
      parcel: form.dataset.parcel || parcelIn(fields.code || fields.unreadable),
      title: form.dataset.title || fields.code || fields.unreadable || "", at: new Date().toISOString(), state: "waiting"
    };
    form.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
    smaller(form.elements.photo && form.elements.photo.files[0]).then(function (photo) {
      if (photo) { one.photo = photo; }
      return store("readwrite", function (table) { return table.add(one); });
    }).then(refresh).then(function () {
      return Promise.race([send(), new Promise(function (done) { window.setTimeout(done, PATIENCE); })]);
    }).then(function () { window.location.reload(); }, function () {
      form.dataset.plain = "1"; // the phone cannot keep it: then only the server can
      form.querySelectorAll("button").forEach(function (button) { button.disabled = false; });
      form.requestSubmit();
    });
  });

  // The page knows the sum: another one is asked about at the door, with a network or without.
  function asksAboutSum(form) {
    var cash = form.elements.cash, note = form.elements.note, problem = form.querySelector("[data-sum-problem]");
    if (!cash || !problem) { return false; }
    var typed = cash.value.replace(/[\s\u00a0]/g, "").replace(",", "."), due = Number(form.dataset.due);
    var minor = /^\d{1,9}(\.\d{0,2})?$/.test(typed) ? Math.round(Number(typed) * 100) : -1;
    if (minor === due || (minor >= 0 && note.value.trim())) { problem.hidden = true; return false; }
    var words = minor < 0 ? problem.dataset.none : minor < due ? problem.dataset.less : problem.dataset.more;
    problem.textContent = words.replace("{sum}", sum(Math.abs(minor - due), form.dataset.sign));
    problem.hidden = false;
    if (minor < 0) { cash.focus(); return true; }
    note.closest("details").open = true;
    note.focus();
    return true;
  }
  function sum(minor, sign) {
    var whole = String(Math.floor(minor / 100)).replace(/\B(?=(\d{3})+$)/g, "\u00a0"), rest = minor % 100;
    return whole + (rest ? "," + ("0" + rest).slice(-2) : "") + "\u00a0" + sign;
  }

  function smaller(file) {
    if (!file || !window.createImageBitmap) { return Promise.resolve(file); }
    return createImageBitmap(file).then(function (image) {
      var share = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height)), canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * share);
      canvas.height = Math.round(image.height * share);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return new Promise(function (done) { canvas.toBlob(done, "image/jpeg", QUALITY); });
    }).then(function (made) { return made || file; }, function () { return file; }); // what it cannot draw the server judges
  }

  // ---- sending: in order, as many as wait, again until each has its answer; a photo when no mark waits any more
  function send() {
    if (sending) { return Promise.resolve(); }
    sending = true;
    return marks().then(function (all) {
      var left = waiting(all), unsent = left.filter(isMark).slice(0, 50), photo = left.filter(isPhoto).sort(leastTried)[0];
      if (!unsent.length && !photo) { return null; }
      return device().then(function (id) { return unsent.length ? sendMarks(id, unsent) : sendPhoto(id, photo); });
    }).then(function (answered) {
      sending = false;
      pause = SOON;
      return refresh().then(function () { return answered === "more" ? send() : null; });
    }, function () {
      sending = false;
      window.setTimeout(send, pause);
      pause = Math.min(pause * 2, LATE);
      return refresh();
    });
  }
  function leastTried(one, other) { return (tries[one.id] || 0) - (tries[other.id] || 0) || one.n - other.n; }
  function told(id, unsent) {
    var said = unsent.map(function (one) { return { id: one.id, kind: one.kind, parcel: one.parcel, at: one.at, fields: one.fields }; });
    return JSON.stringify({ device: id, by: ME, sent_at: new Date().toISOString(), marks: said });
  }
  function sendMarks(id, unsent) {
    return post("/round/marks", function () { return told(id, unsent); }, { "Content-Type": "application/json" }, WAIT, true);
  }
  function sendPhoto(id, one) {
    tries[one.id] = (tries[one.id] || 0) + 1; // one that does not get through lets the others go first
    return post("/round/photos", function () {
      var form = new FormData();
      form.append("told", told(id, [one]));
      form.append("photo", one.photo, "photo");
      return form;
    }, {}, WAIT_FOR_PHOTO, true, { id: one.id, state: "refused", words: body.dataset.wordsPhotoTooLarge });
  }
  function post(address, content, headers, patience, mayRenew, tooLarge) {
    var stop = new AbortController(), timer = window.setTimeout(function () { stop.abort(); }, patience);
    return fetch(address, {
      method: "POST", redirect: "manual", credentials: "same-origin", signal: stop.signal,
      headers: Object.assign({ "X-CSRFToken": token || "" }, headers), body: content()
    }).then(function (answer) {
      window.clearTimeout(timer);
      signedOut = answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403;
      if (answer.status === 400 && mayRenew) {
        return renew().then(function () { return post(address, content, headers, patience, false, tooLarge); });
      }
      if (answer.status === 413 && tooLarge) { return keep({ results: [tooLarge] }); }
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json().then(keep);
    }, function (error) { window.clearTimeout(timer); throw error; });
  }
  function renew() {
    return fetch("/round", { credentials: "same-origin", cache: "no-store" }).then(function (page) { return page.text(); })
      .then(function (text) {
        var found = /name="csrf_token"\s+value="([^"]+)"/.exec(text);
        if (found) { token = found[1]; }
      });
  }
  // What is saved there is kept here only as far as the page needs it: no names and no addresses.
  function settled(one, result) {
    one.state = result.state;
    one.words = result.words;
    delete one.photo;
    if (one.state === "saved") { one.title = ""; one.fields = { day: one.fields.day }; }
    return one;
  }
  function keep(answer) {
    var byId = {};
    (answer.results || []).forEach(function (one) { byId[one.id] = one; });
    return marks().then(function (all) {
      var now = Date.now();
      return store("readwrite", function (table) {
        all.forEach(function (one) {
          var result = byId[one.id];
          if (result) { table.put(settled(one, result)); }
          else if (one.state !== "waiting" && now - Date.parse(one.at) > KEEP) { table.delete(one.n); }
        });
      });
    }).then(function () { return Object.keys(byId).length ? "more" : null; });
  }

  // ---- the app: pages kept for the way, and what may be forgotten when somebody signs out
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/round/worker.js", { scope: "/round" }).then(function () {
      return navigator.serviceWorker.ready;
    }).then(function (registration) {
      var pages = Array.from(document.querySelectorAll("a[data-keep]"), function (link) { return link.href; });
      registration.active.postMessage({ keep: [window.location.href].concat(pages), known: body.dataset.known });
    }).catch(function () {});
    document.addEventListener("submit", function (event) {
      if (event.target.dataset.signOut !== undefined && navigator.serviceWorker.controller) {
        navigator.serviceWorker.controller.postMessage({ forget: true });
      }
    });
  }
  if (body.dataset.kept) {
    reveal("#kept", true);
    each("[data-flash]", function (note) { note.remove(); });
  }
  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { send(); } });
  reveal("[data-app]", true);
  refresh().then(send);
})();

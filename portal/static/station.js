// The station: every scan gets an id of its own and waits in a queue until the server has answered it; nothing typed
// meanwhile is lost, and what is not sent is said. Without this file the form is sent like any other.
(function () {
  var form = document.getElementById("scan"), field = document.getElementById("code");
  var weight = document.getElementById("weight"), mute = document.getElementById("mute");
  var unsent = document.getElementById("unsent"), signIn = document.getElementById("sign-in"), queue = [], isBusy = false, sound = null;
  if (!form || !window.htmx) { return; }

  mute.checked = localStorage.getItem("mute") === "1";
  mute.addEventListener("change", function () { localStorage.setItem("mute", mute.checked ? "1" : "0"); field.focus(); });

  function beep(isTaken) {
    var Sound = window.AudioContext || window.webkitAudioContext;
    if (mute.checked || !Sound) { return; }
    sound = sound || new Sound();
    (isTaken ? [880] : [220, 180]).forEach(function (pitch, n) {
      var tone = sound.createOscillator(), from = sound.currentTime + n * 0.22;
      tone.frequency.value = pitch;
      tone.connect(sound.destination);
      tone.start(from);
      tone.stop(from + (isTaken ? 0.12 : 0.2));
    });
  }

  function count() {
    unsent.hidden = queue.length < 2 && !unsent.dataset.failed;
    unsent.textContent = unsent.dataset.words + ": " + queue.length;
  }

  // Signed out, or the page has stood open all night: the scans wait for a new token until somebody has signed in.
  function renew() {
    return fetch(window.location.href, { credentials: "same-origin", redirect: "manual" }).then(function (page) {
      signIn.hidden = page.type !== "opaqueredirect";
      return page.text();
    }).then(function (text) {
      var found = /name="csrf_token"\s+value="([^"]+)"/.exec(text);
      if (found) { form.elements.csrf_token.value = found[1]; }
    });
  }

  function next() {
    count();
    if (isBusy || !queue.length) { return; }
    isBusy = true;
    queue[0].set("csrf_token", form.elements.csrf_token.value);
    fetch(form.action, { method: "POST", body: queue[0], headers: { "HX-Request": "true" }, credentials: "same-origin", redirect: "manual" })
      .then(function (answer) {
        if (!answer.ok) { return renew().then(function () { throw new Error(answer.status); }); }
        signIn.hidden = true;
        return answer.text();
      })
      .then(function (text) {
        queue.shift();
        delete unsent.dataset.failed;
        isBusy = false;
        htmx.swap("#verdict", text, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
        beep(document.getElementById("verdict").dataset.tone === "ok");
        next();
      })
      .catch(function () {
        isBusy = false;
        unsent.dataset.failed = "1";
        count();
        setTimeout(next, 3000);
      });
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (weight && field.value && !weight.value) { weight.focus(); return; }
    var body = new URLSearchParams(new FormData(form));
    body.set("client", Date.now().toString(36) + Math.random().toString(36).slice(2));
    queue.push(body);
    field.value = "";
    if (weight) { weight.value = ""; }
    field.focus();
    next();
  });

  window.addEventListener("beforeunload", function (event) { if (queue.length) { event.preventDefault(); } });
})();

// How every form that htmx sends ends: what comes back is shown where the press was and gets the focus, whatever it is.
// The server's own words stand beside the form, which stays as it was filled in; for silence the page has words of its
// own. Everything else works without this file. htmx reads how it is set up when the whole page has been read.
if (window.htmx) {
  Object.assign(htmx.config, {
    includeIndicatorStyles: false,
    allowEval: false,
    allowScriptTags: false,
    selfRequestsOnly: true,
    historyCacheSize: 0,
    timeout: 15000,
    responseHandling: [{ code: "204", swap: false }, { code: "[23]..", swap: true }, { code: "...", swap: true, error: true }]
  });
}
(function () {
  function isPress(request) { return !!(request && request.triggeringEvent && request.triggeringEvent.type === "submit"); }
  // Asked by the page itself: nothing of the visitor's is lost when it fails, and nothing of it takes his focus.
  function isQuiet(request) { return !!(request && request.elt.dataset.quiet !== undefined); }
  function hush() {
    var said = document.getElementById("problem");
    if (said) { said.remove(); }
  }
  function say(request, words) {
    var place = document.createElement("div"), source = request.elt;
    if (isQuiet(request)) { return; }
    hush();
    place.id = "problem";
    place.tabIndex = -1;
    place.setAttribute("role", "alert");
    place.innerHTML = words;
    if (source.matches("form")) { source.prepend(place); } else { source.before(place); }
    if (isPress(request)) { place.focus(); }
  }
  function ready(id) { return document.getElementById(id).innerHTML; }

  document.addEventListener("htmx:beforeSwap", function (event) {
    var kind = event.detail.xhr.getResponseHeader("Vekha-Answer");
    if (!isQuiet(event.detail.requestConfig)) { hush(); }
    if (kind === "part") { return; }
    event.detail.shouldSwap = false;
    say(event.detail.requestConfig, kind === "notice" ? event.detail.serverResponse : ready("no-answer"));
  });
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      say(event.detail.requestConfig, ready(navigator.onLine ? "no-answer" : "no-network"));
    });
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    if (isQuiet(event.detail.requestConfig)) { return; }
    var told = document.querySelector("[data-focus]") || (isPress(event.detail.requestConfig) && document.getElementById("answer"));
    if (told) { told.focus(); }
  });
})();

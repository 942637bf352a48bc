// After a swap the focus goes to what is new and says so; without a network the page says that nothing was sent.
// Everything else works without this file. htmx reads how it is set up when the whole page has been read.
if (window.htmx) {
  Object.assign(htmx.config, {
    includeIndicatorStyles: false,
    allowEval: false,
    allowScriptTags: false,
    selfRequestsOnly: true,
    historyCacheSize: 0,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      { code: "4(00|09|22)", swap: true },
      { code: "[45]..", swap: false, error: true }
    ]
  });
}
document.addEventListener("htmx:afterSettle", function () {
  var target = document.querySelector("[data-focus]");
  if (target) { target.focus(); }
});
["htmx:sendError", "htmx:timeout"].forEach(function (name) {
  document.addEventListener(name, function (event) {
    var note = document.getElementById("offline"), asker = event.detail && event.detail.elt;
    if (asker && asker.dataset.quiet !== undefined) { return; } // it asks by itself: nothing of the visitor's is lost
    if (note) { note.hidden = false; note.scrollIntoView(); }
  });
});
document.addEventListener("htmx:beforeSwap", function () {
  var note = document.getElementById("offline");
  if (note) { note.hidden = true; }
});

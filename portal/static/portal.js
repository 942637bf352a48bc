// After a swap the focus goes to what is new and says so; without a network the page says that nothing was sent.
// Everything else works without this file.
document.addEventListener("htmx:afterSettle", function () {
  var target = document.querySelector("[data-focus]");
  if (target) { target.focus(); }
});
["htmx:sendError", "htmx:timeout"].forEach(function (name) {
  document.addEventListener(name, function () {
    var note = document.getElementById("offline");
    if (note) { note.hidden = false; note.scrollIntoView(); }
  });
});
document.addEventListener("htmx:beforeSwap", function () {
  var note = document.getElementById("offline");
  if (note) { note.hidden = true; }
});

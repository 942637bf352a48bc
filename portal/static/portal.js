// After a swap the focus goes to what is new and says so; everything else works without this file.
document.addEventListener("htmx:afterSettle", function () {
  var target = document.querySelector("[data-focus]");
  if (target) { target.focus(); }
});

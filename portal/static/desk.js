// Keys of the desk, read by their place on the keyboard so that the Russian layout does not matter; and the print button.
document.addEventListener("keydown", function (event) {
  var field = event.target.closest("input:not([type=radio]), textarea, select");
  var match = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (field || !match || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) { return; }
  var button = document.querySelector("[data-key='" + match[1] + "']");
  if (button) { event.preventDefault(); button.click(); }
});
document.addEventListener("click", function (event) {
  if (event.target.closest("[data-print]")) { window.print(); }
});

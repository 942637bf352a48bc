// Reads the barcode of a parcel by the camera where the browser can do that itself; the code is sent like a typed one.
(function () {
  var button = document.querySelector("[data-scan]");
  var view = document.querySelector("[data-camera]");
  if (!button || !view || !("BarcodeDetector" in window) || !navigator.mediaDevices) { return; }
  var detector = new window.BarcodeDetector({ formats: ["code_128", "qr_code"] });
  function look(stream) {
    detector.detect(view).then(function (found) {
      if (!found.length) { window.requestAnimationFrame(function () { look(stream); }); return; }
      stream.getTracks().forEach(function (track) { track.stop(); });
      view.hidden = true;
      var field = document.getElementById("code");
      field.value = found[0].rawValue;
      field.form.requestSubmit();
    }, function () { window.setTimeout(function () { look(stream); }, 300); });
  }
  button.hidden = false;
  button.addEventListener("click", function () {
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(function (stream) {
      view.hidden = false;
      view.srcObject = stream;
      view.play().then(function () { look(stream); });
    }, function () { button.hidden = true; });
  });
})();

// Reads the barcode of a parcel by the camera; the code is sent like a typed one. Where the browser knows no barcodes
// (iPhones, Windows, Linux) Quagga2 reads them.
(function () {
  var button = document.querySelector("[data-scan]"), frame = document.querySelector("[data-camera]");
  var reader = document.currentScript.dataset.reader, isNative = "BarcodeDetector" in window;
  if (!button || !frame || !navigator.mediaDevices) { return; }
  var view = frame.querySelector("video");

  function taken(code) {
    var field = document.getElementById("code");
    frame.hidden = true;
    field.value = code;
    field.form.requestSubmit();
  }

  function failed() { frame.hidden = button.hidden = true; }

  function readNatively() {
    var detector = new window.BarcodeDetector({ formats: ["code_128"] });
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(function (stream) {
      function look() {
        detector.detect(view).then(function (found) {
          if (!found.length) { window.setTimeout(look, 150); return; }
          stream.getTracks().forEach(function (track) { track.stop(); });
          taken(found[0].rawValue);
        }, function () { window.setTimeout(look, 300); });
      }
      view.srcObject = stream;
      view.play().then(look);
    }, failed);
  }

  function readByQuagga() {
    var last = "";
    window.Quagga.init({
      inputStream: { type: "LiveStream", target: frame, constraints: { facingMode: "environment" } },
      decoder: { readers: ["code_128_reader"] }, canvas: { createOverlay: false }, numOfWorkers: 0, frequency: 8
    }, function (trouble) { if (trouble) { failed(); } else { window.Quagga.start(); } });
    window.Quagga.onDetected(function onCode(found) {
      var code = found.codeResult.code;
      if (code !== last) { last = code; return; }  // a blurred picture is read wrong now and then, but not twice alike
      window.Quagga.offDetected(onCode);
      window.Quagga.stop();
      taken(code);
    });
  }

  function offer() {
    button.hidden = false;
    button.addEventListener("click", function () {
      frame.hidden = false;
      if (isNative) { readNatively(); } else { readByQuagga(); }
    });
  }

  navigator.mediaDevices.enumerateDevices().then(function (devices) {
    if (!devices.some(function (device) { return device.kind === "videoinput"; })) { return; }
    if (isNative) { offer(); return; }
    var script = document.createElement("script");
    script.src = reader;
    script.onload = offer;
    document.head.appendChild(script);
  });
})();

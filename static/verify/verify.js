// Drag and drop: the file that is dropped goes into the form, which is sent as if somebody had chosen it.
"use strict";
(() => {
  const area = document.getElementById("drop");
  const input = document.getElementById("file");
  if (!area || !input) return;
  area.classList.add("ready");
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  for (const name of ["dragleave", "dragend"]) {
    area.addEventListener(name, () => area.classList.remove("over"));
  }
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    if (!event.dataTransfer || event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    input.form.requestSubmit();
  });
})();

/* Ink on <canvas data-signature-for="ID">: the hidden input ID gets a PNG data URL. Needs signature_pad. */

const pads = new WeakMap();

const fit = (canvas, pad) => {
  const ratio = Math.max(window.devicePixelRatio || 1, 1);
  const { width, height } = canvas.getBoundingClientRect();
  if (!width || (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio))) return;
  const strokes = pad.toData();
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.getContext("2d").scale(ratio, ratio);
  pad.clear();
  pad.fromData(strokes);
};

const start = (canvas) => {
  if (pads.has(canvas)) return;
  const pad = new window.SignaturePad(canvas, { penColor: "#13202a", backgroundColor: "#ffffff" });
  pads.set(canvas, pad);
  fit(canvas, pad);
  new ResizeObserver(() => fit(canvas, pad)).observe(canvas);
  pad.addEventListener("endStroke", () => {
    const input = document.getElementById(canvas.dataset.signatureFor);
    if (input) input.value = pad.toDataURL("image/png");
  });
  canvas.removeAttribute("aria-busy");
};

const startAll = (root) => root.querySelectorAll("canvas[data-signature-for]").forEach(start);

document.addEventListener("click", (event) => {
  const id = event.target.closest("[data-signature-clear]")?.dataset.signatureClear;
  if (!id) return;
  const canvas = document.querySelector(`canvas[data-signature-for="${CSS.escape(id)}"]`);
  pads.get(canvas)?.clear();
  const input = document.getElementById(id);
  if (input) input.value = "";
});

document.addEventListener("htmx:load", () => startAll(document));
startAll(document);

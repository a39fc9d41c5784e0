/* Reads a QR or DataMatrix code with the camera, or from a picture where no camera can be used, and
   gives it to the scan field as a hand scanner would. The reader is our own file: nothing is fetched
   from elsewhere, and no picture leaves this device. */

const WASM = document.querySelector("script[data-wasm]").dataset.wasm;
const EVERY_MS = 250;
const LARGEST = 2000;
const dialog = document.getElementById("camera");
const video = dialog?.querySelector("video");
const file = dialog?.querySelector("input[type=file]");
const words = dialog?.querySelector("[data-camera-words]");
let target = "";
let stream = null;
let timer = 0;
let ready = null;
let turn = 0; // a camera that is refused late must not talk over a picture that was read meanwhile

const say = (name) => {
  words.textContent = words.getAttribute(`data-words-${name}`);
};

const prepare = () => {
  ready ??= window.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => WASM }, fireImmediately: true });
  return ready;
};

/* A GS1 code separates its parts by a sign that only the bytes hold. */
const textOf = (found) =>
  found.contentType === "GS1" ? String.fromCharCode(...found.bytes) : found.text;

const decode = async (image) => {
  await prepare();
  const found = await window.ZXingWASM.readBarcodes(image, {
    formats: ["QRCode", "DataMatrix"],
    tryHarder: true,
    tryRotate: true,
    tryInvert: true,
    maxNumberOfSymbols: 1,
  });
  const first = found.find((one) => one.isValid !== false && one.text);
  return first ? textOf(first) : "";
};

const pixels = (source, width, height) => {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
};

const stop = () => {
  clearTimeout(timer);
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.hidden = true;
  video.srcObject = null;
};

const give = (text) => {
  const input = document.getElementById(target);
  if (dialog.open) dialog.close();
  if (!input) return;
  input.value = text;
  input.focus();
  /* As a scanner does: Enter goes to the next empty field or sends the form. */
  const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  if (input.dispatchEvent(enter)) input.form.requestSubmit();
};

const look = async () => {
  if (!stream) return;
  try {
    const text = video.videoWidth ? await decode(pixels(video, video.videoWidth, video.videoHeight)) : "";
    if (text && stream) {
      give(text);
      return;
    }
  } catch {
    say("broken");
    return;
  }
  timer = setTimeout(look, EVERY_MS);
};

const start = async () => {
  const mine = ++turn;
  say("looking");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    if (mine === turn) say("none");
    return;
  }
  if (!dialog.open || mine !== turn) {
    stop();
    return;
  }
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  look();
};

const read = async () => {
  const picture = file.files[0];
  file.value = "";
  if (!picture) return;
  turn += 1;
  stop();
  say("looking");
  try {
    const image = await createImageBitmap(picture);
    const text = await decode(pixels(image, image.width, image.height));
    if (text) give(text);
    else say("nothing");
  } catch (error) {
    say(error instanceof DOMException ? "nothing" : "broken");
  }
};

if (dialog && window.ZXingWASM && dialog.showModal) {
  document.documentElement.classList.add("reads-codes");
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-camera]");
    if (!button) return;
    target = button.dataset.camera;
    dialog.showModal();
    prepare().catch(() => say("broken"));
    start();
  });
  dialog.addEventListener("close", stop);
  dialog.querySelector("[data-camera-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("[data-camera-pick]").addEventListener("click", () => file.click());
  file.addEventListener("change", read);
}

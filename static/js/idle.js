/* A shared tablet locks itself. <body data-idle-seconds="300"> asks for it; a warning comes 20 seconds before. */

const seconds = Number(document.body.dataset.idleSeconds || 0);
const warning = document.getElementById("idle-warning");
const WARN_MS = 20000;
let touched = Date.now();

const touch = () => {
  touched = Date.now();
  if (warning) warning.hidden = true;
};

const look = () => {
  const left = touched + seconds * 1000 - Date.now();
  if (left <= 0) window.location.assign(document.body.dataset.lockHref || "/lock");
  else if (warning) warning.hidden = left > WARN_MS;
};

if (seconds > 0) {
  ["pointerdown", "keydown", "wheel", "touchmove"].forEach((kind) =>
    document.addEventListener(kind, touch, { passive: true, capture: true }),
  );
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
}

/* Small comforts of the checklist. Without this file every control still works. */

/* − and + beside a measurement: in tenths when the limits or the value have tenths. */
const decimals = (text) => (String(text).replace(",", ".").split(".")[1] || "").length;

const step = (button) => {
  const input = document.getElementById(button.dataset.stepFor);
  if (!input) return;
  const { minimum, maximum } = input.dataset;
  const places = Math.max(decimals(input.value), decimals(minimum), decimals(maximum));
  const size = places ? 10 ** -places : 1;
  const now = Number.parseFloat(input.value.replace(",", "."));
  let next = Number.isNaN(now) ? Number.parseFloat(minimum || "0") : now + size * Number(button.dataset.step);
  if (minimum) next = Math.max(next, Number(minimum));
  if (maximum) next = Math.min(next, Number(maximum));
  input.value = next.toFixed(places);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step-for]");
  if (button) step(button);
  const link = event.target.closest("[data-gate-link]");
  if (link) openItem(link, event);
});

const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
const controls = "button:not([disabled]):not(.step), input:not([type=hidden]), a[href]";

/* From the gate's list to the row itself: close the list, show the row, stand on its control. */
const openItem = (link, event) => {
  const row = link.hash && document.getElementById(link.hash.slice(1));
  if (!row) return;
  event.preventDefault();
  link.closest("details")?.removeAttribute("open");
  history.replaceState(null, "", link.hash);
  row.scrollIntoView({ block: "center", behavior: reduced.matches ? "auto" : "smooth" });
  (row.querySelector(`form :is(${controls})`) || row).focus({ preventScroll: true });
};

/* Another disinfectant has another contact time; a time that was typed afterwards stays. */
document.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-times-for]");
  const time = select && document.getElementById(select.dataset.timesFor);
  if (!time) return;
  time.value = select.selectedOptions[0]?.dataset.seconds || "";
  const suggested = document.getElementById(select.dataset.timesFor.replace(/contact_seconds$/, "suggested_for"));
  if (suggested) suggested.value = select.value;
});

/* After a swap the eye and the keyboard stay where they were. */
let before = null;

document.addEventListener("htmx:beforeSwap", () => {
  const active = document.activeElement;
  const row = active?.closest?.("[data-item]");
  before = row ? { item: row.id, id: active.id, scan: active.closest(".scan") !== null } : null;
});

document.addEventListener("htmx:afterSettle", () => {
  const old = before;
  before = null;
  if (!old || (document.activeElement && document.activeElement !== document.body)) return;
  const row = document.getElementById(old.item);
  if (!row) return;
  const next = old.scan
    ? row.querySelector("[data-scan]") || row.querySelector(".notice a, .undo button")
    : document.getElementById(old.id);
  const target = next || row;
  if (target === row) row.tabIndex = -1;
  target.focus({ preventScroll: true });
});

/* Scanners type and press Enter: on the last field that submits, before it goes to the next. */
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form.scan");
  if (event.key === "Enter" && form && event.target.matches("input")) {
    const inputs = [...form.querySelectorAll(".scan-field input")];
    const empty = inputs.find((input, at) => at > inputs.indexOf(event.target) && !input.value);
    event.preventDefault();
    if (empty) empty.focus();
    else form.requestSubmit();
    return;
  }
  /* A scan while nothing is chosen goes to the first open scan field. */
  if (document.activeElement !== document.body || event.key.length !== 1) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.key === " ") return;
  [...document.querySelectorAll("[data-scan]")].find((input) => !input.value)?.focus();
});

/* Once a page has been sent back with errors, the summary is read first. */
const summary = document.getElementById("error-summary");
if (summary) summary.focus();

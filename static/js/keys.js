/* Keyboard shortcuts of the desk. The list in the page, #keys, is what is obeyed: one place for both. */

const list = document.querySelector("#keys");
const PAUSE = 1200; // milliseconds in which the second key of a pair must follow
let before = "";
let timer = 0;

const typing = (target) => target.isContentEditable || Boolean(target.closest("input, textarea, select"));

const focusSearch = () => {
  const field = document.querySelector("main input[type=search], main .filters input, main .filters select");
  if (field) field.focus();
  return Boolean(field);
};

const forget = () => {
  before = "";
};

const follow = (keys) => {
  if (keys === "?") {
    list.showModal();
    return true;
  }
  if (keys === "/") return focusSearch();
  const entry = list.querySelector(`[data-keys="${CSS.escape(keys)}"][data-href]`);
  if (entry) window.location.assign(entry.dataset.href);
  return Boolean(entry);
};

if (list) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key.length !== 1 || list.open || typing(event.target)) return;
    const keys = before ? `${before} ${event.key}` : event.key;
    window.clearTimeout(timer);
    forget();
    if (follow(keys)) {
      event.preventDefault();
    } else if (event.key === "g") {
      before = "g";
      timer = window.setTimeout(forget, PAUSE);
    }
  });
}

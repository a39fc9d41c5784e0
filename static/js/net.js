/* No answer is lost and none is sent twice.

   A form with an idempotency key that could not be sent waits in this tab's storage, with its key,
   and is sent again in order. While anything waits, or a request is under way, later answers queue
   behind it. What waits belongs to the person who gave it and is sent only while that person is
   signed in. How long it waited goes with it: that is when it was done. Forms with a password or a
   file are never stored. */

const STORE = "aseptrail-unsent";
const RETRY_MS = 15000;
const TIMEOUT_MS = 15000;
const net = document.getElementById("net");
const user = document.body.dataset.user || "";
let busy = 0;
let draining = false;

const read = () => {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) || "[]");
  } catch {
    return [];
  }
};

const write = (queue) => {
  if (queue.length) sessionStorage.setItem(STORE, JSON.stringify(queue));
  else sessionStorage.removeItem(STORE);
};

const show = (state, words = "") => {
  if (!net) return;
  if (state === "pending") {
    const place = net.querySelector("[data-net-words]");
    const text = words || place.dataset.netOffline;
    if (place.textContent !== text) place.textContent = text;
  }
  if (state === "refused") {
    const place = net.querySelector("[data-net-refused]");
    place.textContent = words || place.dataset.netRefusedServer;
  }
  net.dataset.state = state;
};

const words = (name) => net?.querySelector(`[data-${name}]`)?.getAttribute(`data-${name}`) || "";

const showQueue = () => {
  const queue = read();
  if (!queue.length) return;
  const others = [...new Set(queue.map((entry) => entry.user).filter((name) => name !== user))];
  if (others.length && !queue.some((entry) => entry.user === user)) {
    show("pending", `${words("net-user")} ${others.join(", ")}`);
  } else {
    show("pending");
  }
};

const pairs = (data) => [...data.entries()].filter(([, value]) => typeof value === "string");

const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/* A form that has been queued gets a new key: its next press is another answer. */
const renewKey = (form) => {
  const key = form?.querySelector("input[name=idempotency_key]");
  if (key) key.value = newKey();
};

const enqueue = (url, fields, target, first = false) => {
  const queue = read();
  const same = JSON.stringify([url, fields]);
  if (!queue.some((entry) => JSON.stringify([entry.url, entry.fields]) === same)) {
    const entry = { id: newKey(), url, fields, target, user, at: Date.now() };
    if (first) queue.unshift(entry);
    else queue.push(entry);
    write(queue);
  }
  show("pending");
};

const storable = (form, data) =>
  data.has("idempotency_key") && !form.querySelector("input[type=password], input[type=file]");

const place = (html, response) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("session");
  const old = document.getElementById("session");
  if (!fresh || !old || !window.htmx) {
    if (response.ok) window.location.assign(response.url);
    return;
  }
  window.htmx.swap(old, fresh.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
};

/* Where a browser is led when nobody is signed in, the screen is locked, or no clinic is chosen. */
const isDoor = (url) => ["/login", "/lock", "/clinic"].includes(new URL(url).pathname);

const send = async (entry) => {
  const body = new URLSearchParams(entry.fields);
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  if (token && body.has("csrf_token")) body.set("csrf_token", token);
  if (entry.at) body.set("waited", String(Math.max(0, Math.floor((Date.now() - entry.at) / 1000))));
  const headers = entry.target ? { "HX-Request": "true", "HX-Target": entry.target } : {};
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(entry.url, { method: "POST", body, headers, credentials: "same-origin", signal });
};

const drain = async () => {
  if (draining || busy || !navigator.onLine) return;
  if (!read().some((entry) => entry.user === user)) {
    showQueue();
    return;
  }
  draining = true;
  let last = null;
  let refused = false;
  try {
    for (;;) {
      const entry = read().find((one) => one.user === user);
      if (!entry) break;
      const response = await send(entry);
      const status = response.status;
      if (status >= 500 || status === 429 || status === 408) throw new Error(String(status));
      if (status === 401 || isDoor(response.url)) {
        show("pending", words("net-login"));
        return;
      }
      const html = await response.text();
      write(read().filter((one) => one.id !== entry.id));
      refused ||= status >= 400;
      last = { html, response, target: entry.target };
    }
    show(refused ? "refused" : "saved");
  } catch {
    showQueue();
  } finally {
    draining = false;
  }
  if (last?.target) place(last.html, last.response);
  else if (last && !refused) window.location.assign(last.response.url);
  if (!refused) showQueue();
};

const isRecord = (element) => element instanceof HTMLFormElement && element.matches("[data-record]");

/* What a form is sending right now, to tell a double tap from a change of mind. */
const underWay = new WeakMap();

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (!isRecord(form)) return;
  busy += 1;
  underWay.set(form, JSON.stringify(pairs(event.detail.requestConfig.formData)));
});

/* htmx reports on the form, or on <body> when a swap has already taken the form away. */
const finished = (event) => {
  const form = event.detail.requestConfig?.elt || event.detail.elt;
  if (!isRecord(form) || !underWay.has(form)) return;
  underWay.delete(form);
  busy = Math.max(0, busy - 1);
  setTimeout(drain, 0); // htmx names the failure after this event, and the failed answer goes first
};

const failed = (event) => {
  const { requestConfig: config, xhr } = event.detail;
  const form = config?.elt;
  if (!isRecord(form)) return;
  const status = xhr?.status || 0;
  if (status && status < 500 && status !== 429 && status !== 408) {
    show("refused");
    return;
  }
  if (storable(form, config.formData)) {
    // It was pressed before whatever has queued behind it.
    enqueue(config.path, pairs(config.formData), "session", true);
    renewKey(form);
  } else {
    show("refused", words("net-refused-offline"));
  }
};

/* A locked screen answers 401 with the way to the door, and htmx would go there at once: what was
   pressed is kept first. */
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig: config } = event.detail;
  if (xhr.status !== 401 || !isRecord(config?.elt)) return;
  if (storable(config.elt, config.formData)) {
    enqueue(config.path, pairs(config.formData), "session", true);
    renewKey(config.elt);
  }
  event.preventDefault();
  window.location.assign(xhr.getResponseHeader("HX-Redirect") || "/login");
});

document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:timeout", failed);
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.requestConfig?.elt;
  if (isRecord(form) && event.detail.successful && !read().length) show("saved");
  finished(event);
});

/* An answer without the session in it is another page, such as the sign-in: go there. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  if (target?.id !== "session" || !event.detail.shouldSwap) return;
  if (/\bid="session"/.test(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  window.location.assign(xhr.responseURL);
});

/* Before htmx or the browser sees a press: may it go out now, or must it wait its turn?
   A form without htmx leaves the page; offline that would be a browser's error page. */
const onSubmit = (event) => {
  const form = event.target;
  const swaps = form.hasAttribute("hx-post");
  if (form.method.toLowerCase() !== "post" || (swaps && !isRecord(form))) return;
  const waiting = read().some((entry) => entry.user === user);
  if (navigator.onLine && !waiting && !busy && !draining) return;
  let data = new FormData(form, event.submitter);
  if (!storable(form, data)) {
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show("refused", words("net-refused-offline"));
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (underWay.has(form)) {
    if (underWay.get(form) === JSON.stringify(pairs(data))) return;
    renewKey(form);
    data = new FormData(form, event.submitter);
  }
  enqueue(swaps ? form.getAttribute("hx-post") : form.action, pairs(data), swaps ? "session" : null);
  renewKey(form);
  drain();
};

document.addEventListener("submit", onSubmit, { capture: true });

/* When the bar has been scrolled away, its state is shown at the top of the window instead. */
if (net) {
  new IntersectionObserver(([entry]) => net.toggleAttribute("data-away", !entry.isIntersecting)).observe(net);
}

window.addEventListener("offline", () => show(read().length ? "pending" : "offline"));
window.addEventListener("online", () => {
  if (read().length) drain();
  else show("quiet");
});
window.addEventListener("focus", drain);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && drain());
setInterval(() => read().length && drain(), RETRY_MS);

if (navigator.onLine) drain();
else show(read().length ? "pending" : "offline");

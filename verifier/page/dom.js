// Making elements without ever reading text as markup: what a stranger's file says stays text.

const SVG = "http://www.w3.org/2000/svg";

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) {
      made.setAttribute(key, "");
    } else if (typeof value === "function") {
      made.addEventListener(key, value);
    } else if (value !== null && value !== false) {
      made.setAttribute(key, value);
    }
  }
  made.append(...partsOf(children));
  return made;
}

export function partsOf(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== false && child !== "");
}

export function svgEl(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...partsOf(children));
  return made;
}

export function icon(name, extra = "") {
  return svgEl("svg", { class: `icon ${extra}`.trim(), "aria-hidden": "true" }, svgEl("use", { href: `#i-${name}` }));
}

export function badge(word, tone) {
  return el("span", { class: `badge tone-${tone}` }, icon(tone), el("span", {}, word));
}

export function notice(tone, ...lines) {
  return el("div", { class: `notice tone-${tone}` }, icon(tone), el("div", {}, lines.map((line) => el("p", {}, line))));
}

export function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.filter((pair) => pair[1] !== null).map(([term, value]) => [el("dt", {}, term), el("dd", {}, String(value))]));
}

function cellOf([label, kind], value, isHead) {
  const attributes = { class: `col-${kind}`, "data-label": label, scope: isHead ? "row" : null };
  return el(isHead ? "th" : "td", attributes, el("span", {}, value ?? "–"));
}

// A table whose columns carry their names, so that it can fold into cards where it is narrow; the
// first cell heads its row.
export function table(caption, columns, rows, empty = "Nothing here yet.") {
  const head = el("tr", {}, columns.map(([label, kind]) => el("th", { scope: "col", class: `col-${kind}` }, label)));
  const body = rows.map((row) => el("tr", {}, row.map((value, at) => cellOf(columns[at], value, at === 0))));
  const none = el("tr", {}, el("td", { class: "table-none", colspan: columns.length }, empty));
  return el("div", { class: "table-box record-part" }, el("table", { class: "table" }, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, body.length > 0 ? body : none)));
}

export function byId(id) {
  return document.getElementById(id);
}

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
  made.append(...children.flat(3).filter((child) => child !== null && child !== false && child !== ""));
  return made;
}

export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
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

// A table whose columns carry their names, so that it can fold into cards where it is narrow.
export function table(caption, columns, rows) {
  const head = el("tr", {}, columns.map(([label, kind]) => el("th", { scope: "col", class: `col-${kind}` }, label)));
  const body = rows.map((row) =>
    el("tr", {}, row.map((value, at) => el("td", { class: `col-${columns[at][1]}`, "data-label": columns[at][0] }, value ?? "–"))),
  );
  return el("div", { class: "table-box record-part" }, el("table", { class: "table" }, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, body)));
}

export function byId(id) {
  return document.getElementById(id);
}

// The sterilization room as tables and pictures, as the page /verify draws them.

import { el, svgEl, table } from "./dom.js";

const LEFT = 46;
const RIGHT = 316;
const TOP = 4;
const FOOT = 122;

// Neither a number and its unit nor the parts of a date are torn at the end of a line.
function tied(text) {
  if (text === null) {
    return null;
  }
  const whole = text.replace(/(\d{1,2}\.?) (\p{Lu}\p{Ll}{2,3}\.?) (?=\d{4}(?!\d))/gu, "$1\u00a0$2\u00a0");
  return whole.replace(/(\d) (?=(?:°C|s|bar|min|h)(?![\p{L}\p{N}]))/gu, "$1\u00a0");
}

export function roomTable({ title, explained, heads, rows, left_out: leftOut }) {
  if (rows.length === 0) {
    return null;
  }
  return [
    table(title, heads.map((head) => [head, "text"]), rows.map((row) => row.map(tied))),
    el("p", { class: "small quiet" }, tied(explained)),
    leftOut > 0 ? el("p", {}, `${leftOut} more lines are in the report.`) : null,
  ];
}

function label(x, y, anchor, text) {
  return svgEl("text", { x, y, "text-anchor": anchor, "font-size": 9, fill: "currentColor", stroke: "none" }, text);
}

// Attributes and no styles: the page's own policy forbids the latter.
function pictureOf(curve) {
  return svgEl(
    "svg",
    { viewBox: "0 0 320 140", role: "img", "aria-label": `${curve.title}. ${curve.described}`, fill: "none", stroke: "currentColor" },
    curve.degrees.map(([y, text]) => [svgEl("path", { d: `M${LEFT} ${y}H${RIGHT}`, "stroke-opacity": 0.2 }), label(LEFT - 4, y + 3, "end", text)]),
    curve.minutes.map(([x, text]) => [svgEl("path", { d: `M${x} ${TOP}V${FOOT}`, "stroke-opacity": 0.2 }), label(x, FOOT + 12, "middle", text)]),
    curve.limits.map((y) => svgEl("path", { d: `M${LEFT} ${y}H${RIGHT}`, "stroke-dasharray": "9 4", "stroke-opacity": 0.7 })),
    svgEl("polyline", { points: curve.steam, "stroke-dasharray": "2 2.4", "stroke-width": 1.4 }),
    svgEl("polyline", { points: curve.warm, "stroke-width": 1.8 }),
    curve.off.map(([x, y]) => svgEl("path", { d: `M${x - 3} ${y - 3}l6 6m0-6l-6 6`, "stroke-width": 1.4 })),
  );
}

function figureOf(curve) {
  const caption = el("figcaption", {}, el("strong", {}, curve.title), " ", el("span", { class: "quiet" }, curve.note));
  return el("figure", { class: "panel verify-curve" }, caption, pictureOf(curve));
}

export function roomView({ tables, curves, rules, words }) {
  return [
    el("h3", { id: "room-record" }, "The sterilization room"),
    tables.map(roomTable),
    curves.length > 0 ? [el("h3", { id: "curves-record" }, words.curves), el("p", { class: "quiet" }, words.legend), el("div", { class: "verify-curves" }, curves.map(figureOf))] : null,
    rules.length > 0 ? el("h3", { id: "rules-record" }, "Rules") : null,
    rules.map(roomTable),
  ];
}

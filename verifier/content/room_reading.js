// What a report says about the sterilization room: tables and pictures as the page /verify has
// them, and what page 1 of the report takes from them.

import { child, number, optionalChild, text } from "./fields.js";
import { readCurve, shownCurves } from "./room_curves.js";
import { PRODUCTION, readCycle } from "./room_cycles.js";
import { readRoomExceptions } from "./room_exceptions.js";
import { findMet } from "./room_met.js";
import { readRecalls } from "./room_recalls.js";
import { readRuleSpans, readRules } from "./room_rules.js";
import { readFile, readSpore } from "./room_spores.js";
import { readSterilizers } from "./room_sterilizers.js";

const APART = " · ";

// Up to when a test can be called missing: the period's end, or the making of the report.
function horizonOf(data) {
  const volume = optionalChild(data, "volume");
  // The index of volumes is the last part; the one before it holds the end of the period.
  if (volume !== null && number(volume, "number") < number(volume, "of") - 1) {
    return null;
  }
  const [ends, made] = [text(child(data, "period"), "to_time"), text(data, "made_at")];
  return ends < made ? ends : made;
}

// `rows` of keys are read by `read` when they are drawn, and no more of them than `most`.
function tableOf({ title, explained, heads, keys, read }, most) {
  return { title, explained, heads, rows: keys.slice(0, most).map(read), left_out: Math.max(0, keys.length - most) };
}

function cycleRow(line) {
  return [
    String(line.index),
    [line.name, line.when.text, line.run].join(APART),
    line.set.join(", "),
    line.achieved.join(", "),
    line.contents.join(APART),
    [`${line.outcome}.`, ...line.notes].join(" "),
  ];
}

function sporeRow(line) {
  return [String(line.index), `${line.name}, ${line.when.text}`, line.lot, line.test, line.control, line.read, line.outcome];
}

function fileRow(line) {
  const grouped = line.sha256.replace(/.{4}(?=.)/g, "$& ");
  return [String(line.index), `${line.when.text}, ${line.who}`, `${line.name}, ${line.details}, SHA-256 ${grouped}`, line.cycles.join("; ") || null];
}

function sterilizerTables(naming, start) {
  const words = naming.words.room;
  return readSterilizers(naming, start).map((block) => ({
    title: `${words.sterilizers}: ${block.title}`,
    explained: [block.facts, ...block.programs].join(APART),
    heads: words.state_heads,
    keys: block.states,
    read: (line) => [String(line.index), line.when.text, line.state, line.why || null, line.who],
  }));
}

function recallTables(naming, met, start) {
  const words = naming.words.room;
  return readRecalls(naming, met, start).map((recall) => ({
    title: `${words.recalls}: ${recall.title}, ${recall.state}`,
    explained: recall.facts.map(([label, value]) => `${label}: ${value}`).join(APART),
    heads: words.met_heads,
    keys: recall.worklist,
    read: (line) => [line.number, line.client, line.when, line.by, line.calls.join(" ")],
  }));
}

function tablesOf(naming, met, start) {
  const words = naming.words.room;
  const { cycles, spores, files } = naming.positions.room;
  const inside = [...cycles].filter(([, places]) => places.inside);
  const namesOf = (isWanted) => inside.filter(([, { kind }]) => isWanted(kind)).map(([cycle]) => cycle);
  const [loads, tests] = [namesOf((kind) => kind === PRODUCTION), namesOf((kind) => kind !== PRODUCTION)];
  const read = [...spores].filter(([, places]) => places.inside).map(([test]) => test);
  const rowOf = (cycle) => cycleRow(readCycle(naming, cycle));
  return [
    ...sterilizerTables(naming, start),
    { title: words.cycles, explained: words.cycles_text, heads: words.cycle_heads, keys: loads, read: rowOf },
    { title: words.tests, explained: words.tests_text, heads: words.cycle_heads, keys: tests, read: rowOf },
    { title: words.spores, explained: words.spores_text, heads: words.spore_heads, keys: read, read: (test) => sporeRow(readSpore(naming, test)) },
    ...recallTables(naming, met, start),
    { title: words.files, explained: words.files_text, heads: words.file_heads, keys: files, read: (index) => fileRow(readFile(naming, index)) },
  ];
}

function rulesOf(naming, rules) {
  const words = naming.words.room;
  return readRuleSpans(naming, rules).map((span) => ({
    title: `${words.rules_in_force}: ${span.days}`,
    explained: words.rules_text,
    heads: words.rule_heads,
    keys: span.lines,
    read: (line) => line,
  }));
}

function legendOf(words) {
  return `${words.curves_text} ${words.curve_warm}: ——, ${words.curve_steam}: ······, ${words.curve_limit}: – – –, ${words.curve_off}: ×.`;
}

// What is counted on page 1, and a way to draw the rest; what is not drawn is not read.
export function readRoom(naming, { data, curves }) {
  const start = number(child(data, "range"), "start");
  const rules = readRules(data);
  const met = findMet(naming);
  const ended = new Set(naming.positions.signed.values());
  const touched = new Set([...met.values()].flat().map(({ index }) => index));
  return {
    exceptions: readRoomExceptions(naming, met, rules, horizonOf(data)),
    recalled: [...touched].filter((index) => ended.has(index)).length,
    draw: (most) => ({
      tables: tablesOf(naming, met, start).map((table) => tableOf(table, most)),
      curves: shownCurves(naming, curves).slice(0, most).map((cycle) => readCurve(naming, cycle, curves)),
      rules: rulesOf(naming, rules).map((table) => tableOf(table, most)),
      words: { curves: naming.words.room.curves, legend: legendOf(naming.words.room) },
    }),
  };
}

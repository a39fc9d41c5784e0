// The record, drawn anew from what was signed: the same content as the page /verify draws.

import { badge, el, facts, icon, notice, table } from "./dom.js";
import { roomView } from "./room_view.js";

const STATES = {
  closed: ["Closed", "good"],
  aborted: ["Aborted", "bad"],
  awaiting_reprocessing: ["Awaiting sterilization", "wait"],
};

function beside(moment, day) {
  return moment.day === day ? moment.clock : moment.text;
}

function amendmentNote(amendment) {
  const changed = JSON.stringify(amendment.new_evidence) !== JSON.stringify(amendment.old_evidence);
  const evidence = [
    ...amendment.old_evidence.map((line) => el("p", { class: "small" }, "Before: ", el("del", {}, line))),
    ...amendment.new_evidence.map((line) => el("p", { class: "small" }, `Now: ${line}`)),
  ];
  return el(
    "div",
    { class: "answer-amendment" },
    el("p", {}, el("strong", {}, "Amended:"), ` ${amendment.label}: `, el("del", {}, amendment.old), " ", icon("arrow"), " ", el("ins", {}, amendment.new)),
    changed ? evidence : null,
    el("p", {}, `“${amendment.reason}”`),
    el("p", { class: "small quiet" }, `${amendment.who}, ${amendment.when.text}, ${amendment.auth}, entry ${amendment.index}`),
  );
}

function answerRow(item) {
  const evidence = item.evidence.length > 0 ? item.evidence.map((line) => el("p", {}, line)) : el("p", { class: "quiet" }, "–");
  const performed = item.performed === null ? null : el("span", { class: "small quiet" }, `Done ${item.performed.text}`);
  const marks = [item.late ? [badge("Late", "warn"), performed] : null, item.amended ? badge("Amended", "wait") : null];
  return el(
    "div",
    { class: "answer-row" },
    el("p", { class: "answer-item" }, item.label),
    el("p", { class: "answer-value" }, item.answer),
    el("div", { class: "answer-evidence" }, evidence),
    el("div", { class: "answer-when" }, el("p", {}, item.who), el("p", { class: "quiet" }, item.when.text)),
    item.late || item.amended ? el("div", { class: "answer-marks" }, marks) : null,
  );
}

function storyOf(block) {
  const day = block.opened.day;
  const started = block.started === null ? "" : `, started ${beside(block.started, day)}`;
  const finished = block.finished === null ? "" : `, ended ${beside(block.finished, day)}`;
  const word = block.state === "awaiting_reprocessing" ? "signed" : block.state;
  return `Opened ${block.opened.text}${started}${finished}, ${word} ${beside(block.closed, day)}`;
}

function bracketLine(bracket) {
  if (bracket === undefined || (bracket.by === null && bracket.not_before === null)) {
    return null;
  }
  const from = bracket.not_before === null ? "" : `not before ${bracket.not_before}`;
  const by = bracket.by === null ? "" : `by ${bracket.by}`;
  return el("p", { class: "small" }, el("strong", {}, "In the log "), `${[from, by].filter(Boolean).join(", ")}, as the time-stamps you pinned say`);
}

function blockOf(block, brackets, heading) {
  const [word, tone] = STATES[block.state];
  const marks = [badge(word, tone), block.late ? badge("Late", "warn") : null, block.amendments.length > 0 ? badge("Amended", "wait") : null];
  const { signature, deviation } = block;
  return el(
    "article",
    { class: "panel stack block", "aria-labelledby": `record-${block.number}` },
    el("div", { class: "list-head" }, el(heading, { id: `record-${block.number}` }, `Record ${block.number} `, el("span", { class: "quiet" }, `· ${block.client}`)), el("span", { class: "marks" }, marks)),
    el("p", { class: "quiet" }, `${block.protocol} · ${block.device} · ${block.practitioner}`, el("br"), storyOf(block)),
    bracketLine(brackets.get(block.number)),
    block.warnings.map((warning) => el("p", { class: "small" }, `Warning shown: ${warning}`)),
    el("div", { class: "answers answers-flat" }, block.items.map(answerRow), block.amendments.map(amendmentNote)),
    block.overrides.map((one) => el("p", {}, el("strong", {}, "Override:"), ` ${one.label}: “${one.reason}”, ${one.who}, ${one.when.text}`)),
    deviation === null ? null : facts([["What happened", deviation.what], ["Why", deviation.why], ["Corrective action", deviation.corrective_action]]),
    el("p", { class: "small" }, `“${signature.meaning}”`, el("br"), el("span", { class: "quiet" }, `${signature.name}, ${signature.when.text}, ${signature.auth} · Consent: ${block.consent}`)),
    el("p", { class: "small quiet" }, "Leaf ", el("span", { class: "fingerprint" }, block.leaf)),
  );
}

function stat(label, value, tone) {
  const shown = value > 0 && tone ? tone : null;
  return el("div", { class: shown ? `stat tone-${shown}` : "stat" }, el("dt", {}, label), el("dd", {}, shown ? icon(shown) : null, el("span", {}, String(value))));
}

function statsOf({ counts }) {
  return el(
    "dl",
    { class: "stats" },
    stat("Closed", counts.closed),
    stat("Aborted", counts.aborted, "bad"),
    stat("With late entries", counts.late, "warn"),
    stat("Amended", counts.amended, "wait"),
    stat("Awaiting sterilization", counts.awaiting, "wait"),
    stat("Still open", counts.still_open, "warn"),
    stat("Recalled", counts.recalled, "bad"),
  );
}

function exceptionTable(caption, lines, kinds) {
  const columns = [["Entry", "num"], ["Kind", "text"], ["What", "text"], ["When", "date"]];
  return table(caption, columns, lines.map((line) => [String(line.number), kinds[line.kind], line.sentence, line.when?.text ?? null]));
}

function broken() {
  return notice("bad", "Here the signed data stops making sense, so drawing stopped.");
}

function demoNotice() {
  return notice("warn", "Demonstration data. Nobody was treated.");
}

function singleView({ content, blocks, unreadable }, brackets) {
  const followed = content.exceptions.filter((line) => ["restored", "incident", "follow_up"].includes(line.kind));
  const history = content.single.history.map((line) => [String(line.index), line.what, line.who, line.when.text]);
  return [
    el("div", { class: "panel" }, facts([["Clinic", content.clinic], ["Record", `${content.single.record}, ${content.period}`], ["Times", content.zone], ["Made", content.made_at.text], ["Entries quoted", content.single.entries], ["Size of the log", content.size], ["Software", content.software]])),
    content.formerly.map((name) => el("p", {}, name)),
    content.demo ? demoNotice() : null,
    blocks.map((block) => blockOf(block, brackets, "h3")),
    unreadable ? broken() : null,
    followed.length > 0 ? exceptionTable("What followed", followed, content.kinds) : null,
    table("The entries quoted, in the order of the log", [["Entry", "num"], ["What", "text"], ["Who", "text"], ["When", "date"]], history),
  ];
}

function exceptionsOf(content, most) {
  if (content.exceptions.length === 0) {
    return el("p", {}, "No exceptions in this period.");
  }
  const more = content.exceptions.length - most;
  return [
    exceptionTable("What is not as it should be", content.exceptions.slice(0, most), content.kinds),
    more > 0 ? el("p", {}, `${more} more exceptions are in the report.`) : null,
  ];
}

// The bytes themselves, for whoever wants to compare them with what is told above.
function entriesOf(content) {
  const rows = content.entries.map((entry) =>
    el("tr", {}, el("td", { class: "col-num" }, String(entry.index)), el("td", {}, entry.kind, el("br"), el("span", { class: "small quiet" }, `${entry.when}, ${entry.who}`)), el("td", { class: "entry-data" }, entry.data)),
  );
  return el(
    "details",
    { class: "panel entries-all", id: "entries-record" },
    el("summary", {}, icon("chevron"), `Every entry, as it was signed (${content.entries.length})`),
    el("div", { class: "stack" }, el("p", { class: "quiet" }, "Each entry of the log that the file holds, in the words of the log."), el("div", { class: "record-part" }, el("table", { class: "table" }, el("tbody", {}, rows)))),
  );
}

// A long record needs a way through it that is shorter than scrolling.
function waysThrough({ content, blocks, room }) {
  const ways = [
    ["exceptions-record", "Exceptions", content.exceptions.length],
    ["sessions-record", "Sessions", blocks.length],
    ["room-record", "Sterilization room", room?.tables.some(({ rows }) => rows.length > 0)],
    ["curves-record", "Curves", room?.curves.length],
    ["rules-record", "Rules", room?.rules.length],
    ["entries-record", "Entries", content.entries.length],
  ];
  const links = ways.filter((way) => way[2]).map(([id, label]) => el("li", {}, el("a", { class: "button button-secondary", href: `#${id}` }, label)));
  return el("nav", { class: "no-print", "aria-label": "In this record" }, el("ul", { class: "cluster" }, links));
}

function periodView({ content, blocks, room, left_out: leftOut, unreadable, most }, brackets) {
  const span = content.end > content.start ? `${content.start} to ${content.end - 1}` : "none";
  const later = content.later_amendments.slice(0, most);
  return [
    el("div", { class: "panel" }, facts([["Clinic", content.clinic], ["Period", content.period], ["Times", content.zone], ["Made", `${content.made_at.text} by ${content.made_by}`], ["Entries of the log", span], ["Size of the log", content.size], ["Software", content.software]])),
    content.formerly.map((name) => el("p", {}, name)),
    content.demo ? demoNotice() : null,
    content.volume ? el("p", {}, el("strong", {}, content.volume)) : null,
    content.filters.length > 0 ? el("p", {}, `Details are drawn only for: ${content.filters.join(", ")}. Counts and exceptions cover the whole period.`) : null,
    statsOf(content),
    waysThrough({ content, blocks, room }),
    el("h3", { id: "exceptions-record" }, "Exceptions"),
    exceptionsOf(content, most),
    el("h3", { id: "sessions-record" }, "Sessions"),
    blocks.length > 0 ? blocks.map((block) => blockOf(block, brackets, "h4")) : el("p", {}, "No session ended in this period."),
    unreadable ? broken() : null,
    leftOut > 0 ? el("p", {}, el("strong", {}, `The first ${most} sessions are drawn here; ${leftOut} more are in the report.`), " All of them were checked.") : null,
    room?.tables.some(({ rows }) => rows.length > 0) || room?.rules.length ? roomView(room) : null,
    later.length > 0 ? [el("h3", {}, "Later amendments"), el("p", { class: "quiet" }, "Made in this period to sessions that were closed before it."), el("div", { class: "panel" }, later.map(amendmentNote))] : null,
    entriesOf(content),
  ];
}

// The lists of a recall or a search, as they were signed.
function listsView({ title, sentences, lists }) {
  return [
    el("h3", {}, title),
    sentences.map((sentence) => el("p", {}, sentence)),
    lists.map((list) => table(`${list.title} (${list.rows.length})`, list.columns.map((column) => [column, "text"]), list.rows, "No line.")),
  ];
}

export function recordView(drawn, brackets) {
  if (drawn.trace !== undefined) {
    return listsView(drawn.trace);
  }
  const byRecord = new Map(brackets.map((bracket) => [bracket.record, bracket]));
  return drawn.content.single === null ? periodView(drawn, byRecord) : singleView(drawn, byRecord);
}

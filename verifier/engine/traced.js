// The meaning layer of a recall's or a search's file: the lists agree with the entries quoted.

import { compareText } from "./bytes.js";
import { answer, ofKind } from "./entries.js";
import { parseTime } from "./entry.js";
import { anyObject, member } from "./shape.js";
import { RECALL } from "./trace_file.js";
import { localTime } from "./zones.js";

// A file quotes the newest so many; of one that quotes as many the older ones may be missing.
const MOST_CALLS = 500;
const MOST_REFUSED = 500;

const CALL_WORDS = { reached: "Reached", letter_sent: "Letter sent", declined: "Declined", not_reached: "Not reached" };
const REFUSED = "session.refused";
const ENDS = ["session.signed", "session.closed", "session.aborted"];
const OF_RECALL = ["recall.opened", "recall.called", "recall.closed"];
const EXPLAINING = ["log.genesis", "restore", "key.rotated", "clinic.changed"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const MINUTE = "\\p{Nd}{1,2} [A-Z][a-z]{2} \\p{Nd}{4}, \\p{Nd}\\p{Nd}:\\p{Nd}\\p{Nd}";
const CALL = `(?:^|; )((?:${Object.values(CALL_WORDS).join("|")}), ${MINUTE}), `;
const USED_LATE = `(?:^|; )(entered late with (?:pack|lot) [^\\n]+?, done ${MINUTE}, refused ${MINUTE})(?=; |\\n?$)`;

function count(texts) {
  const counts = new Map();
  texts.forEach((text) => counts.set(text, (counts.get(text) ?? 0) + 1));
  return counts;
}

// What is in the one more often than in the other, and how much more often.
function surplus(left, right) {
  const over = [...left].map(([text, many]) => [text, many - (right.get(text) ?? 0)]);
  return over.filter(([, many]) => many > 0).sort((one, other) => compareText(one[0], other[0]));
}

function spell(moment, zone) {
  const { year, month, day, hour, minute } = localTime(zone, moment);
  return `${day} ${MONTHS[month - 1]} ${year}, ${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

function spellRecorded(text, zone) {
  return spell(parseTime(text), zone);
}

function cellsOf({ lists }, column) {
  const at = lists[0].columns.indexOf(column);
  return at < 0 ? [] : lists[0].rows.map((row) => row[at]);
}

function findAll(pattern, texts) {
  return texts.flatMap((text) => [...text.matchAll(new RegExp(pattern, "gu"))].map((found) => found[1]));
}

// When each session whose ending is quoted was opened.
function sessionsOf(log) {
  const found = new Map();
  for (const { kind, data } of log.inside) {
    if (ENDS.includes(kind)) {
      found.set(String(member(data, "session")), String(member(data, "opened", "at")));
    }
  }
  return found;
}

function* foreignEntries(log) {
  const { recall } = log.audit.trace;
  for (const { index, kind, data } of log.inside) {
    const isOwn = recall !== null && OF_RECALL.includes(kind) && data.recall === recall;
    if (!isOwn && ![...EXPLAINING, ...ENDS, REFUSED].includes(kind)) {
      yield `entry ${index} is about something else`;
    }
  }
}

function* sessionProblems(log, treated, zone) {
  const quoted = count([...sessionsOf(log).values()].map((at) => spellRecorded(at, zone)));
  for (const [when, many] of surplus(quoted, count(treated))) {
    yield `${many} of the sessions quoted, begun ${when}, is in no line`;
  }
}

// The uses that a refused answer tells of, as a list says them.
function usedLate({ at, data }, zone) {
  const done = spellRecorded(String(member(data, "performed_at")), zone);
  return [...member(data, "used")].map((thing) => {
    const named = `${member(anyObject(thing, "used"), "kind")} ${member(thing, "code")}`;
    return `entered late with ${named}, done ${done}, refused ${spell(at, zone)}`;
  });
}

function* refusedProblems(log, trace, zone) {
  const told = count(findAll(USED_LATE, trace.lists[0].rows.flat()));
  const entries = ofKind(log, REFUSED);
  const quoted = count(entries.flatMap((entry) => usedLate(entry, zone)));
  for (const [line] of surplus(quoted, told)) {
    yield `“${line}” is in no line`;
  }
  for (const [line] of entries.length < MOST_REFUSED ? surplus(told, quoted) : []) {
    yield `“${line}” in a line is no entry`;
  }
}

function* recallProblems(log, trace, zone) {
  const [opened, closed] = [ofKind(log, "recall.opened"), ofKind(log, "recall.closed")];
  if (opened.length !== 1 || closed.length > 1) {
    yield "the recall was not opened once, and closed once at most";
    return;
  }
  const lot = opened[0].data.lot ?? null;
  const begins = lot === null ? "Recall of sterilizer " : `Recall of lot ${lot}`;
  if (!trace.title.startsWith(begins) || (lot !== null && trace.title !== begins)) {
    yield "its title is not what the recall takes back";
  }
  const state = closed.length > 0 ? "closed" : "still open";
  if (!trace.sentences.includes(`The recall was opened on ${spell(opened[0].at, zone)} and is ${state}.`)) {
    yield "it does not say when the recall was opened, and whether it is closed, as the entries do";
  }
}

function* callProblems(log, cells, zone) {
  const told = count(findAll(CALL, cells));
  const calls = ofKind(log, "recall.called");
  const quoted = count(
    calls.map(({ data }) => {
      const outcome = String(member(data, "outcome"));
      const word = Object.hasOwn(CALL_WORDS, outcome) ? CALL_WORDS[outcome] : "?";
      return `${word}, ${spellRecorded(String(member(data, "called_at")), zone)}`;
    }),
  );
  for (const [call] of surplus(quoted, told)) {
    yield `the call “${call}” is in no line`;
  }
  for (const [call] of calls.length < MOST_CALLS ? surplus(told, quoted) : []) {
    yield `the call “${call}” in a line is no entry`;
  }
  if (cells.some((cell) => cell !== "not called yet" && cell.search(new RegExp(CALL, "u")) !== 0)) {
    yield "a line says something else of calls than when they were made";
  }
}

function* disagreements(log) {
  const { trace, data } = log.audit;
  const zone = data.clinic.time_zone;
  // A zone that does not exist is found out before anything is said.
  localTime(zone, 0);
  if (trace.lists.length === 0 || !trace.lists[0].columns.includes("Treated")) {
    yield "its first list does not say when somebody was treated";
    return;
  }
  yield* sessionProblems(log, cellsOf(trace, "Treated"), zone);
  yield* refusedProblems(log, trace, zone);
  if (trace.purpose === RECALL) {
    yield* recallProblems(log, trace, zone);
    yield* callProblems(log, cellsOf(trace, "Calls"), zone);
  }
}

export function checkTraceBelonging(log) {
  return answer(
    "belongs",
    "Every entry is about this recall, about a session listed, or explains the log",
    foreignEntries(log),
    `${log.inside.length} entries.`,
  );
}

export function checkLists(log) {
  const lines = log.audit.trace.lists[0]?.rows.length ?? 0;
  return answer(
    "lists",
    "The lists agree with the entries that are quoted",
    disagreements(log),
    `${sessionsOf(log).size} of ${lines} lines rest on a quoted signature of the session.`,
  );
}

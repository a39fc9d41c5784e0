// The meaning layer, first half: the entries are readable, complete, this clinic's, of the period.

import { NotCanonical } from "./canonical.js";
import { decodeEntry, parseTime } from "./entry.js";
import { anyCount, anyText, member } from "./shape.js";
import { check } from "./verdict.js";
import { periodLimits } from "./zones.js";

const SHOWN_PROBLEMS = 3;

export function answer(code, name, problems, good) {
  const found = [...problems];
  if (found.length === 0) {
    return check(code, name, true, good);
  }
  const more = found.length - SHOWN_PROBLEMS;
  const tail = more > 0 ? ` And ${more} more.` : "";
  return check(code, name, false, `No: ${found.slice(0, SHOWN_PROBLEMS).join("; ")}.${tail}`);
}

export function ofKind(log, kind) {
  return log.inside.filter((entry) => entry.kind === kind);
}

export function entryText(entry, ...path) {
  return anyText(member(entry.data, ...path), `entry ${entry.index}: ${path.join(".")}`);
}

export function readLog(audit) {
  const [code, name] = ["entries", "Every entry is shown, readable and this clinic's"];
  const hidden = audit.entries.filter((entry) => entry.body === null);
  if (hidden.length > 0) {
    const reason = `No: ${hidden.length} entries are withheld, the first is number ${hidden[0].index}.`;
    return [check(code, name, false, reason), null];
  }
  let inside;
  let outside;
  try {
    inside = audit.entries.map(({ index, body }) => decodeEntry(index, body));
    outside = audit.context.map(({ index, body }) => decodeEntry(index, body));
  } catch (error) {
    if (!(error instanceof NotCanonical)) {
      throw error;
    }
    return [check(code, name, false, `No: ${error.message}.`), null];
  }
  const foreign = [...inside, ...outside].find((entry) => entry.clinic !== audit.data.clinic.id);
  if (foreign !== undefined) {
    return [check(code, name, false, `No: entry ${foreign.index} is another clinic's.`), null];
  }
  const byIndex = new Map([...outside, ...inside].map((entry) => [entry.index, entry]));
  const ordered = [...byIndex.values()].sort((left, right) => left.index - right.index);
  const log = { audit, inside: audit.hasRange ? inside : ordered, byIndex, ordered };
  return [check(code, name, true, `${byIndex.size} entries were read.`), log];
}

function* incarnationProblems(log) {
  let current = 1;
  for (const entry of log.ordered.filter((each) => each.kind === "restore")) {
    const number = anyCount(member(entry.data, "incarnation"), "incarnation");
    if (number <= current) {
      yield `entry ${entry.index} restores an incarnation that was over`;
    }
    current = number;
  }
  const claimed = log.audit.data.incarnation;
  if (claimed !== current) {
    yield `it calls itself incarnation ${claimed}, the entries say ${current}`;
  }
}

export function checkIncarnation(log) {
  return answer(
    "incarnation",
    "Every restore of the log is shown",
    incarnationProblems(log),
    "The log was never put back, or the report shows the entries that say so.",
  );
}

function* neighbourProblems(log, start, end) {
  const { audit } = log;
  const volume = audit.data.volume;
  const isWithin = (entry) => start <= entry.at && entry.at < end;
  const places = [
    [volume === null || volume.number === 1, audit.start > 0, audit.start - 1, "before"],
    [volume === null || volume.number === volume.of, audit.end < audit.size, audit.end, "after"],
  ];
  for (const [asked, exists, index, side] of places) {
    const entry = log.byIndex.get(index);
    if (asked && exists && entry === undefined) {
      yield `entry ${index}, just ${side} the range, is not shown`;
    } else if (asked && exists && isWithin(entry)) {
      yield `entry ${index} was recorded in the period and left out`;
    }
  }
}

function* periodProblems(log) {
  const { period, clinic } = log.audit.data;
  const [start, end] = periodLimits(clinic.time_zone, period.from, period.to);
  if (parseTime(period.from_time) !== start || parseTime(period.to_time) !== end) {
    yield "its first and last moment are not midnights of the clinic's time zone";
    return;
  }
  // Where the clock was wrong for a while, times inside the range may lie anywhere; the order of
  // the entries is what counts, and the anomaly is on record.
  if (ofKind(log, "clock.anomaly").length === 0) {
    for (const entry of log.inside) {
      if (!(start <= entry.at && entry.at < end)) {
        yield `entry ${entry.index} was recorded outside the period`;
      }
    }
  }
  yield* neighbourProblems(log, start, end);
}

export function checkPeriod(log) {
  return answer(
    "period",
    "The range holds everything recorded in the period",
    periodProblems(log),
    "The entries next to the range lie outside the period.",
  );
}

function isRecordedStep(earlier, later) {
  if (later.kind === "clock.anomaly") {
    return parseTime(member(later.data, "previous")) === earlier.at;
  }
  return earlier.kind === "clock.anomaly" && parseTime(member(earlier.data, "observed")) <= later.at;
}

function* clockProblems(entries) {
  for (let at = 1; at < entries.length; at += 1) {
    const [earlier, later] = [entries[at - 1], entries[at]];
    if (later.at < earlier.at && !isRecordedStep(earlier, later)) {
      yield `entry ${later.index} is dated before entry ${earlier.index}`;
    }
  }
}

export function checkClock(log) {
  return answer(
    "clock",
    "The recorded times run forward",
    clockProblems(log.inside),
    "They do, or the record itself says where the clock was put back.",
  );
}

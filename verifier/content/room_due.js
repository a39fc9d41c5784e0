// Spore tests and day tests that the rules asked for and that the record does not show in time.

import { compareText } from "../engine/bytes.js";
import { NotCanonical } from "../engine/canonical.js";
import { formatTime, parseTime } from "../engine/entry.js";
import { ContentUnreadable, child, fill, text } from "./fields.js";
import { PRODUCTION } from "./room_cycles.js";
import { citeRule, rulesOn } from "./room_rules.js";
import { sterilizerCode } from "./room_sterilizers.js";
import { dayNumber } from "./times.js";

const DUE_AGAIN = ["repair", "installation"];
const SPORE_DAYS = "spore_test_max_days";
const SPORE_HOURS = "spore_test_max_run_hours";
const HOUR = 3600000;
const DAY = 24 * HOUR;

function momentOf(recorded) {
  try {
    return parseTime(recorded);
  } catch (error) {
    throw error instanceof NotCanonical ? new ContentUnreadable("a recorded time is unreadable") : error;
  }
}

function dayOf(naming, recorded) {
  momentOf(recorded);
  return dayNumber(naming.times.localDate(recorded));
}

// (run, test) of the valid negative tests shown, by their runs.
function negativesOf(naming, sterilizer) {
  return [...naming.positions.room.spores]
    .filter(([, places]) => places.sterilizer === sterilizer && places.outcome === "pass")
    .map(([test, places]) => [places.run_at, test])
    .sort((left, right) => compareText(left[0], right[0]) || compareText(left[1], right[1]));
}

// (time, entry) of what made a spore test due at once: the installation, and repairs.
function resetsOf(naming, places) {
  const services = places.services.filter((index) => DUE_AGAIN.includes(child(naming.log.read(index), "data").service));
  return [places.index, ...services].map((index) => [text(naming.log.read(index), "at"), index]);
}

function stateAtEnd(naming, { index, moves }) {
  const last = moves[moves.length - 1];
  return last === undefined ? text(child(naming.log.read(index), "data"), "state") : text(child(naming.log.read(last), "data"), "to");
}

// Start and end of the runs after a time, in their order; one without an end counts no time.
function spansOf(naming, sterilizer, since, moment) {
  return [...naming.positions.room.cycles.values()]
    .filter((cycle) => cycle.sterilizer === sterilizer && since < cycle.run_at && cycle.run_at < moment)
    .map(({ run_at: start, ended_at: end }) => [start, end ?? ""])
    .sort((one, other) => compareText(one[0], other[0]) || compareText(one[1], other[1]))
    .map(([start, end]) => [momentOf(start), end === "" ? null : momentOf(end)]);
}

// When the runs together had lasted so long; null while they have not.
function reachedAt(spans, limit) {
  let lasted = 0;
  for (const [start, end] of spans) {
    if (end !== null && end > start) {
      if (lasted + (end - start) >= limit) {
        return start + (limit - lasted);
      }
      lasted += end - start;
    }
  }
  return null;
}

// When the test after the one that ran was due, if before a moment, and by which rule. Runs from before
// the range that nothing quotes are missing: what is overdue by hours may be told later, and never wrongly.
function dueAfter(naming, sterilizer, rules, ran, moment) {
  const bound = rulesOn(rules, dayOf(naming, moment));
  const [days, hours] = [SPORE_DAYS, SPORE_HOURS].map((key) => bound?.values.get(key));
  const byDays = Number.isInteger(days) ? [[momentOf(ran) + days * DAY, SPORE_DAYS]] : [];
  const reached = Number.isInteger(hours) ? reachedAt(spansOf(naming, sterilizer, ran, moment), hours * HOUR) : null;
  const found = reached === null ? byDays : [...byDays, [reached, SPORE_HOURS]];
  // Of both at the same moment the days are named.
  const [due, key] = found.reduce((one, other) => (other[0] < one[0] ? other : one), [Infinity, ""]);
  if (due === Infinity || formatTime(due) >= moment) {
    return null;
  }
  return { due: formatTime(due), rule: citeRule(bound, key) };
}

// Tests that came late, while loads were run that should have waited for them.
function sporeGaps(naming, sterilizer, places, rules) {
  const { room } = naming.positions;
  const negatives = negativesOf(naming, sterilizer);
  const loads = [...room.cycles.values()].filter((cycle) => cycle.inside && cycle.sterilizer === sterilizer && cycle.kind === PRODUCTION);
  const resets = resetsOf(naming, places).map(([at]) => at);
  return negatives.slice(1).flatMap(([later, test], at) => {
    const [earlier] = negatives[at];
    const found = dueAfter(naming, sterilizer, rules, earlier, later);
    const mended = resets.some((reset) => earlier < reset && reset <= later);
    const { inside, index } = room.spores.get(test);
    if (found === null || mended || !inside || !loads.some(({ run_at: run }) => found.due < run && run < later)) {
      return [];
    }
    const parts = { due: naming.times.moment(found.due).text, ran: naming.times.moment(later).text, rule: found.rule };
    return [{ number: index, when: later, sentence: fill(naming.words.room.spore_late, { sterilizer: sterilizerCode(naming, sterilizer), ...parts }) }];
  });
}

function newestReset(naming, places) {
  return resetsOf(naming, places).reduce((one, other) => (other[0] > one[0] || (other[0] === one[0] && other[1] > one[1]) ? other : one));
}

function sporeMissing(naming, sterilizer, places, rules, horizon) {
  if (stateAtEnd(naming, places) !== "in_service") {
    return [];
  }
  const words = naming.words.room;
  const code = sterilizerCode(naming, sterilizer);
  const last = negativesOf(naming, sterilizer).pop();
  const [reset, entry] = newestReset(naming, places);
  if (last === undefined || last[0] < reset) {
    return [{ number: entry, when: reset, sentence: fill(words.spore_never, { sterilizer: code, when: naming.times.moment(reset).text }) }];
  }
  const found = dueAfter(naming, sterilizer, rules, last[0], horizon);
  if (found === null) {
    return [];
  }
  const parts = { due: naming.times.moment(found.due).text, ran: naming.times.moment(last[0]).text, rule: found.rule };
  return [{ number: naming.positions.room.spores.get(last[1]).index, when: found.due, sentence: fill(words.spore_overdue, { sterilizer: code, ...parts }) }];
}

// Loads that were released on a day whose test did not pass, where the rules ask for one.
function dayTests(naming, rules) {
  const cycles = [...naming.positions.room.cycles.values()];
  const keyOf = (cycle) => `${dayOf(naming, cycle.run_at)} ${cycle.sterilizer}`;
  const passed = new Set(cycles.filter((cycle) => cycle.kind === "day_test" && !cycle.failed).map(keyOf));
  return cycles.flatMap((cycle) => {
    if (!cycle.inside || cycle.kind !== PRODUCTION || cycle.released === null) {
      return [];
    }
    const bound = rulesOn(rules, dayOf(naming, cycle.run_at));
    if (!bound?.values.get("day_test_required") || passed.has(keyOf(cycle))) {
      return [];
    }
    const sentence = fill(naming.words.room.day_test_missing, {
      sterilizer: sterilizerCode(naming, cycle.sterilizer),
      day: naming.times.day(naming.times.localDate(cycle.run_at)),
      rule: citeRule(bound, "day_test_required"),
    });
    return [{ number: cycle.index, when: cycle.run_at, sentence }];
  });
}

// `horizon` is up to when a missing test can be told; nothing for a volume before the last.
export function findOverdue(naming, rules, horizon) {
  const machines = [...naming.positions.room.sterilizers];
  return [
    ...machines.flatMap(([sterilizer, places]) => [
      ...sporeGaps(naming, sterilizer, places, rules),
      ...(horizon === null ? [] : sporeMissing(naming, sterilizer, places, rules, horizon)),
    ]),
    ...dayTests(naming, rules),
  ];
}

// What is not as it should be in the sterilization room, as sentences, most serious first.

import { child, children, fill, lookUp, spoken, text, texts } from "./fields.js";
import { cycleName } from "./room_cycles.js";
import { findOverdue } from "./room_due.js";
import { recallState, recallTitle } from "./room_recalls.js";

const NOT_VALID = ["invalid", "reject"];

function entered(naming, index) {
  return naming.times.moment(text(naming.log.read(index), "at"));
}

function recalls(naming, met) {
  // One that was opened and closed before the range is not told at all.
  const shown = [...naming.positions.room.recalls].filter(([, { inside, closed }]) => inside || closed === null);
  return shown.map(([recall, places]) => {
    const sessions = met.get(recall);
    const sentence = fill(naming.words.room.recall_sentence, {
      what: recallTitle(naming, places),
      sessions: sessions.length,
      called: sessions.filter(({ session }) => places.calls.has(session)).length,
      state: recallState(naming, places),
    });
    return { kind: "recall", number: places.opened, when: entered(naming, places.opened), sentence };
  });
}

function spores(naming) {
  const words = naming.words.room;
  const shown = [...naming.positions.room.spores.values()].filter(({ inside, outcome }) => inside && ["fail", ...NOT_VALID].includes(outcome));
  return shown.map((places) => {
    const sentence = fill(places.outcome === "fail" ? words.spore_failed : words.spore_not_valid, {
      cycle: cycleName(naming, places.cycle),
      when: naming.times.moment(places.run_at).text,
      outcome: lookUp(words.spore_outcomes, places.outcome, spoken(places.outcome)),
    });
    return { kind: "spore_failed", number: places.index, when: entered(naming, places.index), sentence };
  });
}

function ofCycle(naming, kind, places, sentence) {
  return { kind, number: places.index, when: naming.times.moment(places.run_at), sentence: sentence.trim() };
}

function failed(naming) {
  const shown = [...naming.positions.room.cycles].filter(([, places]) => places.inside && places.failed);
  return shown.map(([cycle, places]) => {
    const faults = texts(child(naming.log.read(places.chemical ?? places.index), "data"), "faults").join(" ");
    return ofCycle(naming, "cycle_failed", places, fill(naming.words.room.cycle_failed, { cycle: cycleName(naming, cycle), faults }));
  });
}

function undecided(naming) {
  const shown = [...naming.positions.room.cycles].filter(([, places]) => places.inside && places.undecided.size > 0);
  return shown.map(([cycle, places]) => {
    const flags = children(child(naming.log.read(places.index), "data"), "flags").filter((flag) => places.undecided.has(text(flag, "code")));
    const reasons = flags.map((flag) => text(flag, "reason")).join(" ");
    return ofCycle(naming, "flag_undecided", places, fill(naming.words.room.flag_open, { cycle: cycleName(naming, cycle), reasons }));
  });
}

export function readRoomExceptions(naming, met, rules, horizon) {
  return [
    ...recalls(naming, met),
    ...spores(naming),
    ...failed(naming),
    ...undecided(naming),
    ...findOverdue(naming, rules, horizon).map((one) => ({ kind: "test_overdue", number: one.number, when: naming.times.moment(one.when), sentence: one.sentence })),
  ];
}

// Spore tests with their controls, and the logs that were imported.

import { compareText } from "../engine/bytes.js";
import { child, fill, lookUp, number, optionalText, spoken, text } from "./fields.js";
import { author } from "./log.js";
import { cycleName } from "./room_cycles.js";

function controlOf(naming, data) {
  const words = naming.words.room;
  const [control, lot] = [optionalText(data, "control"), optionalText(data, "control_lot")];
  if (control === null) {
    return words.no_control;
  }
  const said = lookUp(words.growths, control, spoken(control));
  return lot === null ? said : `${said}, ${fill(naming.words.lot, { lot })}`;
}

// A spore test as its newest entry tells it.
export function readSpore(naming, test) {
  const words = naming.words.room;
  const places = naming.positions.room.spores.get(test);
  const entry = naming.log.read(places.index);
  const data = child(entry, "data");
  const [readAt, result] = [optionalText(data, "read_at"), text(data, "result")];
  const expires = fill(naming.words.expires, { day: naming.times.day(text(data, "expires_on")) });
  return {
    index: places.index,
    name: cycleName(naming, places.cycle),
    when: naming.times.moment(places.run_at),
    lot: `${text(data, "lot")}, ${expires}`,
    test: lookUp(words.growths, result, spoken(result)),
    control: controlOf(naming, data),
    read: readAt === null ? words.not_read : `${naming.times.moment(readAt).text}, ${naming.person(author(entry))}`,
    outcome: lookUp(words.spore_outcomes, places.outcome, spoken(places.outcome)),
  };
}

function cameTo(naming, cycle) {
  const words = naming.words.room;
  const places = naming.positions.room.cycles.get(cycle);
  const flags = [...new Set([...places.undecided, ...places.decisions.keys()])].sort(compareText).map((code) => {
    const decided = places.undecided.has(code) ? words.undecided_short : words.decided_short;
    return `${lookUp(words.flags, code, spoken(code))} (${decided})`;
  });
  const said = [words.outcomes[places.failed ? "failed" : "passed"], ...flags];
  return `${cycleName(naming, cycle)}, ${naming.words.entry} ${places.index}: ${said.join(", ")}`;
}

// An imported log with what each of its cycles came to.
export function readFile(naming, index) {
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const sha256 = text(data, "sha256");
  return {
    index,
    when: naming.times.moment(text(entry, "at")),
    name: text(data, "name"),
    details: fill(naming.words.room.file, { size: number(data, "size"), adapter: spoken(text(data, "adapter")) }),
    sha256,
    cycles: (naming.positions.room.imported.get(sha256) ?? []).map((cycle) => cameTo(naming, cycle)),
    who: naming.person(author(entry)),
  };
}

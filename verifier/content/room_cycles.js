// Cycles: what was set beside what was achieved, what was inside, and what became of it.

import { child, children, fill, lookUp, number, optionalText, spoken, text, texts } from "./fields.js";
import { author } from "./log.js";
import { celsius, sterilizerCode } from "./room_sterilizers.js";

export const PRODUCTION = "production";

// A cycle as people call it, such as “A1 cycle 612”; the end of its id otherwise.
export function cycleName(naming, cycle) {
  const places = naming.positions.room.cycles.get(cycle);
  if (places === undefined) {
    return `… ${cycle.slice(-8)}`;
  }
  const data = child(naming.log.read(places.index), "data");
  return fill(naming.words.cycle, { sterilizer: sterilizerCode(naming, places.sterilizer), number: text(data, "number") });
}

function setValues(naming, data) {
  const said = [];
  if ((data.set_decicelsius ?? null) !== null) {
    said.push(celsius(number(data, "set_decicelsius")));
  }
  if ((data.set_hold_seconds ?? null) !== null) {
    said.push(fill(naming.words.room.seconds, { seconds: number(data, "set_hold_seconds") }));
  }
  return said.length > 0 ? said : ["–"];
}

function achievedValues(naming, data) {
  const words = naming.words.room;
  const { lowest_decicelsius: lowest, highest_decicelsius: highest, lowest_centibar: pressure } = data;
  const said = [];
  if (Number.isInteger(lowest) && Number.isInteger(highest) && highest !== lowest) {
    said.push(`${(lowest / 10).toFixed(1)}–${celsius(highest)}`);
  } else if (Number.isInteger(lowest)) {
    said.push(fill(words.at_least, { value: celsius(lowest) }));
  }
  if (Number.isInteger(data.hold_seconds)) {
    said.push(fill(words.seconds, { seconds: data.hold_seconds }));
  }
  if (Number.isInteger(pressure)) {
    said.push(fill(words.at_least, { value: `${(pressure / 100).toFixed(2)} bar` }));
  }
  const isSilent = (lowest ?? null) === null && (data.hold_seconds ?? null) === null;
  return isSilent ? [...said, words.not_recorded] : said;
}

function contentsOf(naming, places, data) {
  let told = children(data, "contents");
  if (told.length === 0 && places.load !== null) {
    // A log does not know what was inside; whoever loaded the chamber said so before.
    told = children(child(naming.log.read(places.load), "data"), "contents");
  }
  return told.length > 0 ? told.map((content) => text(content, "text")) : ["–"];
}

function indicatorsOf(naming, data) {
  const words = naming.words.room;
  return children(data, "indicators").map((indicator) => {
    const said = fill(indicator.changed === true ? words.indicator_ok : words.indicator_not, { type: number(indicator, "type") });
    const lot = optionalText(indicator, "lot");
    return lot ? `${said}, ${fill(naming.words.lot, { lot })}` : said;
  });
}

function flagLine(naming, places, flag) {
  const words = naming.words.room;
  const code = text(flag, "code");
  const said = `${lookUp(words.flags, code, spoken(code))}: ${text(flag, "reason")}`;
  const index = places.decisions.get(code);
  if (index === undefined) {
    return `${said} ${words.undecided}`;
  }
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const phrase = data.accepted === true ? words.flag_accepted : words.flag_refused;
  return `${said} ${fill(phrase, { who: naming.person(author(entry)), reason: naming.freeText(data, "reason"), entry: index })}`;
}

function originOf(naming, entry) {
  const words = naming.words.room;
  const data = child(entry, "data");
  const said = [];
  if (Array.isArray(data.raw_lines) && data.raw_lines.length === 2) {
    const [first, last] = data.raw_lines;
    said.push(fill(words.from_log, { sha256: (optionalText(data, "raw_sha256") ?? "").slice(0, 16), first, last }));
  }
  return [...said, fill(words.entered_by, { who: naming.person(author(entry)) })];
}

function releaseOf(naming, places) {
  const words = naming.words.room;
  if (places.released === null) {
    // A test of the day is never released: no pack comes of it.
    return places.kind === PRODUCTION ? [words.not_released] : [];
  }
  const release = naming.log.read(places.released);
  const signature = child(child(release, "data"), "signature");
  return [
    fill(words.released, {
      who: naming.person(text(signature, "by")),
      when: naming.times.moment(text(release, "at")).text,
      auth: naming.auth(text(signature, "auth")),
      entry: places.released,
    }),
  ];
}

function notesOf(naming, places, entry, faults) {
  const { words, positions } = naming;
  const spores = places.spores.map((test) => {
    const { outcome, index } = positions.room.spores.get(test);
    return fill(words.room.spore_in, { outcome: lookUp(words.room.spore_outcomes, outcome, spoken(outcome)), entry: index });
  });
  const flags = children(child(entry, "data"), "flags").map((flag) => flagLine(naming, places, flag));
  return [...faults, ...flags, ...spores, ...originOf(naming, entry), ...releaseOf(naming, places)];
}

export function readCycle(naming, cycle) {
  const words = naming.words.room;
  const places = naming.positions.room.cycles.get(cycle);
  const entry = naming.log.read(places.index);
  const data = child(entry, "data");
  const chemical = places.chemical === null ? data : child(naming.log.read(places.chemical), "data");
  const kind = text(data, "kind");
  return {
    index: places.index,
    name: cycleName(naming, cycle),
    when: naming.times.moment(places.run_at),
    run: `${text(data, "program")}, ${lookUp(words.cycle_kinds, kind, spoken(kind))}`,
    set: setValues(naming, data),
    achieved: achievedValues(naming, data),
    contents: [...contentsOf(naming, places, data), ...indicatorsOf(naming, chemical)],
    outcome: words.outcomes[places.failed ? "failed" : "passed"],
    notes: notesOf(naming, places, entry, texts(chemical, "faults")),
  };
}

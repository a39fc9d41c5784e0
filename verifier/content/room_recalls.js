// Recalls: what is taken back, whose clients met it, and who was called when.

import { child, fill, lookUp, optionalText, spoken, text, texts } from "./fields.js";
import { author } from "./log.js";
import { cycleName } from "./room_cycles.js";
import { backInService } from "./room_met.js";
import { sterilizerCode } from "./room_sterilizers.js";

// Loads or packs of one recall that are named; of more only their number is told.
const NAMED = 60;

// What a recall takes back: the loads of a sterilizer, or a lot.
export function recallTitle(naming, places) {
  const words = naming.words.room;
  if (places.gtin !== null) {
    return fill(words.recall_article, { lot: places.lot, gtin: places.gtin });
  }
  if (places.lot !== null) {
    return fill(words.recall_lot, { lot: places.lot });
  }
  return fill(words.recall_loads, { sterilizer: sterilizerCode(naming, places.sterilizer ?? "") });
}

export function recallState(naming, places) {
  const words = naming.words.room;
  if (places.closed === null) {
    return words.recall_open;
  }
  const when = naming.times.moment(text(naming.log.read(places.closed), "at")).text;
  return fill(words.recall_closed, { when, entry: places.closed });
}

function sinceOf(naming, places, data) {
  if (places.since === null) {
    return naming.words.room.no_negative;
  }
  const when = naming.times.moment(places.since).text;
  const negative = optionalText(data, "last_negative");
  return negative === null ? when : `${when}, ${cycleName(naming, negative)}`;
}

function pulledOf(naming, places) {
  const [cycles, packs] = [new Set(), new Set()];
  for (const index of places.pulled) {
    const data = child(naming.log.read(index), "data");
    texts(data, "cycles").forEach((cycle) => cycles.add(cycle));
    texts(data, "packs").forEach((pack) => packs.add(pack));
  }
  return [[...cycles], packs.size];
}

function namedLoads(naming, cycles) {
  const isKnown = cycles.every((cycle) => naming.positions.room.cycles.has(cycle));
  if (!isKnown || cycles.length > NAMED) {
    return String(cycles.length);
  }
  return cycles.length === 0 ? "0" : `${cycles.length}: ${cycles.map((cycle) => cycleName(naming, cycle)).join("; ")}`;
}

// What stands on a pack's label; the end of its id where this file does not quote that.
function packCode(naming, pack) {
  const registered = naming.positions.room.packs.get(pack);
  return registered === undefined ? `… ${pack.slice(-8)}` : text(child(naming.log.read(registered.index), "data"), "code");
}

function foundLine(naming, pack, index) {
  const entry = naming.log.read(index);
  return fill(naming.words.room.pack_found, {
    pack: fill(naming.words.pack, { code: packCode(naming, pack) }),
    when: naming.times.moment(text(entry, "at")).text,
    who: naming.person(author(entry)),
    entry: index,
  });
}

function packFacts(naming, places, count) {
  const words = naming.words.room;
  const linesOf = (wanted) => [...places.found].filter(([, { outcome }]) => outcome === wanted).map(([pack, { index }]) => foundLine(naming, pack, index));
  const [pulled, missing] = [linesOf("pulled"), linesOf("missing")];
  const named = [[words.fact_put_aside, pulled], [words.fact_missing, missing]].filter(([, lines]) => lines.length > 0 && lines.length <= NAMED);
  return [
    [words.fact_packs, fill(words.packs_found, { count, pulled: pulled.length, missing: missing.length })],
    ...named.map(([label, lines]) => [label, lines.join("; ")]),
  ];
}

function factsOf(naming, places, entry) {
  const words = naming.words.room;
  const facts = [[words.fact_opened, `${naming.times.moment(text(entry, "at")).text}, ${naming.person(author(entry))}`]];
  if (places.lot === null) {
    const until = backInService(naming, places);
    facts.push([words.fact_since, sinceOf(naming, places, child(entry, "data"))]);
    facts.push([words.fact_until, until === null ? words.no_retest : naming.times.moment(until).text]);
    facts.push([words.fact_positives, String(places.positives)]);
  }
  const [cycles, packs] = pulledOf(naming, places);
  return [...facts, [words.fact_loads, namedLoads(naming, cycles)], ...packFacts(naming, places, packs)];
}

function callsOf(naming, places, session) {
  const words = naming.words.room;
  const said = (places.calls.get(session) ?? []).map((index) => {
    const entry = naming.log.read(index);
    const data = child(entry, "data");
    const outcome = text(data, "outcome");
    const line = fill(words.call, {
      when: naming.times.moment(text(data, "called_at")).text,
      outcome: lookUp(words.call_outcomes, outcome, spoken(outcome)),
      who: naming.person(author(entry)),
      entry: index,
    });
    return `${line} ${naming.freeText(data, "note")}`.trim();
  });
  return said.length > 0 ? said : [words.nobody_called];
}

function worklistOf(naming, places, met) {
  const shown = met.map(({ session, index, by }) => {
    const entry = naming.log.read(index);
    return {
      number: String(index),
      client: naming.client(child(child(entry, "data"), "client")),
      when: naming.times.moment(text(entry, "at")).text,
      by,
      calls: callsOf(naming, places, session),
    };
  });
  const known = new Set(met.map(({ session }) => session));
  const others = [...places.calls.keys()].filter((session) => !known.has(session));
  return [
    ...shown,
    ...others.map((session) => ({
      number: "–",
      client: fill(naming.words.room.not_shown, { session: session.slice(-8) }),
      when: "–",
      by: "–",
      calls: callsOf(naming, places, session),
    })),
  ];
}

// Every recall of the range, and those that were open when it began.
export function readRecalls(naming, met, start) {
  const found = [...naming.positions.room.recalls].filter(([, { closed }]) => closed === null || closed >= start);
  return found.map(([recall, places]) => ({
    index: places.opened,
    title: recallTitle(naming, places),
    state: recallState(naming, places),
    facts: factsOf(naming, places, naming.log.read(places.opened)),
    worklist: worklistOf(naming, places, met.get(recall)),
  }));
}

// Sterilizers over the period: what they are, where they stood, and what was done to them.

import { child, children, fill, lookUp, number, optionalText, spoken, text } from "./fields.js";
import { author } from "./log.js";

export function celsius(decicelsius) {
  return `${(decicelsius / 10).toFixed(1)} °C`;
}

// The code a sterilizer is known by; the end of its id if nothing tells it.
export function sterilizerCode(naming, sterilizer) {
  const places = naming.positions.room.sterilizers.get(sterilizer);
  return places === undefined ? `… ${sterilizer.slice(-8)}` : text(child(naming.log.read(places.index), "data"), "code");
}

function programOf(naming, program) {
  return fill(naming.words.room.program, {
    name: text(program, "name"),
    lower: celsius(number(program, "hold_decicelsius")),
    upper: celsius(number(program, "upper_decicelsius")),
    hold: number(program, "hold_seconds"),
  });
}

function citeTest(naming, phrase, test) {
  return fill(phrase, { entry: naming.positions.room.spores.get(test)?.index ?? "–" });
}

function whyMoved(naming, data) {
  const words = naming.words.room;
  const said = [naming.freeText(data, "reason")];
  const cause = naming.freeText(data, "cause");
  const [proof, failed] = [optionalText(data, "proof"), optionalText(data, "test")];
  said.push(cause ? fill(words.cause, { cause }) : "");
  said.push(proof ? citeTest(naming, words.proof, proof) : "");
  said.push(failed ? citeTest(naming, words.after_growth, failed) : "");
  return said.filter(Boolean).join(" ");
}

function stateOf(naming, data) {
  const words = naming.words.room;
  if (Object.hasOwn(data, "service")) {
    const service = text(data, "service");
    return [`${lookUp(words.services, service, spoken(service))}, ${naming.times.day(text(data, "on"))}`, ""];
  }
  if (Object.hasOwn(data, "to")) {
    return [lookUp(words.states, text(data, "to"), spoken(text(data, "to"))), whyMoved(naming, data)];
  }
  return [lookUp(words.states, text(data, "state"), spoken(text(data, "state"))), words.added];
}

function stateLine(naming, index) {
  const entry = naming.log.read(index);
  const [state, why] = stateOf(naming, child(entry, "data"));
  return { index, when: naming.times.moment(text(entry, "at")), state, why, who: naming.person(author(entry)) };
}

// What stood at the beginning of the period is told by the last entry before it.
function statesOf(naming, places, start) {
  const first = Math.max(-1, ...[places.index, ...places.moves].filter((index) => index < start));
  const all = [...new Set([places.index, ...places.moves, ...places.services])];
  const shown = all.filter((index) => index >= start || index === first).sort((left, right) => left - right);
  return shown.map((index) => stateLine(naming, index));
}

export function readSterilizers(naming, start) {
  const words = naming.words.room;
  return [...naming.positions.room.sterilizers.values()].map((places) => {
    const data = child(naming.log.read(places.index), "data");
    const litres = data.chamber_litres ?? null;
    const facts = [
      fill(words.type, { type: text(data, "type") }),
      fill(words.serial, { serial: text(data, "serial") }),
      ...(litres === null ? [] : [fill(words.chamber, { litres })]),
      fill(words.installed, { day: naming.times.day(text(data, "installed_on")) }),
    ];
    return {
      index: places.index,
      title: `${text(data, "code")} · ${text(data, "name")}`,
      facts: facts.join(", "),
      programs: children(data, "programs").map((program) => programOf(naming, program)),
      states: statesOf(naming, places, start),
    };
  });
}

// One piece of evidence as one line that can be compared with the label on the pack.

import { isObject } from "../engine/canonical.js";
import { child, fill, number, optionalChild, optionalText, spoken, text } from "./fields.js";

function expiry(ref, times) {
  const expires = optionalText(ref, "expires_on");
  return expires ? [fill(times.words.expires, { day: times.day(expires) })] : [];
}

function pack(ref, times) {
  const { words } = times;
  const said = [fill(words.pack, { code: text(ref, "code") })];
  const cycle = optionalChild(ref, "cycle");
  if (cycle !== null) {
    said.push(fill(words.cycle, { sterilizer: text(cycle, "sterilizer"), number: cycle.number }));
  }
  const expires = optionalText(ref, "expires_on");
  if (expires) {
    said.push(fill(words.sterile_until, { day: times.day(expires) }));
  }
  return said.join(", ");
}

function lot(ref, times) {
  const said = [fill(times.words.lot, { lot: text(ref, "lot") }), ...expiry(ref, times)];
  const [udi, serial] = [optionalText(ref, "udi"), optionalText(ref, "serial")];
  if (udi) {
    said.push(`UDI ${udi}`);
  }
  if (serial) {
    said.push(fill(times.words.serial, { serial }));
  }
  return said.join(", ");
}

function disinfection(ref, times) {
  const { words } = times;
  let contact = fill(words.contact, { seconds: number(ref, "contact_seconds") });
  if ((ref.required_seconds ?? null) !== null) {
    contact += ` (${fill(words.required, { seconds: number(ref, "required_seconds") })})`;
  }
  const used = optionalText(ref, "lot");
  // A skin disinfectant may be recorded without its lot.
  const product = used ? fill(words.disinfection, { name: text(ref, "name"), lot: used }) : text(ref, "name");
  return `${product}, ${contact}`;
}

function returned(ref, times) {
  if ((ref.released_index ?? null) === null) {
    return times.words.returned;
  }
  const released = fill(times.words.released_as, { code: text(ref, "code"), index: number(ref, "released_index") });
  return `${times.words.returned}, ${released}`;
}

const READERS = {
  pack,
  lot,
  sharps: (ref, times) => fill(times.words.sharps, { container: text(ref, "container") }),
  disinfection,
  returned,
  product: (ref, times) => [text(ref, "name"), fill(times.words.lot, { lot: text(ref, "lot") }), ...expiry(ref, times)].join(", "),
  contraindication: (ref) => spoken(text(ref, "code")),
};

// Where the log tells of a pack's load and its release; empty where it does not.
function traceLoad(evidence, { positions, words }) {
  if (!["pack", "returned"].includes(evidence.kind) || !isObject(evidence.ref)) {
    return "";
  }
  const { packs, cycles } = positions.room;
  const cycle = cycles.get(packs.get(optionalText(evidence.ref, "pack") ?? "")?.cycle ?? "");
  if (cycle === undefined) {
    return "";
  }
  const phrase = cycle.released === null ? words.room.trace_unreleased : words.room.trace;
  return fill(phrase, { entry: cycle.index, released: cycle.released });
}

export function evidenceLine(evidence, naming) {
  const kind = text(evidence, "kind");
  const { times } = naming;
  // A kind this version does not know is printed with its name, never left out.
  let said = Object.hasOwn(READERS, kind) ? READERS[kind](child(evidence, "ref"), times) : spoken(kind);
  const component = optionalText(evidence, "component");
  if (kind === "disinfection" && component !== "skin") {
    said += `, ${child(evidence, "ref").barrier === true ? times.words.barrier : times.words.no_barrier}`;
  }
  const load = traceLoad(evidence, naming);
  const line = component ? `${spoken(component)}: ${said}` : said;
  return load ? `${line}; ${load}` : line;
}

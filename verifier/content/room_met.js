// Whose clients met what a recall takes back, by the packs and lots that their records name.

import { compareText } from "../engine/bytes.js";
import { isObject } from "../engine/canonical.js";
import { child, children, fill, optionalText, text } from "./fields.js";
import { cycleName } from "./room_cycles.js";

const ENDS = ["session.closed", "session.aborted", "session.signed"];
const LONGEST_LOT = 160;

// The one spelling under which a lot number is found.
function normalLot(lot) {
  const plain = lot.replace(/[\s\u001c-\u001f\u0085]+/gu, "").toUpperCase();
  return [...plain].slice(0, LONGEST_LOT).join("");
}

// A GTIN with its fourteen digits; empty for anything else.
function normalGtin(said) {
  const digits = typeof said === "string" ? said.trim().replace(/^\(01\)/u, "").trim() : "";
  return /^[0-9]+$/u.test(digits) && [8, 12, 13, 14].includes(digits.length) ? digits.padStart(14, "0") : "";
}

// By article and lot, and by the lot alone where one of both names no article.
function isTakenBack({ lot, gtin }, recorded, article) {
  const named = normalGtin(article);
  const isOther = named !== "" && gtin !== null && named !== gtin;
  return !isOther && normalLot(recorded) === normalLot(lot);
}

function folded(word) {
  return word.toUpperCase().toLowerCase();
}

// The run of the valid negative test with which the sterilizer came back into service.
export function backInService(naming, places) {
  const { sterilizers, spores } = naming.positions.room;
  for (const index of sterilizers.get(places.sterilizer ?? "")?.moves ?? []) {
    const entry = naming.log.read(index);
    const proof = index > places.opened ? optionalText(child(entry, "data"), "proof") : null;
    if (proof !== null) {
      return spores.get(proof)?.run_at ?? text(entry, "at");
    }
  }
  return null;
}

// A pack from before loads were recorded names its sterilizer by a word, and a day.
function takenByWord(naming, registered, places, until) {
  const machine = naming.positions.room.sterilizers.get(places.sterilizer ?? "");
  if (machine === undefined) {
    return [];
  }
  const told = child(naming.log.read(machine.index), "data");
  const data = child(naming.log.read(registered), "data");
  const [word, day] = [text(child(data, "cycle"), "sterilizer"), text(data, "sterilized_on")];
  const isNamed = [text(told, "code"), text(told, "name")].map(folded).includes(folded(word));
  const begun = places.since === null || day >= naming.times.localDate(places.since);
  const ended = until !== null && day > naming.times.localDate(until);
  return isNamed && begun && !ended ? [`${fill(naming.words.pack, { code: text(data, "code") })}, ${word}`] : [];
}

function takenBack(naming, ref, places, until) {
  const { packs, cycles } = naming.positions.room;
  const pack = packs.get(text(ref, "pack"));
  const run = cycles.get(pack?.cycle ?? "");
  const said = pack !== undefined && !pack.cycle ? takenByWord(naming, pack.index, places, until) : [];
  if (run === undefined || run.sterilizer !== places.sterilizer) {
    return said;
  }
  const begun = places.since === null || run.run_at > places.since;
  if (begun && (until === null || run.run_at < until)) {
    said.push(`${fill(naming.words.pack, { code: text(ref, "code") })}, ${cycleName(naming, pack.cycle)}`);
  }
  return said;
}

function reasonsOf(naming, data, places, until) {
  const pieces = children(data, "items").flatMap((item) => children(item, "evidence"));
  return pieces.flatMap(({ kind, ref }) => {
    if (!isObject(ref)) {
      return [];
    }
    if (places.lot !== null) {
      return isTakenBack(places, String(ref.lot || ""), ref.udi) ? [fill(naming.words.lot, { lot: places.lot })] : [];
    }
    return kind === "pack" ? takenBack(naming, ref, places, until) : [];
  });
}

// What late answers of a session say was used, though they were refused.
function refusedOf(naming, session, places, until) {
  const { refused } = naming.positions.room;
  return (refused.get(session) ?? []).flatMap((entry) =>
    children(child(naming.log.read(entry), "data"), "used").flatMap((thing) => {
      const late = (by) => fill(naming.words.room.met_late, { by, entry });
      if (places.lot !== null) {
        const lot = optionalText(thing, "code") ?? "";
        return thing.kind === "lot" && isTakenBack(places, lot, thing.gtin) ? [late(fill(naming.words.lot, { lot }))] : [];
      }
      return thing.kind === "pack" ? takenBack(naming, thing, places, until).map(late) : [];
    }),
  );
}

// The newest ending of each session shown, quoted ones from before the range first.
function endingsOf(naming) {
  const newest = new Map();
  for (const index of naming.log.outside) {
    const entry = naming.log.read(index);
    if (ENDS.includes(text(entry, "kind"))) {
      newest.set(text(child(entry, "data"), "session"), index);
    }
  }
  naming.positions.signed.forEach((index, session) => newest.set(session, index));
  return [...newest].sort((left, right) => left[1] - right[1]);
}

// By recall, the sessions shown whose clients met what it takes back. One that is still under way
// has no record that could be read here; calls about it are shown all the same, and so is a late
// answer that was refused for what it said was used.
export function findMet(naming) {
  const { recalls, refused, opened } = naming.positions.room;
  const met = new Map([...recalls.keys()].map((recall) => [recall, []]));
  if (recalls.size === 0) {
    return met;
  }
  const endings = endingsOf(naming);
  const ended = new Set(endings.map(([session]) => session));
  const waiting = [...refused.keys()].filter((session) => opened.has(session) && !ended.has(session)).sort(compareText);
  for (const [recall, places] of recalls) {
    const until = backInService(naming, places);
    const add = (session, index, [by]) => by !== undefined && met.get(recall).push({ session, index, by });
    for (const [session, index] of endings) {
      const data = child(naming.log.read(index), "data");
      add(session, index, [...reasonsOf(naming, data, places, until), ...refusedOf(naming, session, places, until)]);
    }
    waiting.forEach((session) => add(session, opened.get(session), refusedOf(naming, session, places, until)));
  }
  return met;
}

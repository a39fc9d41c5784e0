// Whether authorities that the inspector pinned saw this log, and when: level 1, and brackets.
// A time-stamp that contradicts the file rejects it. One by somebody whom nobody pinned is passed
// over with the reason, for it shows nothing and costs nothing.

import { compareAnchors } from "./anchor_parts.js";
import { compareText, equalBytes, firstLetters, fromUtf8, toHex, utf8 } from "./bytes.js";
import { authorityName, isIssuedBy } from "./certificates.js";
import { NotCanonical, isObject } from "./canonical.js";
import { decodeEntry, formatTime, parseTime } from "./entry.js";
import { rootAt } from "./history.js";
import { BadNote, parseCheckpoint, signatureLines } from "./note.js";
import { sha256 } from "./sha256.js";
import { BadToken, findSigner, isOver, readToken, requireSignature, whyIgnored } from "./tokens.js";
import { check } from "./verdict.js";

class Contradiction extends Error {}

const ENDING = /"kind":"session\.(?:signed|closed|aborted)","v":1}$/;

function answer(holds, reason) {
  return check("time_stamps", "Authorities you pinned saw this log at the times stated", holds, reason);
}

function readStated(audit, part) {
  let stated;
  try {
    stated = parseCheckpoint(signatureLines(part.note).text);
  } catch (error) {
    if (error instanceof BadNote) {
      throw new Contradiction(`a time-stamp is over no checkpoint: ${error.message}`);
    }
    throw error;
  }
  if (stated.origin !== `aseptrail/${audit.data.clinic.id}` || stated.extensions.length > 0) {
    throw new Contradiction("a time-stamp is over another log");
  }
  if (stated.size !== BigInt(part.size) || part.size > audit.size) {
    throw new Contradiction("a time-stamp is over another number of entries than the file says");
  }
  return stated;
}

function findBody(audit, index) {
  if (audit.start <= index && index < audit.end) {
    return audit.entries[index - audit.start].body;
  }
  return audit.context.find((entry) => entry.index === index)?.body ?? null;
}

function findEntry(audit, index) {
  const body = findBody(audit, index);
  try {
    return body === null ? null : decodeEntry(index, body);
  } catch (error) {
    if (error instanceof NotCanonical) {
      return null;
    }
    throw error;
  }
}

function requireEntry(audit, part, stated) {
  const entry = findEntry(audit, part.index);
  if (entry === null || entry.kind !== "anchor") {
    throw new Contradiction(`entry ${part.index} is not that of a time-stamp`);
  }
  const told = {
    size: part.size,
    root: toHex(stated.root),
    gen_time: part.genTime,
    authority: part.authority,
    independent: part.independent,
    token_sha256: toHex(sha256(part.token)),
    note_sha256: toHex(sha256(utf8(part.note))),
  };
  if (Object.entries(told).some(([name, value]) => entry.data[name] !== value)) {
    throw new Contradiction(`entry ${part.index} names another time-stamp`);
  }
}

// Why the time-stamp does not count; nothing if it does.
async function judgeOne(audit, part, pinned, root) {
  const stated = readStated(audit, part);
  const shown = rootAt(audit, part.size);
  if (shown === null || !equalBytes(shown, stated.root)) {
    throw new Contradiction(`a time-stamp is over another log of ${part.size} entries`);
  }
  if (part.index !== null) {
    requireEntry(audit, part, stated);
  }
  const token = await readToken(part.token);
  if (!(await isOver(token, utf8(part.note)))) {
    throw new Contradiction("a time-stamp is over something else than the log");
  }
  if (formatTime(token.genTime) !== part.genTime) {
    throw new Contradiction("a time-stamp gives another time than the file says");
  }
  const signer = findSigner(token, pinned);
  if (signer === null) {
    return "its certificate is not at hand";
  }
  await requireSignature(token, signer);
  if (firstLetters(authorityName(signer), 200) !== part.authority) {
    throw new Contradiction("a time-stamp is by another authority than the file says");
  }
  if (part.independent && (await isIssuedBy(signer, root))) {
    throw new Contradiction("a time-stamp of the clinic's own is called independent");
  }
  return whyIgnored(token, signer, pinned);
}

function dataOf(body) {
  const { data } = JSON.parse(fromUtf8(body));
  return isObject(data) ? data : {};
}

// How many entries a time-stamp must be over to cover all that the file is about.
function entriesNeeded(audit) {
  if (audit.single === null) {
    return audit.end;
  }
  const own = audit.context.filter((entry) => dataOf(entry.body).session === audit.single.session);
  return 1 + Math.max(0, ...own.map((entry) => entry.index));
}

function isoOrNull(moments, choose) {
  return moments.length === 0 ? null : formatTime(choose(...moments));
}

function bracketsOf(audit, counting) {
  const tokens = new Map(counting.map((item) => [toHex(sha256(item.part.token)), parseTime(item.part.genTime)]));
  const brackets = [];
  for (const { index, body } of [...audit.entries, ...audit.context]) {
    if (body === null || !ENDING.test(fromUtf8(body.subarray(-64)))) {
      continue;
    }
    const timesOf = (wanted) => counting.filter(wanted).map((item) => parseTime(item.part.genTime));
    const before = timesOf((item) => item.part.index !== null && item.part.index < index);
    const named = tokens.get(String(dataOf(body).anchor));
    brackets.push({
      record: index,
      not_before: isoOrNull(named === undefined ? before : [...before, named], Math.max),
      by: isoOrNull(timesOf((item) => item.part.size > index), Math.min),
    });
  }
  return brackets;
}

function summary(audit, judged, counting, covers) {
  if (judged.length === 0) {
    return answer(null, "The file carries no time-stamps.");
  }
  if (counting.length === 0) {
    const reasons = [...new Set(judged.map((item) => item.reason))].sort(compareText);
    return answer(null, `None of its ${judged.length} time-stamps counts: ${reasons.slice(0, 3).join("; ")}.`);
  }
  const newest = counting.map((item) => item.part).sort(compareAnchors)[counting.length - 1];
  let told = `${counting.length} of ${judged.length} time-stamps count. The newest, by ${newest.authority}, says that the first ${newest.size} entries existed by ${newest.genTime}.`;
  if (!newest.independent) {
    told += " It is the clinic's own authority, which is not independent of it.";
  }
  if (!covers) {
    told += ` Entries from number ${newest.size} to ${entriesNeeded(audit) - 1} are not covered.`;
  }
  return answer(true, told);
}

export async function judgeTimeStamps(audit, pinned, root) {
  const judged = [];
  try {
    for (const part of audit.anchors) {
      judged.push({ part, reason: await judgeOne(audit, part, pinned, root) });
    }
  } catch (error) {
    if (error instanceof Contradiction || error instanceof BadToken) {
      return { check: answer(false, `No: ${error.message}.`), stamps: [], brackets: [], covers: false, independent: false };
    }
    throw error;
  }
  const counting = judged.filter((item) => item.reason === null);
  const covering = counting.filter((item) => item.part.size >= entriesNeeded(audit));
  const covers = covering.length > 0;
  const independent = covering.some((item) => item.part.independent);
  const stamps = judged.map(({ part, reason }) => ({
    size: part.size,
    index: part.index,
    gen_time: part.genTime,
    authority: part.authority,
    independent: part.independent,
    counts: reason === null,
    reason: reason ?? "it is by an authority you pinned",
  }));
  return { check: summary(audit, judged, counting, covers), stamps, brackets: bracketsOf(audit, counting), covers, independent };
}

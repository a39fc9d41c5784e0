// Whether the report's log is the one the inspector met before.

import { equalBytes, fromHex, quoted } from "./bytes.js";
import { parseTime } from "./entry.js";
import { BadProof, extendPeaks, foldPeaks, verifyConsistency } from "./tree.js";
import { check } from "./verdict.js";

function answer(holds, reason) {
  return check("history", "It is the same log that you met before", holds, reason);
}

export function rootAt(audit, size) {
  if (size === audit.size) {
    return audit.root;
  }
  if (audit.hasRange && audit.start <= size && size <= audit.end) {
    const peaks = [...audit.left];
    extendPeaks(peaks, audit.start, audit.leaves.slice(0, size - audit.start));
    return foldPeaks(peaks);
  }
  return audit.consistency.find((step) => step.size === size)?.root ?? null;
}

function summary(compared, kept, older, again) {
  if (compared > 0) {
    const more = kept > compared ? ` ${kept - compared} others could not be compared.` : "";
    return answer(true, `It continues ${compared} of the checkpoints you kept.${more}${older}`);
  }
  if (kept > 0) {
    return answer(null, `The report gives no means to compare it with those you kept.${older}`);
  }
  return answer(null, again ? "You met this very report before, and no other of this clinic." : "You have kept no checkpoint of this clinic.");
}

// What was kept from this very report: whoever looks at a file twice has not met the log before.
function isItself(audit, item) {
  return (
    item.size === audit.size &&
    equalBytes(audit.root, fromHex(item.root)) &&
    item.made_at !== null &&
    parseTime(item.made_at) === parseTime(audit.data.made_at)
  );
}

function cutOff(audit, item) {
  const older = item.made_at !== null && parseTime(item.made_at) < parseTime(audit.data.made_at);
  return item.size > audit.size && older;
}

// `known` is what the command's `--state` keeps: a list of checkpoints as plain values.
export function checkHistory(audit, known, rootFingerprint) {
  try {
    for (const { size, root, proof } of audit.consistency) {
      verifyConsistency({ first: size, second: audit.size, firstRoot: root, secondRoot: audit.root, proof });
    }
  } catch (error) {
    if (!(error instanceof BadProof)) {
      throw error;
    }
    return answer(false, `No: the report's own account of its past is false: ${error.message}.`);
  }
  const { id, slug } = audit.data.clinic;
  if (known.some((item) => item.root_fingerprint === rootFingerprint && item.slug === slug && item.clinic_id !== id)) {
    return answer(false, `No: you met another log of the clinic ${quoted(slug)} before.`);
  }
  const met = known.filter((item) => item.clinic_id === id);
  const mine = met.filter((item) => !isItself(audit, item));
  let compared = 0;
  for (const item of mine) {
    if (cutOff(audit, item)) {
      return answer(
        false,
        `No: you were shown ${item.size} entries before, and this later report knows of ${audit.size}. The log was put back or its end was cut off.`,
      );
    }
    const root = rootAt(audit, item.size);
    if (root !== null && !equalBytes(root, fromHex(item.root))) {
      return answer(false, `No: its first ${item.size} entries are not those you were shown before.`);
    }
    compared += root === null ? 0 : 1;
  }
  const newest = Math.max(0, ...mine.map((item) => item.size));
  const older = newest > audit.size ? ` It is older than what you were shown before: ${newest} entries then, ${audit.size} here.` : "";
  return summary(compared, mine.length, older, met.length > mine.length);
}

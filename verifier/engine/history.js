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

function summary(compared, kept) {
  if (compared > 0) {
    const more = kept > compared ? ` ${kept - compared} others could not be compared.` : "";
    return answer(true, `It continues ${compared} of the checkpoints you kept.${more}`);
  }
  return answer(null, kept > 0 ? "The report gives no means to compare it with those you kept." : "You have kept no checkpoint of this clinic.");
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
  const mine = known.filter((item) => item.clinic_id === id);
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
  return summary(compared, mine.length);
}

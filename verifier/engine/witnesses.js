// Whether witnesses that the inspector names cosigned the checkpoint of the file: level 2.
// The forms are https://c2sp.org/tlog-policy and https://c2sp.org/tlog-cosignature, version 1.

import { firstLetters, fromUtf8, quoted, utf8 } from "./bytes.js";
import { BadNote, checkName, decodeBase64, parseVerifierKey, requireSigned, signatureLines } from "./note.js";
import { sha256 } from "./sha256.js";
import { check } from "./verdict.js";

export class BadPolicy extends Error {}

const COSIGNER = 4;
const LATEST = 253402300799n;
const MAX_POLICY_BYTES = 64 * 1024;
const MAX_NAMES = 64;

function answer(holds, reason) {
  return check("witnesses", "Enough witnesses saw one history of this log", holds, reason);
}

function parseWitnessKey(text) {
  const [name, number, ...rest] = text.split("+");
  if (rest.length === 0 || !/^[0-9a-f]{8}$/.test(number)) {
    throw new BadNote("a witness key is a name, a hash and a key joined by plus signs");
  }
  checkName(name);
  const typed = decodeBase64(rest.join("+"));
  if (typed[0] !== COSIGNER || typed.length !== 33) {
    throw new BadNote("a witness key is not an Ed25519 key for cosignatures");
  }
  const hash = new DataView(sha256(utf8(`${name}\n`), typed).buffer).getUint32(0);
  if (hash !== parseInt(number, 16)) {
    throw new BadNote("a witness key does not have the hash it states");
  }
  return { name, hash, publicKey: typed.slice(1), text };
}

function requireNew(policy, name) {
  if (name === "none" || policy.witnesses.has(name) || policy.groups.has(name)) {
    throw new BadPolicy(`the name ${quoted(firstLetters(name, 40))} is taken`);
  }
  if (policy.witnesses.size + policy.groups.size >= MAX_NAMES) {
    throw new BadPolicy(`more than ${MAX_NAMES} names`);
  }
}

function requireKnown(policy, name) {
  if (!policy.witnesses.has(name) && !policy.groups.has(name)) {
    throw new BadPolicy(`${quoted(firstLetters(name, 40))} is not defined above`);
  }
}

function addWitness(policy, name, text) {
  requireNew(policy, name);
  const key = parseWitnessKey(text);
  const encoded = (one) => one.text.split("+").slice(2).join("+");
  if ([...policy.witnesses.values()].some((one) => encoded(one) === encoded(key))) {
    throw new BadPolicy("the key of the witness is given twice");
  }
  policy.witnesses.set(name, key);
}

function addGroup(policy, name, threshold, members) {
  requireNew(policy, name);
  for (const member of members) {
    requireKnown(policy, member);
    if (policy.used.has(member)) {
      // Counted twice, one witness could make up a quorum alone.
      throw new BadPolicy(`${quoted(firstLetters(member, 40))} is a member already`);
    }
    policy.used.add(member);
  }
  const words = { all: members.length, any: 1 };
  if (!Object.hasOwn(words, threshold) && !/^[1-9][0-9]{0,2}$/.test(threshold)) {
    throw new BadPolicy("the threshold is neither all, any nor a number");
  }
  const count = words[threshold] ?? Number(threshold);
  if (count > members.length) {
    throw new BadPolicy("the threshold is more than there are members");
  }
  policy.groups.set(name, { threshold: count, members });
}

function addLog(policy, text) {
  const encoded = parseVerifierKey(text).publicKey.join();
  if (policy.logs.has(encoded)) {
    throw new BadPolicy("the key of the log is given twice");
  }
  policy.logs.set(encoded, text);
}

function readLine(policy, [word, ...items]) {
  if (word === "log" && (items.length === 1 || items.length === 2)) {
    addLog(policy, items[0]);
  } else if (word === "witness" && (items.length === 2 || items.length === 3)) {
    addWitness(policy, items[0], items[1]);
  } else if (word === "group" && items.length > 2) {
    addGroup(policy, items[0], items[1], items.slice(2));
  } else if (word === "quorum" && items.length === 1 && policy.quorum === null) {
    if (items[0] !== "none") {
      requireKnown(policy, items[0]);
    }
    policy.quorum = items[0];
  } else {
    throw new BadPolicy("not a line that a policy has");
  }
}

export function parsePolicy(bytes) {
  if (bytes.length > MAX_POLICY_BYTES) {
    throw new BadPolicy("the policy is larger than any");
  }
  const policy = { logs: new Map(), witnesses: new Map(), groups: new Map(), used: new Set(), quorum: null };
  fromUtf8(bytes)
    .split("\n")
    .forEach((line, place) => {
      const items = line.split(/[ \t]+/).filter((item) => item !== "");
      try {
        if (/[\x00-\x08\x0b-\x1f\x7f]/.test(line)) {
          throw new BadPolicy("a control character");
        }
        if (items.length > 0 && !items[0].startsWith("#")) {
          readLine(policy, items);
        }
      } catch (error) {
        throw new BadPolicy(`line ${place + 1}: ${error.message}`);
      }
    });
  if (policy.quorum === null) {
    throw new BadPolicy("there is no quorum line");
  }
  return policy;
}

function isReached(policy, name, found) {
  const group = policy.groups.get(name);
  if (group === undefined) {
    return found.has(name);
  }
  return group.members.filter((member) => isReached(policy, member, found)).length >= group.threshold;
}

async function findCosignature({ text, lines }, witness) {
  const line = lines.find((one) => one.name === witness.name && one.hash === witness.hash);
  if (line === undefined) {
    return null;
  }
  if (line.signature.length !== 72) {
    throw new BadNote("a cosignature is a time and an Ed25519 signature");
  }
  const seconds = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
  if (seconds > LATEST) {
    throw new BadNote("a cosignature's time cannot be one");
  }
  await requireSigned(witness.publicKey, line.signature.subarray(8), utf8(`cosignature/v1\ntime ${seconds}\n${text}`));
  return Number(seconds);
}

function summary(policy, found, known, reached) {
  const told = `${found.size} of the ${policy.witnesses.size} witnesses you named cosigned it`;
  if (reached) {
    const oldest = Math.min(...found.values());
    return answer(true, `${told}, the first at ${new Date(oldest * 1000).toISOString().replace(".000", "")}: that is a quorum.`);
  }
  return answer(null, known ? `${told}: that is no quorum.` : `${told}, but your policy is about other logs.`);
}

export async function judgeWitnesses(audit, policy) {
  if (policy === null) {
    return { check: answer(null, "You named no witnesses."), names: [], reached: false };
  }
  const found = new Map();
  try {
    const note = signatureLines(audit.data.checkpoint);
    for (const [name, witness] of policy.witnesses) {
      const at = await findCosignature(note, witness);
      if (at !== null) {
        found.set(name, at);
      }
    }
  } catch (error) {
    if (error instanceof BadNote) {
      return { check: answer(false, `No: ${error.message}.`), names: [], reached: false };
    }
    throw error;
  }
  // A policy that lists logs is about these alone; which one this is its key says.
  const known = policy.logs.size === 0 || [...policy.logs.values()].includes(audit.data.note_key);
  const reached = known && policy.quorum !== "none" && isReached(policy, policy.quorum, found);
  const names = [...found.keys()].map((name) => policy.witnesses.get(name).name);
  return { check: summary(policy, found, known, reached), names, reached };
}

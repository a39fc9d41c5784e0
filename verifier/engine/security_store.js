// The document security store (DSS): certificates and revocation lists with which signatures can be
// judged when they are to be had nowhere else. Later parts of a file may add to it.

import { isPlaced } from "./countersigning.js";
import { ALLOWED, FORBIDDEN, UNCLEAR } from "./harm.js";
import { isPlain, spelt } from "./pdf_compare.js";
import { PdfDictionary, PdfReference, PdfText } from "./pdf_values.js";

const LISTS = ["Certs", "CRLs", "OCSPs"];
const OF_STORE = ["Type", "VRI", ...LISTS];
const LISTS_OF_ONE = ["Cert", "CRL", "OCSP"];

// What one signature is judged by (VRI), besides the time-stamp that some programs put there.
const OF_ONE = ["Type", "TU", ...LISTS_OF_ONE];

// SHA-1 of a signature, under which its own part is found.
const HASH = /^[0-9A-F]{40}$/;

async function streamsOf(file, store, at) {
  const found = [];
  for (const name of LISTS) {
    const list = store === undefined ? undefined : await file.resolve(store.raw(name), at);
    found.push(...(Array.isArray(list) ? list.map(spelt) : []));
  }
  return found;
}

// Whether these lists are of streams, each a new one or one that was in a list before.
async function holdsStreams({ file, at, known }, holder, names, former) {
  for (const name of names.filter((each) => holder.has(each))) {
    const list = await file.resolve(holder.raw(name), at);
    for (const one of Array.isArray(list) ? list : [null]) {
      const isOurs = one instanceof PdfReference && (one.number >= known || former.includes(spelt(one)));
      if (!isOurs || !((await file.resolve(one, at))?.stream instanceof Uint8Array)) {
        return false;
      }
    }
  }
  return true;
}

async function isPart(step, raw, former) {
  const part = await step.file.resolve(raw, step.at);
  if (!isPlaced(undefined, raw, step.known) || !isPlain(part, OF_ONE)) {
    return false;
  }
  const when = part.raw("TU");
  return (await holdsStreams(step, part, LISTS_OF_ONE, former)) && (when === undefined || when instanceof PdfText);
}

async function keepsParts(step, old, store, former) {
  const { file, at, known } = step;
  const [was, now] = [old?.raw("VRI"), store.raw("VRI")];
  if (now === undefined) {
    return was === undefined;
  }
  const [parts, before] = [await file.resolve(now, at), await file.resolve(was, at - 1)];
  if (!isPlaced(was, now, known) || !(parts instanceof PdfDictionary) || parts.stream !== null) {
    return false;
  }
  const kept = before === undefined ? [] : [...before.members.keys()];
  if (kept.some((name) => spelt(parts.raw(name)) !== spelt(before.raw(name)))) {
    return false;
  }
  for (const [name, raw] of parts.members) {
    if (!kept.includes(name) && !(HASH.test(name) && (await isPart(step, raw, former)))) {
      return false;
    }
  }
  return true;
}

export async function judgeStore(step) {
  const { file, at, known, oldRoot, newRoot } = step;
  const [raw, old] = [newRoot.raw("DSS"), await file.member(oldRoot, "DSS", at - 1)];
  if (raw === undefined) {
    return old === undefined ? ALLOWED : UNCLEAR;
  }
  const store = await file.resolve(raw, at);
  if (!(store instanceof PdfDictionary) || [...store.members.keys()].some((key) => !OF_STORE.includes(key))) {
    return FORBIDDEN;
  }
  if (!isPlaced(oldRoot.raw("DSS"), raw, known) || store.stream !== null) {
    return UNCLEAR;
  }
  const former = await streamsOf(file, old, at - 1);
  const isSound = (await holdsStreams(step, store, LISTS, former)) && (await keepsParts(step, old, store, former));
  return isSound ? ALLOWED : UNCLEAR;
}

// The store, and its parts that are objects of their own.
export async function objectsOfStore(file, root, last) {
  const store = await file.member(root, "DSS", last);
  const parts = store instanceof PdfDictionary ? ["VRI", ...LISTS].map((name) => store.raw(name)) : [];
  return [root.raw("DSS"), ...parts].filter((one) => one instanceof PdfReference);
}

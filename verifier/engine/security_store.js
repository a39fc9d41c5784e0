// The document security store (DSS): certificates and revocation lists with which the seal can be
// judged when they are to be had nowhere else. Later parts of a file may add to it.

import { ALLOWED, FORBIDDEN, UNCLEAR } from "./harm.js";
import { spelt } from "./pdf_compare.js";
import { PdfDictionary, PdfReference } from "./pdf_values.js";

const LISTS = ["Certs", "CRLs", "OCSPs"];
const KEYS = ["Type", "VRI", ...LISTS];

function listsOf(store) {
  return store instanceof PdfDictionary ? LISTS.flatMap((key) => store.raw(key) ?? []).map(spelt) : [];
}

export async function judgeStore({ file, at, known, oldRoot, newRoot }) {
  const [raw, old] = [newRoot.raw("DSS"), await file.member(oldRoot, "DSS", at - 1)];
  if (raw === undefined) {
    return old === undefined ? ALLOWED : UNCLEAR;
  }
  const moved = raw instanceof PdfReference && raw.number < known && spelt(raw) !== spelt(oldRoot.raw("DSS"));
  const store = await file.resolve(raw, at);
  if (!(store instanceof PdfDictionary) || [...store.members.keys()].some((key) => !KEYS.includes(key))) {
    return FORBIDDEN;
  }
  if (moved || store.stream !== null || spelt(store.raw("VRI")) !== spelt(old?.raw("VRI"))) {
    return UNCLEAR;
  }
  const before = listsOf(old);
  for (const list of LISTS.map((key) => store.raw(key) ?? [])) {
    for (const one of Array.isArray(list) ? list : [null]) {
      const isOurs = one instanceof PdfReference && (one.number >= known || before.includes(spelt(one)));
      if (!isOurs || !((await file.resolve(one, at))?.stream instanceof Uint8Array)) {
        return UNCLEAR;
      }
    }
  }
  return ALLOWED;
}

// Whether the clinic's certificate was revoked when it sealed, by lists in the file or at hand.
// A list counts only if it is signed by the one who certified.

import { Damaged, equalBytes, fromBase64 } from "./bytes.js";
import { TAG, expectTag, membersOf, oidOf, readDer, timeOf } from "./der.js";
import { formatTime } from "./entry.js";
import { inflate } from "./inflate.js";
import { verifySignature } from "./keys.js";
import { PdfDictionary, PdfName } from "./pdf_values.js";
import { check } from "./verdict.js";

const MAX_LISTS = 100;
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const REASON_CODE = "2.5.29.21";

// Reasons that say nothing against what was sealed before: another affiliation, another
// certificate in its place, an end of use.
const HARMLESS = [3, 4, 5];

function answer(holds, reason) {
  return check("revocation", "The clinic's certificate was not revoked when it sealed", holds, reason);
}

function isTime(value) {
  return value?.tag === TAG.utcTime || value?.tag === TAG.generalizedTime;
}

function reasonOf(extensions) {
  for (const extension of extensions === undefined ? [] : membersOf(extensions)) {
    const parts = membersOf(extension);
    if (oidOf(parts[0]) === REASON_CODE) {
      return readDer(expectTag(parts[parts.length - 1], TAG.octets).content).content[0];
    }
  }
  return 0;
}

// A CertificateList (RFC 5280, section 5.1).
export function readList(raw) {
  const [tbs, algorithm, signature] = membersOf(expectTag(readDer(raw), TAG.sequence));
  const fields = membersOf(expectTag(tbs, TAG.sequence));
  const [inner, issuer, madeAt, ...rest] = fields[0].tag === TAG.integer ? fields.slice(1) : fields;
  if (!equalBytes(inner.raw, algorithm.raw)) {
    throw new Damaged("a list names two algorithms");
  }
  const entries = isTime(rest[0]) ? rest[1] : rest[0];
  const listed = entries?.tag === TAG.sequence ? membersOf(entries) : [];
  return {
    tbs: tbs.raw,
    issuer: issuer.raw,
    madeAt: timeOf(madeAt),
    algorithm: oidOf(membersOf(algorithm)[0]),
    signature: expectTag(signature, TAG.bits).content.subarray(1),
    entries: listed.map((entry) => {
      const [serial, since, extensions] = membersOf(entry);
      return { serial: serial.raw, since: timeOf(since), harmless: HARMLESS.includes(reasonOf(extensions)) };
    }),
  };
}

// A list of a text in PEM; a text without any is an error.
export function readPemList(text) {
  const found = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/.exec(text);
  const raw = found === null ? null : fromBase64(found[1].replace(/\s+/g, ""));
  if (raw === null) {
    throw new Damaged("it is not a list of revoked certificates in PEM");
  }
  return readList(raw);
}

async function unpacked(stream) {
  const packing = stream?.raw("Filter");
  if (!(stream?.stream instanceof Uint8Array) || stream.has("DecodeParms")) {
    throw new Damaged("a list has no content, or is packed in an unusual way");
  }
  if (packing === undefined) {
    return stream.stream;
  }
  if (!(packing instanceof PdfName) || packing.text !== "FlateDecode") {
    throw new Damaged("a list is packed in an unusual way");
  }
  return inflate(stream.stream, MAX_LIST_BYTES);
}

async function readLists(file) {
  const last = file.revisions.length - 1;
  const store = await file.member(await file.root(last), "DSS", last);
  const found = store instanceof PdfDictionary ? ((await file.member(store, "CRLs", last)) ?? []) : [];
  if (found.length > MAX_LISTS) {
    return null;
  }
  const lists = [];
  for (const one of found) {
    lists.push(readList(await unpacked(await file.resolve(one, last))));
  }
  return lists;
}

async function isBy(list, issuer) {
  if (!equalBytes(list.issuer, issuer.subject)) {
    return false;
  }
  const { tbs: message, algorithm, signature } = list;
  try {
    return await verifySignature({ spki: issuer.spki, algorithm, digestOid: "", signature, message });
  } catch {
    return false;
  }
}

function whyNot({ since, harmless }, claimed, seen) {
  if (claimed >= since) {
    return `it is revoked since ${formatTime(since)}, and the seal was made at ${formatTime(claimed)}`;
  }
  if (harmless || (seen !== null && seen < since)) {
    return null;
  }
  return `it is revoked since ${formatTime(since)}, and no time-stamp that counts shows the seal before`;
}

// `seen` is when an authority that the inspector pinned saw the seal first; `held` are lists that
// the inspector brought, which count like those in the file.
export async function checkRevocation(file, { path, signedAt }, seen, held) {
  const carried = await readLists(file);
  if (carried === null) {
    return answer(false, "No: the file carries more lists of revoked certificates than any.");
  }
  const lists = [...carried, ...held];
  let newest = null;
  for (let at = 1; at < path.length; at += 1) {
    for (const list of lists) {
      if (!(await isBy(list, path[at - 1]))) {
        continue;
      }
      newest = Math.max(newest ?? list.madeAt, list.madeAt);
      const entry = list.entries.find(({ serial }) => equalBytes(serial, path[at].serial));
      const reason = entry === undefined ? null : whyNot(entry, signedAt, seen);
      if (reason !== null) {
        return answer(false, `No: ${reason}.`);
      }
    }
  }
  if (newest === null) {
    const also = held.length > 0 ? " Nor is one that you gave." : "";
    return answer(null, `The file carries no list of revoked certificates by its issuer.${also}`);
  }
  return answer(true, `Nothing in the list of ${formatTime(newest)} speaks against it.`);
}

// What a later part of a file may change without anybody having to compare whole documents: a
// signature in the field that was left for an inspector touches a few objects and no others.

import { readStart } from "./pdf_revision.js";
import { PdfDictionary, PdfName, PdfReal, PdfReference, PdfText } from "./pdf_values.js";
import { toHex } from "./bytes.js";

const INSPECTOR_FIELD = "Inspector";
const FILL_FORMS = 2;

const OF_FIELD = ["V", "AP", "M"];
const OF_FORM = ["SigFlags"];
const OF_CATALOG = ["Metadata", "DSS", "Extensions"];

export function isCountersignature(signature) {
  return signature.name === INSPECTOR_FIELD;
}

export function invitesCountersignature(seal) {
  return seal.permission === FILL_FORMS;
}

// Each entry as it stands, references unresolved.
function spelt(value) {
  if (value instanceof PdfReference) {
    return `${value.key} R`;
  }
  if (value instanceof PdfName) {
    return `/${value.text}`;
  }
  if (value instanceof PdfText) {
    return `<${toHex(value.bytes)}>`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(spelt).join(" ")}]`;
  }
  if (value instanceof PdfDictionary) {
    return `<<${[...value.members].map(([key, entry]) => `/${key} ${spelt(entry)}`).sort().join(" ")}${value.stream === null ? "" : toHex(value.stream)}>>`;
  }
  return value instanceof PdfReal ? value.text : String(value);
}

function sameBut(before, after, keys) {
  if (!(before instanceof PdfDictionary && after instanceof PdfDictionary)) {
    return false;
  }
  const rest = (value) => new PdfDictionary(new Map([...value.members].filter(([key]) => !keys.includes(key))), null);
  return spelt(rest(before)) === spelt(rest(after));
}

// Written once more in a later increment, the seal would seem to belong to that one, and what the
// increment changes besides would pass for sealed.
function coversItsRevision(file, seal, cut) {
  try {
    const isOwn = readStart(file.bytes, cut.end) === file.revisions[seal.revision].declared;
    return isOwn && file.revisions.slice(0, seal.revision + 1).every((revision) => revision.end <= cut.end);
  } catch {
    return false;
  }
}

// By object, which of its keys may change; an empty list allows everything.
async function allowedChanges(file, at) {
  const catalog = await file.root(at);
  const reference = catalog.raw("AcroForm");
  if (!(reference instanceof PdfReference)) {
    // As a part of the catalog, what changes in it could not be told apart.
    return null;
  }
  const fields = await file.member(await file.resolve(reference, at), "Fields", at);
  const found = [];
  for (const field of Array.isArray(fields) ? fields.filter((each) => each instanceof PdfReference) : []) {
    const title = (await file.resolve(field, at)).raw("T");
    if (title instanceof PdfText && String(title) === INSPECTOR_FIELD) {
      found.push(field);
    }
  }
  if (found.length !== 1) {
    return null;
  }
  const allowed = new Map([
    [reference.key, OF_FORM],
    [found[0].key, OF_FIELD],
    [file.trailerValue("Root", at).key, OF_CATALOG],
  ]);
  for (const described of [file.trailerValue("Info", at), catalog.raw("Metadata")]) {
    if (described instanceof PdfReference) {
      allowed.set(described.key, []);
    }
  }
  return allowed;
}

async function isAllowed(file, at, allowed, reference) {
  const keys = allowed.get(reference.key);
  if (keys === undefined) {
    return false;
  }
  const last = file.revisions.length - 1;
  return keys.length === 0 || sameBut(await file.get(reference, at), await file.get(reference, last), keys);
}

// Whether everything after the seal is a signature in the field left for it. False means no more
// than that somebody has to look closer.
export async function onlyCountersigns(file, seal, cut) {
  const at = seal.revision;
  const last = file.revisions.length - 1;
  if (!invitesCountersignature(seal) || !coversItsRevision(file, seal, cut)) {
    return false;
  }
  const allowed = await allowedChanges(file, at);
  if (allowed === null || spelt(file.trailerValue("Root", last)) !== spelt(file.trailerValue("Root", at))) {
    return false;
  }
  const known = file.trailerValue("Size", at);
  for (const revision of file.revisions.slice(at + 1)) {
    if (revision.freed.size > 0) {
      return false;
    }
    for (const reference of revision.references()) {
      // A number that the sealed file knows is not free for a new object.
      if (reference.number < known && !(await isAllowed(file, at, allowed, reference))) {
        return false;
      }
    }
  }
  return true;
}

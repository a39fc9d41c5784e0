// The signatures of a PDF, in the order in which its revisions hold them.

import { UNSTATED, readMarked } from "./ber.js";
import { Damaged } from "./bytes.js";
import { readSignedData } from "./cms.js";
import { PdfDictionary, PdfName, PdfReference, PdfText } from "./pdf_values.js";

const KNOWN_FORMS = new Set(["adbe.pkcs7.detached", "ETSI.CAdES.detached", "ETSI.RFC3161", "PBAD.PAdES"]);
const MAX_FIELDS = 10000;

async function fieldType(file, path, last) {
  for (const field of path) {
    const type = await file.member(field, "FT", last);
    if (type !== undefined) {
      return type;
    }
  }
  return undefined;
}

async function collectFields(file, list, { parents, seen, prefix }, found) {
  if (!Array.isArray(list)) {
    return;
  }
  const last = file.revisions.length - 1;
  for (const reference of list) {
    if (!(reference instanceof PdfReference)) {
      continue;
    }
    if (seen.includes(reference.key) || found.length > MAX_FIELDS) {
      throw new Damaged("the fields of the form refer to each other in a circle");
    }
    const field = await file.resolve(reference, last);
    const title = field instanceof PdfDictionary ? await file.member(field, "T", last) : undefined;
    if (title === undefined) {
      continue;
    }
    const name = prefix === "" ? String(title) : `${prefix}.${title}`;
    const type = await fieldType(file, [field, ...parents], last);
    const value = field.raw("V");
    const empty = value === undefined || value === null || (value instanceof PdfDictionary && value.members.size === 0);
    if (type instanceof PdfName && type.text === "Sig" && !empty) {
      found.push({ field, value, name });
    }
    const kids = await file.member(field, "Kids", last);
    await collectFields(file, kids, { parents: [field, ...parents], seen: [...seen, reference.key], prefix: name }, found);
  }
}

function readSignature(file, field, reference, dictionary) {
  if (!(reference instanceof PdfReference) || !dictionary.has("ByteRange")) {
    throw new Damaged("a signature does not say what it is over");
  }
  const contents = dictionary.raw("Contents");
  if (!(contents instanceof PdfText)) {
    throw new Damaged("a signature has no value");
  }
  return {
    byteRange: dictionary.raw("ByteRange"),
    contents: contents.bytes,
    signedData: readSignedDataLoosely(contents.bytes),
    type: dictionary.has("Type") ? dictionary.raw("Type")?.text : "Sig",
    form: dictionary.raw("SubFilter").text,
    claimedAt: dictionary.raw("M"),
    revision: file.lastChange(reference),
    hasSeedValues: field.has("SV"),
  };
}

// What the signature allows to be done afterwards: 1 nothing, 2 filling forms, 3 notes as well.
async function permissionOf(file, field, dictionary) {
  const last = file.revisions.length - 1;
  const references = (await file.member(dictionary, "Reference", last)) ?? [];
  for (const each of Array.isArray(references) ? references : []) {
    const reference = await file.resolve(each, last);
    const method = await file.member(reference, "TransformMethod", last);
    if (method instanceof PdfName && method.text === "DocMDP") {
      const parameters = await file.member(reference, "TransformParams", last);
      return parameters.raw("P");
    }
  }
  const lock = await file.member(field, "Lock", last);
  return lock === undefined ? null : (await file.member(lock, "P", last)) ?? null;
}

// The padding after the value is judged later, with a reason of its own.
function readSignedDataLoosely(contents) {
  if (contents[1] === UNSTATED) {
    return readSignedData(readMarked(contents).der);
  }
  const long = contents[1] >= 0x80 ? contents[1] - 0x80 : 0;
  let length = contents[1] ?? 0;
  if (contents[1] >= 0x80) {
    length = contents.subarray(2, 2 + long).reduce((value, octet) => value * 256 + octet, 0);
  }
  return readSignedData(contents.subarray(0, 2 + long + length));
}

export async function findSignatures(file) {
  const last = file.revisions.length - 1;
  const form = await file.member(await file.root(last), "AcroForm", last);
  const found = [];
  if (form !== undefined) {
    const fields = await file.member(form, "Fields", last);
    await collectFields(file, fields, { parents: [], seen: [], prefix: "" }, found);
  }
  const signatures = [];
  for (const { field, value, name } of found) {
    const dictionary = await file.resolve(value, last);
    if (!(dictionary instanceof PdfDictionary)) {
      throw new Damaged("a signature is not a dictionary");
    }
    const kind = dictionary.raw("SubFilter");
    if (kind instanceof PdfName && KNOWN_FORMS.has(kind.text)) {
      const permission = await permissionOf(file, field, dictionary);
      signatures.push({ ...readSignature(file, field, value, dictionary), name, permission });
    }
  }
  return signatures.sort((left, right) => left.revision - right.revision);
}

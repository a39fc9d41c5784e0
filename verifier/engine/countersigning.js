// What signing in the field that was left for it may change: the field, and how the file describes
// itself. Every program has its own way; what is allowed are the ways known to be in use that show
// nothing outside the field's own rectangle.

import { ALLOWED, FORBIDDEN, UNCLEAR } from "./harm.js";
import { sameBut, spelt } from "./pdf_compare.js";
import { PdfDictionary, PdfName, PdfReal, PdfReference, PdfText } from "./pdf_values.js";

// Flags by which a program keeps a field, and what it shows, from being moved or edited.
const LOCKS = 128 | 512;
// And only appending is allowed.
const SIGNATURES_EXIST = 3;
const OF_XMP = ["Type", "Subtype", "Length", "Filter", "DecodeParms"];

// What the command's library would at least look at closer.
const LOOSE = {
  form: ["Fields", "DR", "DA", "Q", "NeedAppearances"],
  field: ["AP", "AS", "V", "F", "DA", "Q", "Ff", "Type", "M"],
};

function isText(value) {
  return value instanceof PdfText;
}

function isNumber(value) {
  return typeof value === "number" || value instanceof PdfReal;
}

function amountOf(value) {
  return value instanceof PdfReal ? Number(value.text) : value;
}

function locks(before, after) {
  const flags = [before ?? 0, after ?? 0];
  const areFlags = flags.every((one) => Number.isInteger(one) && one >= 0 && one < 2 ** 31);
  return areFlags && ((flags[0] ^ flags[1]) & ~LOCKS) === 0;
}

function isSamePlace(before, after) {
  const lists = [before, after];
  const known = lists.every((one) => Array.isArray(one) && one.every(isNumber)) && before.length === after.length;
  return known && before.every((one, place) => amountOf(one) === amountOf(after[place]));
}

function isDictionary(_before, after, resolved) {
  return resolved instanceof PdfDictionary;
}

const OF_FIELD = {
  V: (_before, after) => after instanceof PdfReference,
  AP: isDictionary,
  M: (_before, after) => isText(after),
  AS: (_before, after) => after instanceof PdfName,
  DA: (_before, after) => isText(after),
  MK: (_before, after) => after instanceof PdfDictionary && after.stream === null && after.members.size === 0,
  F: locks,
  Rect: isSamePlace,
};

// Fields for signing look as their own appearance says, whatever the form says.
const OF_FORM = {
  SigFlags: (_before, after) => after === SIGNATURES_EXIST,
  DR: isDictionary,
  DA: (_before, after) => isText(after),
  NeedAppearances: (_before, after) => after === false,
};

async function changesAs(rules, before, after, { file, at }) {
  if (!sameBut(before, after, Object.keys(rules))) {
    return false;
  }
  for (const [key, may] of Object.entries(rules)) {
    const [old, now] = [before.raw(key), after.raw(key)];
    if (spelt(old) !== spelt(now) && !may(old, now, await file.resolve(now, at))) {
      return false;
    }
  }
  return true;
}

export async function judgeSignedField(before, after, step) {
  const value = after instanceof PdfDictionary ? after.raw("V") : undefined;
  const isFresh = value instanceof PdfReference && value.number >= step.known;
  if (isFresh && (await changesAs(OF_FIELD, before, after, step))) {
    return ALLOWED;
  }
  return sameBut(before, after, LOOSE.field) ? UNCLEAR : FORBIDDEN;
}

// The form may differ in its fields, and in how programs mark a signed one.
export async function judgeForm(step, { form, newForm, hasOnlySignatures }) {
  if (sameBut(form, newForm, ["Fields"])) {
    return ALLOWED;
  }
  const rules = { ...OF_FORM, Fields: () => true };
  if (step.countersigned && hasOnlySignatures && (await changesAs(rules, form, newForm, step))) {
    return ALLOWED;
  }
  return sameBut(form, newForm, LOOSE.form) ? UNCLEAR : FORBIDDEN;
}

function isInformation(value) {
  const isKnown = value instanceof PdfDictionary && value.stream === null;
  return isKnown && [...value.members.values()].every((one) => isText(one) || one instanceof PdfName);
}

function isXmp(value) {
  const known = value instanceof PdfDictionary && value.stream !== null && [...value.members.keys()].every((key) => OF_XMP.includes(key));
  return known && value.raw("Type")?.text === "Metadata" && value.raw("Subtype")?.text === "XML";
}

// What the file says about itself may be written anew by whoever signs. It is nobody's record: no
// check reads it.
export async function judgeDescriptions({ file, at, known, oldRoot, newRoot }) {
  const places = [
    [file.trailerValue("Info", at - 1), file.trailerValue("Info", at), isInformation],
    [oldRoot.raw("Metadata"), newRoot.raw("Metadata"), isXmp],
  ];
  for (const [old, now, isSound] of places) {
    if (!isPlaced(old, now, known)) {
      return UNCLEAR;
    }
    for (const [one, revision] of [[old, at - 1], [now, at]]) {
      if (one !== undefined && !isSound(await file.resolve(one, revision))) {
        return UNCLEAR;
      }
    }
  }
  const version = newRoot.raw("Version");
  return version === undefined || version instanceof PdfName ? ALLOWED : UNCLEAR;
}

// Whether an entry refers to what it did, or to a new object, or holds its value itself. One that
// refers to an object of before that it did not refer to would give that object a second meaning.
export function isPlaced(before, after, known) {
  const isFresh = !(after instanceof PdfReference) || after.number >= known;
  return isFresh || spelt(before) === spelt(after);
}

// Fields that a later part of a file adds to the form: an archive time-stamp has one, which shows
// nothing on any page.

import { ALLOWED, FORBIDDEN, UNCLEAR } from "./harm.js";
import { PdfDictionary, PdfName, PdfReal, PdfReference, PdfText } from "./pdf_values.js";
import { isArchiveStamp } from "./seal_time.js";

const OF_FIELD = ["FT", "T", "Type", "Subtype", "F", "Rect", "P", "TU", "V"];
const OF_STAMP = ["Type", "Filter", "SubFilter", "Contents", "ByteRange"];

function isNamed(value, name) {
  return value instanceof PdfName && value.text === name;
}

function hasOnly(dictionary, keys) {
  return [...dictionary.members.keys()].every((key) => keys.includes(key));
}

function isFlat(rectangle) {
  if (!Array.isArray(rectangle) || rectangle.length !== 4) {
    return true;
  }
  const [left, low, right, high] = rectangle.map((one) => (one instanceof PdfReal ? Number(one.text) : one));
  return left === right || low === high;
}

function isPlainStamp(field, value, { at, signatures }) {
  const isOwn = signatures.some((each) => isArchiveStamp(each) && each.revision === at && each.name === String(field.raw("T")));
  const isWidget = isNamed(field.raw("Type"), "Annot") && isNamed(field.raw("Subtype"), "Widget");
  return isOwn && isWidget && hasOnly(field, OF_FIELD) && hasOnly(value, OF_STAMP) && field.stream === null && value.stream === null;
}

// One field that the step adds; `names` are those that the form had before.
export async function judgeField(reference, names, step) {
  const { file, at, known, permission } = step;
  const field = await file.resolve(reference, at);
  if (!(field instanceof PdfDictionary) || !isNamed(field.raw("FT"), "Sig")) {
    return FORBIDDEN;
  }
  const raw = field.raw("V");
  const value = await file.resolve(raw, at);
  const signs = value instanceof PdfDictionary && !isNamed(value.raw("Type"), "DocTimeStamp");
  if (permission !== null && (!isFlat(field.raw("Rect")) || (permission === 1 && signs))) {
    return FORBIDDEN;
  }
  const title = field.raw("T");
  const isNew = reference.number >= known && raw instanceof PdfReference && raw.number >= known;
  const isTitled = title instanceof PdfText && !names.includes(String(title)) && field.raw("P") instanceof PdfReference;
  return isNew && isTitled && !signs && isFlat(field.raw("Rect")) && isPlainStamp(field, value, step) ? ALLOWED : UNCLEAR;
}

// Whether two objects of a PDF are spelt alike, the references in them unresolved. A program that
// writes an object anew orders its keys, rounds its numbers and encodes its texts in ways of its
// own; none of this is a difference. A whole number and one with a point are two things.

import { toHex } from "./bytes.js";
import { lettersOf } from "./pdf_encoding.js";
import { PdfDictionary, PdfName, PdfReal, PdfReference, PdfText } from "./pdf_values.js";

function plainReal(text) {
  const [whole, fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const sign = text.startsWith("-") ? "-" : "";
  return ["real", sign + (whole.replace(/^0+(?=\d)/, "") || "0"), fraction.replace(/0+$/, "")];
}

function plainText({ bytes }) {
  const letters = lettersOf(bytes);
  return letters === null ? ["bytes", toHex(bytes)] : ["text", letters];
}

function membersOf(value, without) {
  // One without a value is as if it were missing.
  const kept = [...value.members].filter(([key, entry]) => !without.includes(key) && entry !== null);
  const members = kept.map(([key, entry]) => [key, plain(entry)]).sort(([left], [right]) => (left < right ? -1 : 1));
  return value.stream === null ? members : [...members, [null, toHex(value.stream)]];
}

function plain(value) {
  if (value instanceof PdfReference) {
    return ["reference", value.number, value.generation];
  }
  if (value instanceof PdfName) {
    return ["name", value.text];
  }
  if (value instanceof PdfText) {
    return plainText(value);
  }
  if (Array.isArray(value)) {
    return ["list", ...value.map(plain)];
  }
  if (value instanceof PdfDictionary) {
    return ["dictionary", membersOf(value, [])];
  }
  return value instanceof PdfReal ? plainReal(value.text) : (value ?? null);
}

export function spelt(value) {
  return JSON.stringify(plain(value));
}

// Whether two dictionaries, or streams, differ in nothing but these keys.
export function sameBut(before, after, keys) {
  if (!(before instanceof PdfDictionary && after instanceof PdfDictionary)) {
    return false;
  }
  return JSON.stringify(membersOf(before, keys)) === JSON.stringify(membersOf(after, keys));
}

// Whether it is a dictionary, and no stream, that has none but these keys.
export function isPlain(value, keys) {
  return value instanceof PdfDictionary && value.stream === null && [...value.members.keys()].every((key) => keys.includes(key));
}

// Whether two objects of a PDF are spelt alike, the references in them unresolved.

import { toHex } from "./bytes.js";
import { PdfDictionary, PdfName, PdfReal, PdfReference, PdfText } from "./pdf_values.js";

export function spelt(value) {
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
    const members = [...value.members].map(([key, entry]) => `/${key} ${spelt(entry)}`).sort();
    return `<<${members.join(" ")}${value.stream === null ? "" : toHex(value.stream)}>>`;
  }
  return value instanceof PdfReal ? value.text : String(value);
}

function without(value, keys) {
  return new PdfDictionary(new Map([...value.members].filter(([key]) => !keys.includes(key))), value.stream);
}

// Whether two dictionaries, or streams, differ in nothing but these keys.
export function sameBut(before, after, keys) {
  if (!(before instanceof PdfDictionary && after instanceof PdfDictionary)) {
    return false;
  }
  return spelt(without(before, keys)) === spelt(without(after, keys));
}

// One revision of a PDF: where it says that objects lie, and where the file says that it begins.

import { Damaged, latin1 } from "./bytes.js";
import { asInteger } from "./pdf_packing.js";
import { PdfReference, wholeNumber } from "./pdf_values.js";

const TAIL = 1024;
const MAX_GENERATION = 0xffff;

// Lines from the end of the file backwards, as the command's library finds its way in.
function lastLine(bytes, end) {
  let start = end;
  while (start > 0 && bytes[start - 1] !== 0x0a && bytes[start - 1] !== 0x0d) {
    start -= 1;
  }
  if (start === 0) {
    throw new Damaged("the file's end marker is missing");
  }
  let before = start;
  while (before > 0 && (bytes[before - 1] === 0x0a || bytes[before - 1] === 0x0d)) {
    before -= 1;
  }
  return { text: latin1(bytes.subarray(start, Math.min(end, start + 64))), before };
}

export function readStart(bytes, end) {
  let line = { text: "", before: end };
  while (!line.text.startsWith("%%EOF")) {
    if (line.before < end - TAIL) {
      throw new Damaged("the file's end marker is missing");
    }
    line = lastLine(bytes, line.before);
  }
  line = lastLine(bytes, line.before);
  const start = wholeNumber(line.text);
  if (start !== null && lastLine(bytes, line.before).text.startsWith("startxref")) {
    return start;
  }
  if (line.text.startsWith("startxref") && wholeNumber(line.text.slice(9)) !== null) {
    return wholeNumber(line.text.slice(9));
  }
  throw new Damaged("the file does not say where its table of objects is");
}

export class Revision {
  constructor(declared, trailer, streamed) {
    this.declared = declared;
    this.trailer = trailer;
    this.streamed = streamed;
    this.places = new Map();
    this.packed = new Map();
    this.freed = new Map();
    this.size = asInteger(trailer.raw("Size"));
    this.end = 0;
  }

  // Every number that this revision says something about, with its generation.
  *references() {
    for (const [number, { generation }] of this.places) {
      yield new PdfReference(number, generation);
    }
    for (const number of this.packed.keys()) {
      yield new PdfReference(number, 0);
    }
  }

  add(number, kind, first, second) {
    if (kind !== 2 && second > MAX_GENERATION) {
      throw new Damaged("a generation is too large");
    }
    if (number === 0) {
      return;
    }
    if (kind === 0) {
      this.freed.set(number, second);
    } else if (kind === 1) {
      this.places.set(number, { generation: second, offset: first });
    } else {
      this.packed.set(number, { holder: first, place: second });
    }
  }

  // Undefined where this revision says nothing; null where it takes the object away.
  find(reference) {
    if (reference.generation === 0 && this.packed.has(reference.number)) {
      return this.packed.get(reference.number);
    }
    const place = this.places.get(reference.number);
    if (place !== undefined) {
      return place.generation === reference.generation ? place : undefined;
    }
    return this.freed.get(reference.number) === reference.generation + 1 ? null : undefined;
  }
}

// A PDF file: its revisions, and the objects each of them shows.

import { Damaged, indexOfText, latin1 } from "./bytes.js";
import { inflate } from "./inflate.js";
import { MAX_XREF_BYTES } from "./limits.js";
import { PdfCursor, PdfDictionary, PdfName, PdfReference, isDigit, isSpace, wholeNumber } from "./pdf_syntax.js";

const TAIL = 1024;
const MAX_GENERATION = 0xffff;
const MAX_REVISIONS = 1000;

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

function asInteger(value) {
  if (typeof value !== "number") {
    throw new Damaged("a number is missing");
  }
  return value;
}

class Revision {
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

export class PdfFile {
  constructor(bytes) {
    this.bytes = bytes;
    this.revisions = [];
    this.cache = new Map();
  }

  static async open(bytes) {
    const file = new PdfFile(bytes);
    if (!/^%PDF-\d.\d/s.test(latin1(bytes.subarray(0, 20)))) {
      throw new Damaged("the header is not a PDF's");
    }
    await file.readRevisions(readStart(bytes, bytes.length));
    return file;
  }

  cursor(position) {
    return new PdfCursor(this.bytes, position, (length) => this.directLength(length));
  }

  directLength(length) {
    const value = length instanceof PdfReference ? this.lengthAt(length) : length;
    if (!Number.isInteger(value) || value < 0) {
      throw new Damaged("a stream does not say how long it is");
    }
    return value;
  }

  lengthAt(reference) {
    const place = this.locate(reference, this.revisions.length - 1);
    if (!place || place.offset === undefined) {
      throw new Damaged("a stream does not say how long it is");
    }
    return this.objectAt(place.offset, reference);
  }

  async readRevisions(start) {
    const seen = new Set();
    for (let at = start; at !== undefined; ) {
      if (seen.has(at) || seen.size > MAX_REVISIONS) {
        throw new Damaged("the tables of objects refer to each other in a circle");
      }
      seen.add(at);
      const revision = await this.readRevision(at);
      this.revisions.unshift(revision);
      const previous = revision.trailer.raw("Prev");
      at = previous === undefined ? undefined : asInteger(previous);
    }
    this.checkRevisions();
  }

  async readRevision(declared) {
    const cursor = this.cursor(declared);
    while (isSpace(cursor.peek())) {
      cursor.position += 1;
    }
    if (cursor.take("xref")) {
      return this.readTable(cursor, declared);
    }
    if (!isDigit(cursor.peek())) {
      throw new Damaged("there is no table of objects where it should be");
    }
    const reference = cursor.header();
    const revision = await this.readPackedTable(cursor.object(), declared, reference);
    revision.end = cursor.position;
    return revision;
  }

  readTable(cursor, declared) {
    const rows = [];
    // One byte after the word is passed over, whatever it is.
    cursor.position += 1;
    do {
      cursor.skipSpace();
      const first = asInteger(cursor.numberOrReference());
      cursor.skipSpace();
      const count = asInteger(cursor.numberOrReference());
      cursor.skipSpace();
      for (let number = first; number < first + count; number += 1) {
        rows.push([number, ...this.readRow(cursor)]);
      }
      cursor.skipSpace();
    } while (!cursor.take("trailer"));
    const end = cursor.position;
    cursor.skipSpace();
    const trailer = cursor.object();
    if (!(trailer instanceof PdfDictionary)) {
      throw new Damaged("the trailer is missing");
    }
    const revision = new Revision(declared, trailer, null);
    revision.end = end;
    for (const [number, kind, first, second] of rows) {
      revision.add(number, kind, first, second);
      if (number >= revision.size) {
        throw new Damaged("the table of objects is larger than it says");
      }
    }
    return revision;
  }

  readRow(cursor) {
    while (cursor.peek() === 0x0a || cursor.peek() === 0x0d) {
      cursor.position += 1;
    }
    const row = latin1(this.bytes.subarray(cursor.position, cursor.position + 20));
    const parts = /^([^ ]*) ([^ ]*) ([nf])$/s.exec(row.slice(0, 18));
    // Where a free number points to does not matter to anybody.
    const offset = parts?.[3] === "n" ? wholeNumber(parts[1]) : 0;
    const generation = parts === null ? null : wholeNumber(parts[2]);
    if (offset === null || generation === null) {
      throw new Damaged("a row of the table of objects cannot be read");
    }
    cursor.position += /[0-9t]/.test(row[19] ?? "") ? 19 : 20;
    return [parts[3] === "n" ? 1 : 0, offset, generation];
  }

  async readPackedTable(stream, declared, reference) {
    if (!(stream instanceof PdfDictionary) || stream.stream === null || stream.raw("Type")?.text !== "XRef") {
      throw new Damaged("the table of objects is of another kind");
    }
    const revision = new Revision(declared, stream, reference);
    const widths = stream.raw("W");
    const data = await decode(stream, MAX_XREF_BYTES);
    const pairs = stream.raw("Index") ?? [0, stream.raw("Size")];
    if (!Array.isArray(widths) || widths.length < 3 || !Array.isArray(pairs) || pairs.length % 2) {
      throw new Damaged("the table of objects is of another kind");
    }
    const [one, two, three] = widths.map(asInteger);
    let at = 0;
    let reached = 0;
    const number = (width, otherwise) => {
      let value = width > 0 ? 0 : otherwise;
      for (let end = at + Math.max(0, width); at < end; at += 1) {
        value = value * 256 + data[at];
      }
      return value;
    };
    for (let pair = 0; pair < pairs.length; pair += 2) {
      const [first, count] = [asInteger(pairs[pair]), asInteger(pairs[pair + 1])];
      if (first < reached || count > data.length) {
        throw new Damaged("the table of objects is out of order");
      }
      reached = first + count;
      for (let entry = first; entry < reached; entry += 1) {
        const kind = number(one, 1);
        const [left, right] = [number(two, 0), number(three, 0)];
        if (Number.isNaN(kind + left + right)) {
          throw new Damaged("the table of objects ends too soon");
        }
        if (kind <= 2) {
          revision.add(entry, kind, left, right);
        }
      }
    }
    if (at !== data.length) {
      throw new Damaged("the table of objects goes on after its end");
    }
    return revision;
  }

  // A number that was freed may come back only as a later generation, and nothing may be put
  // in the place of a table of objects.
  checkRevisions() {
    let size = 0;
    this.revisions.forEach((revision, index) => {
      const later = this.revisions.slice(index + 1);
      const earlier = this.revisions.slice(0, index);
      if (revision.size < size) {
        throw new Damaged("a later table of objects is smaller than an earlier one");
      }
      size = revision.size;
      const own = revision.streamed;
      if (own !== null && later.some((next) => next.find(own) !== undefined)) {
        throw new Damaged("a table of objects was put in the place of another");
      }
      for (const [number, next] of revision.freed) {
        const reused = later.some((other) => {
          const generation = other.packed.has(number) ? 0 : other.places.get(number)?.generation;
          return generation !== undefined && (next === 0 || generation < next);
        });
        if (reused || (next === 0 && index > 0)) {
          throw new Damaged("a number that was freed is used again");
        }
      }
      for (const [number, { generation }] of revision.places) {
        if (generation > 0 && !earlier.some((other) => other.freed.get(number) === generation)) {
          throw new Damaged("an object has a generation that was never freed");
        }
      }
    });
  }

  get isHybrid() {
    return this.revisions.some((revision) => revision.trailer.has("XRefStm"));
  }

  trailerValue(key, last) {
    for (let index = last; index >= 0; index -= 1) {
      const value = this.revisions[index].trailer.raw(key);
      if (value !== undefined) {
        return value;
      }
    }
    return undefined;
  }

  locate(reference, last) {
    for (let index = last; index >= 0; index -= 1) {
      const place = this.revisions[index].find(reference);
      if (place !== undefined) {
        return place;
      }
    }
    return null;
  }

  lastChange(reference) {
    for (let index = this.revisions.length - 1; index >= 0; index -= 1) {
      if (this.revisions[index].find(reference) !== undefined) {
        return index;
      }
    }
    throw new Damaged("an object that is referred to does not exist");
  }

  objectAt(offset, reference) {
    const cursor = this.cursor(offset);
    const header = cursor.header();
    if (header.key !== reference.key) {
      throw new Damaged("another object lies where one should be");
    }
    const value = cursor.object();
    cursor.skipSpace();
    if (!cursor.take("endobj")) {
      throw new Damaged("an object has no end");
    }
    return value;
  }

  async packedObject({ holder, place }, number, last) {
    const stream = await this.get(new PdfReference(holder, 0), last);
    if (!(stream instanceof PdfDictionary) || stream.stream === null || stream.raw("Type")?.text !== "ObjStm") {
      throw new Damaged("objects are packed in something else");
    }
    const count = asInteger(stream.raw("N"));
    const data = await decode(stream, MAX_XREF_BYTES);
    const cursor = new PdfCursor(data, 0, () => 0);
    for (let index = 0; index < Math.min(count, place + 1); index += 1) {
      cursor.skipSpace();
      const found = asInteger(cursor.numberOrReference());
      cursor.skipSpace();
      const offset = asInteger(cursor.numberOrReference());
      if (index === place && found === number) {
        cursor.position = asInteger(stream.raw("First")) + offset;
        const value = cursor.object();
        if (value instanceof PdfReference || value?.stream) {
          throw new Damaged("an object is packed that must not be");
        }
        return value;
      }
      if (found === number) {
        throw new Damaged("an object is packed in another place");
      }
    }
    throw new Damaged("an object is not in the stream that should hold it");
  }

  // What the reference stands for in the file as it was after revision `last`.
  async get(reference, last) {
    const key = `${reference.key} ${last}`;
    if (!this.cache.has(key)) {
      const place = this.locate(reference, last);
      if (place === null) {
        throw new Damaged("an object that is referred to does not exist");
      }
      const packed = place.offset === undefined;
      this.cache.set(key, packed ? await this.packedObject(place, reference.number, last) : this.objectAt(place.offset, reference));
    }
    return this.cache.get(key);
  }

  async resolve(value, last) {
    let current = value;
    for (let hops = 0; current instanceof PdfReference; hops += 1) {
      if (hops > 100) {
        throw new Damaged("references go in a circle");
      }
      current = await this.get(current, last);
    }
    return current;
  }

  // A member of a dictionary, followed to the object itself; undefined where there is none.
  async member(dictionary, key, last) {
    if (!(dictionary instanceof PdfDictionary)) {
      throw new Damaged("a dictionary is missing");
    }
    const value = await this.resolve(dictionary.raw(key), last);
    return value === null ? undefined : value;
  }

  async root(last) {
    const reference = this.trailerValue("Root", last);
    const root = reference instanceof PdfReference ? await this.resolve(reference, last) : undefined;
    if (!(root instanceof PdfDictionary)) {
      throw new Damaged("the file has no root");
    }
    return root;
  }
}

function predicted(data, columns) {
  const rows = data.length / (columns + 1);
  if (!Number.isInteger(rows)) {
    throw new Damaged("a packed table has broken rows");
  }
  const out = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const kind = data[row * (columns + 1)];
    for (let column = 0; column < columns; column += 1) {
      const raw = data[row * (columns + 1) + 1 + column];
      const left = column > 0 ? out[row * columns + column - 1] : 0;
      const up = row > 0 ? out[(row - 1) * columns + column] : 0;
      if (kind > 2) {
        throw new Damaged("a packed table is predicted in an unusual way");
      }
      out[row * columns + column] = raw + (kind === 2 ? up : kind === 1 ? left : 0);
    }
  }
  return out;
}

// Streams that hold tables and objects: plain, or deflated with or without a predictor.
async function decode(stream, limit) {
  const filter = stream.raw("Filter");
  const filters = filter === undefined ? [] : Array.isArray(filter) ? filter : [filter];
  if (filters.length === 0) {
    return stream.stream;
  }
  if (filters.length > 1 || !(filters[0] instanceof PdfName) || filters[0].text !== "FlateDecode") {
    throw new Damaged("a stream is packed in an unusual way");
  }
  const data = await inflate(stream.stream, limit);
  const parameters = stream.raw("DecodeParms");
  const predictor = parameters instanceof PdfDictionary ? parameters.raw("Predictor") ?? 1 : 1;
  return predictor === 1 ? data : predicted(data, asInteger(parameters.raw("Columns") ?? 1));
}

export function hasEncryption(file) {
  return file.trailerValue("Encrypt", file.revisions.length - 1) !== undefined;
}

export function looksSigned(bytes) {
  return indexOfText(bytes, "/ByteRange", 0, bytes.length) >= 0;
}

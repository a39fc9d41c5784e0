// A PDF file: its revisions, and the objects each of them shows.

import { Damaged, indexOfText, latin1 } from "./bytes.js";
import { MAX_XREF_BYTES } from "./limits.js";
import { asInteger, decode } from "./pdf_packing.js";
import { readStart } from "./pdf_revision.js";
import { PdfCursor } from "./pdf_syntax.js";
import { readPackedTable, readTable } from "./pdf_tables.js";
import { PdfDictionary, PdfReference, isDigit, isSpace } from "./pdf_values.js";

const MAX_REVISIONS = 1000;

export class PdfFile {
  constructor(bytes) {
    this.bytes = bytes;
    this.revisions = [];
    this.cache = new Map();
    this.bundles = new Map();
    this.unpacked = 0;
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
      return readTable(cursor, declared);
    }
    if (!isDigit(cursor.peek())) {
      throw new Damaged("there is no table of objects where it should be");
    }
    const reference = cursor.header();
    const revision = await readPackedTable(cursor.object(), declared, reference);
    revision.end = cursor.position;
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

  // A bundle of packed objects is unpacked once: the pages of a long report need nearly all of them.
  async bundle(stream) {
    const kept = this.bundles.get(stream);
    const data = kept ?? (await decode(stream, MAX_XREF_BYTES));
    if (kept === undefined && this.unpacked + data.length <= MAX_XREF_BYTES) {
      this.unpacked += data.length;
      this.bundles.set(stream, data);
    }
    return data;
  }

  async packedObject({ holder, place }, number, last) {
    const stream = await this.get(new PdfReference(holder, 0), last);
    if (!(stream instanceof PdfDictionary) || stream.stream === null || stream.raw("Type")?.text !== "ObjStm") {
      throw new Damaged("objects are packed in something else");
    }
    const count = asInteger(stream.raw("N"));
    const data = await this.bundle(stream);
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

export function hasEncryption(file) {
  return file.trailerValue("Encrypt", file.revisions.length - 1) !== undefined;
}

export function looksSigned(bytes) {
  return indexOfText(bytes, "/ByteRange", 0, bytes.length) >= 0;
}

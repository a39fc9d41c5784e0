// The table of objects of one revision, in either of the two ways in which it can be written.

import { Damaged, latin1 } from "./bytes.js";
import { MAX_XREF_BYTES } from "./limits.js";
import { asInteger, decode } from "./pdf_packing.js";
import { Revision } from "./pdf_revision.js";
import { PdfDictionary, wholeNumber } from "./pdf_values.js";

export function readTable(cursor, declared) {
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
      rows.push([number, ...readRow(cursor)]);
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

function readRow(cursor) {
  while (cursor.peek() === 0x0a || cursor.peek() === 0x0d) {
    cursor.position += 1;
  }
  const row = latin1(cursor.bytes.subarray(cursor.position, cursor.position + 20));
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

export async function readPackedTable(stream, declared, reference) {
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

// Streams that hold tables of objects, or objects themselves.

import { Damaged } from "./bytes.js";
import { inflate } from "./inflate.js";
import { PdfDictionary, PdfName } from "./pdf_values.js";

export function asInteger(value) {
  if (typeof value !== "number") {
    throw new Damaged("a number is missing");
  }
  return value;
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
export async function decode(stream, limit) {
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

// Unpacking zlib streams with the browser's own decoder, within a limit.

import { Damaged, joinBytes } from "./bytes.js";

export class TooLarge extends Damaged {}

// A stream must end where its bytes end; some writers leave a line end behind it.
function withoutLineEnd(bytes) {
  let end = bytes.length;
  while (end > 0 && [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d].includes(bytes[end - 1])) {
    end -= 1;
  }
  return bytes.subarray(0, end);
}

async function unpack(bytes, limit) {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  // What goes wrong while writing shows while reading; alone it would be an error of the page.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return joinBytes(...parts);
    }
    size += value.length;
    if (size > limit) {
      reader.cancel().catch(() => {});
      throw new TooLarge("a stream unpacks to more than is allowed");
    }
    parts.push(value);
  }
}

export async function inflate(bytes, limit) {
  try {
    return await unpack(bytes, limit);
  } catch (error) {
    const shorter = withoutLineEnd(bytes);
    if (error instanceof TooLarge || shorter.length === bytes.length) {
      throw error instanceof TooLarge ? error : new Damaged("a stream cannot be unpacked");
    }
  }
  try {
    return await unpack(withoutLineEnd(bytes), limit);
  } catch (error) {
    throw error instanceof TooLarge ? error : new Damaged("a stream cannot be unpacked");
  }
}

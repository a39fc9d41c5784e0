// The letters of a PDF's texts: Unicode where it says so, or an encoding of PDF's own (PDFDocEncoding,
// ISO 32000-1, annex D.2), which has no letter for some bytes.

import { fromUtf8 } from "./bytes.js";

const LOW = "˘ˇˆ˙˝˛˚˜";
const HIGH = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž";

function letterOf(byte) {
  if (byte < 0x18 || byte === 0x7f || byte === 0x9f || byte === 0xad) {
    return null;
  }
  if (byte < 0x20) {
    return LOW[byte - 0x18];
  }
  if (byte >= 0x80 && byte < 0x9f) {
    return HIGH[byte - 0x80];
  }
  return byte === 0xa0 ? "€" : String.fromCharCode(byte);
}

function ownLetters(bytes) {
  let text = "";
  for (const byte of bytes) {
    const letter = letterOf(byte);
    if (letter === null) {
      return null;
    }
    text += letter;
  }
  return text;
}

// The text that the bytes stand for; nothing where they stand for none.
export function lettersOf(bytes) {
  const [a, b, c] = bytes;
  try {
    if (a === 0xfe && b === 0xff) {
      return new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(2));
    }
    if (a === 0xff && b === 0xfe) {
      return new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(2));
    }
    if (a === 0xef && b === 0xbb && c === 0xbf) {
      return fromUtf8(bytes.subarray(3));
    }
  } catch {
    return null;
  }
  return ownLetters(bytes);
}

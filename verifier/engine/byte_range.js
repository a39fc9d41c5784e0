// Which bytes of the file a signature is over, found without regard to the PDF around it.

import { UNSTATED, readMarked } from "./ber.js";
import { fromHex, joinBytes, latin1 } from "./bytes.js";

export class BadByteRange extends Error {}

const ACCEPTED_DIGESTS = new Set(["sha256", "sha384", "sha512"]);

export function cutRange(bytes, range) {
  if (!Array.isArray(range) || !range.every(Number.isInteger)) {
    throw new BadByteRange("the signed range is not made of numbers");
  }
  if (range.length !== 4 || range[0] !== 0) {
    throw new BadByteRange("the signed range does not start with the file or has several gaps");
  }
  const [, length, resume, rest] = range;
  if (!(0 < length && length < resume && resume <= resume + rest && resume + rest <= bytes.length)) {
    throw new BadByteRange("the signed range does not lie inside the file");
  }
  const gap = latin1(bytes.subarray(length, resume));
  if (gap.length % 2 || !/^<(?:[0-9a-f]*|[0-9A-F]*)>$/.test(gap)) {
    throw new BadByteRange("more than the signature's own value is left unsigned");
  }
  return {
    signed: joinBytes(bytes.subarray(0, length), bytes.subarray(resume, resume + rest)),
    contents: fromHex(gap.slice(1, -1)),
    gapIsUpper: /[A-F]/.test(gap) && !/[a-f]/.test(gap),
    end: resume + rest,
  };
}

export function requireAcceptedDigest(name) {
  if (!ACCEPTED_DIGESTS.has(name)) {
    throw new BadByteRange(`the digest algorithm '${name.slice(0, 20)}' is not accepted`);
  }
}

// X.690 section 8.1.3: a short length is the octet itself, a long one follows in as many octets
// as the low bits say, and DER uses as few as possible. Some programs mark the end instead.
function endOfDer(contents) {
  if (contents.length < 2 || contents[0] !== 0x30) {
    throw new BadByteRange("the signature is not a DER sequence");
  }
  if (contents[1] === UNSTATED) {
    return endOfMarked(contents);
  }
  let length = contents[1];
  let start = 2;
  if (length >= 0x80) {
    start += length - 0x80;
    length = contents.subarray(2, start).reduce((value, octet) => value * 256 + octet, 0);
    if (start > 6 || length < 0x80 || contents[2] === 0) {
      throw new BadByteRange("the signature's length is not in DER");
    }
  }
  if (start + length > contents.length) {
    throw new BadByteRange("the signature is longer than the place reserved for it");
  }
  return start + length;
}

function endOfMarked(contents) {
  try {
    return readMarked(contents).end;
  } catch {
    throw new BadByteRange("the signature's end is not marked");
  }
}

export function stripPadding(contents) {
  const end = endOfDer(contents);
  if (contents.subarray(end).some((octet) => octet !== 0)) {
    throw new BadByteRange("the padding after the signature is not all zeros");
  }
  return contents.subarray(0, end);
}

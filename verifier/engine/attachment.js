// Taking audit.json out of the revision that the clinic signed.

import { equalBytes } from "./bytes.js";
import { TooLarge, inflate } from "./inflate.js";
import { MAX_ATTACHMENTS, MAX_AUDIT_BYTES } from "./limits.js";
import { Damaged } from "./bytes.js";
import { PdfDictionary, PdfName, PdfReference, PdfText } from "./pdf_values.js";

export class NoAttachment extends Error {}
export class BadAttachment extends Error {}

const NAME = "audit.json";

// The command follows no reference here, and neither does this page: ours are direct.
function directDictionary(value) {
  if (value !== undefined && !(value instanceof PdfDictionary)) {
    throw new Damaged("the list of attachments is not where it should be");
  }
  return value;
}

function directList(node, key) {
  const list = node.raw(key) ?? [];
  if (!Array.isArray(list)) {
    throw new Damaged("the list of attachments is not a list");
  }
  return list;
}

async function listAttachments(file, last) {
  const names = directDictionary((await file.root(last)).raw("Names"));
  const tree = names?.raw("EmbeddedFiles");
  const waiting = tree === undefined ? [] : [tree];
  const found = [];
  let budget = MAX_ATTACHMENTS;
  while (waiting.length > 0) {
    const node = await file.resolve(waiting.pop(), last);
    if (!(node instanceof PdfDictionary)) {
      throw new Damaged("the list of attachments is broken");
    }
    const flat = directList(node, "Names");
    // Counting what is visited also ends a tree that contains itself.
    budget -= 1 + Math.floor(flat.length / 2);
    if (budget < 0) {
      throw new BadAttachment("the list of attachments is too long");
    }
    waiting.push(...directList(node, "Kids"));
    if (flat.length % 2) {
      throw new Damaged("the list of attachments is broken");
    }
    for (let at = 0; at < flat.length; at += 2) {
      const key = await file.resolve(flat[at], last);
      found.push([String(key), await file.resolve(flat[at + 1], last)]);
    }
  }
  return found;
}

function namesOf(key, spec) {
  if (!(spec instanceof PdfDictionary)) {
    throw new Damaged("an attachment is not described");
  }
  const texts = ["F", "UF"].map((each) => spec.raw(each)).filter((value) => value instanceof PdfText);
  return [key, ...texts.map(String)];
}

function referenceText(value) {
  return value instanceof PdfReference ? value.key : "";
}

async function decodeStream(file, stream, last) {
  if (!(stream instanceof PdfDictionary) || stream.stream === null) {
    throw new Damaged("an attachment has no content");
  }
  const packing = stream.raw("Filter") ?? [];
  const filters = Array.isArray(packing) ? packing : [packing];
  if (stream.has("DecodeParms")) {
    throw new BadAttachment("audit.json is packed in an unusual way");
  }
  if (filters.length === 0) {
    return stream.stream;
  }
  if (filters.length > 1 || !(filters[0] instanceof PdfName) || filters[0].text !== "FlateDecode") {
    throw new BadAttachment("audit.json is packed in an unusual way");
  }
  try {
    return await inflate(stream.stream, MAX_AUDIT_BYTES);
  } catch (error) {
    const isPart = error instanceof TooLarge || stream.stream.length === 0;
    throw new BadAttachment(isPart ? "audit.json is too large or not packed as a whole" : "audit.json cannot be unpacked");
  }
}

async function findAudit(file, last) {
  const found = (await listAttachments(file, last)).filter(([key, spec]) => namesOf(key, spec).includes(NAME));
  if (found.length === 0) {
    throw new NoAttachment("there is no audit.json in the file");
  }
  if (found.length > 1) {
    throw new BadAttachment("there is more than one audit.json in the file");
  }
  const files = await file.member(found[0][1], "EF", last);
  if (!(files instanceof PdfDictionary)) {
    throw new Damaged("an attachment has no content");
  }
  const present = ["F", "UF"].filter((key) => files.has(key));
  if (present.length === 0 || new Set(present.map((key) => referenceText(files.raw(key)))).size !== 1) {
    // Readers disagree on which of the two they open.
    throw new BadAttachment("audit.json has two contents under its two names");
  }
  return decodeStream(file, await file.resolve(files.raw(present[0]), last), last);
}

export async function signedAudit(file, signature) {
  const signed = await findAudit(file, signature.revision);
  const last = file.revisions.length - 1;
  if (signature.revision !== last && !equalBytes(await findAudit(file, last), signed)) {
    throw new BadAttachment("a later part of the file puts another audit.json in its place");
  }
  return signed;
}

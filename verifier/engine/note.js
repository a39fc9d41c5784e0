// Checkpoints as C2SP tlog-checkpoint signed notes, each statement with one spelling.

import { fromBase64, toBase64, utf8 } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { sha256 } from "./sha256.js";

export class BadNote extends Error {}

const ED25519 = 1;
const MAX_SIGNATURES = 100;
const MAX_SIZE = 2n ** 63n - 1n;
const PREFIX = "\u2014 ";

function hasControl(text) {
  for (const character of text) {
    if (character < " " && character !== "\n") {
      return true;
    }
  }
  return false;
}

function checkText(text) {
  if (hasControl(text)) {
    throw new BadNote("a note holds control characters");
  }
}

export function decodeBase64(text) {
  const bytes = fromBase64(text);
  if (bytes === null) {
    throw new BadNote("not readable as base64");
  }
  if (toBase64(bytes) !== text) {
    throw new BadNote("not the canonical base64 of its bytes");
  }
  return bytes;
}

// White space as the command counts it: Unicode's, and four separators of ASCII.
const SPACE = /[\s\u001c-\u001f\u0085]/u;

export function checkName(name) {
  const plain = name.replaceAll("\ufeff", "");
  if (name === "" || name.includes("+") || SPACE.test(plain)) {
    throw new BadNote("a key name is empty or holds white space or a plus sign");
  }
  checkText(name);
}

function keyHash(name, publicKey) {
  checkName(name);
  if (publicKey.length !== 32) {
    throw new BadNote("an Ed25519 public key is 32 bytes long");
  }
  const digest = sha256(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey);
  return new DataView(digest.buffer).getUint32(0);
}

export function parseVerifierKey(text) {
  const first = text.indexOf("+");
  const second = first < 0 ? -1 : text.indexOf("+", first + 1);
  const number = text.slice(first + 1, second);
  if (second < 0 || !/^[0-9a-f]{8}$/.test(number)) {
    throw new BadNote("a verifier key is a name, a hash and a key joined by plus signs");
  }
  const name = text.slice(0, first);
  const typed = decodeBase64(text.slice(second + 1));
  if (typed[0] !== ED25519) {
    throw new BadNote("a verifier key is not an Ed25519 key");
  }
  const publicKey = typed.slice(1);
  const hash = keyHash(name, publicKey);
  if (hash !== parseInt(number, 16)) {
    throw new BadNote("a verifier key does not have the hash it states");
  }
  return { name, publicKey, hash };
}

function parseSignature(line) {
  if (!line.startsWith(PREFIX)) {
    throw new BadNote("a signature line does not start with a dash");
  }
  const rest = line.slice(PREFIX.length);
  const space = rest.indexOf(" ");
  const name = space < 0 ? rest : rest.slice(0, space);
  checkName(name);
  const content = decodeBase64(space < 0 ? "" : rest.slice(space + 1));
  if (content.length < 5) {
    throw new BadNote("a signature is too short");
  }
  const hash = new DataView(content.buffer, content.byteOffset).getUint32(0);
  return { name, hash, signature: content.slice(4) };
}

// A note's text, ending in a newline, and its signature lines, none of them judged.
export function signatureLines(note) {
  checkText(note);
  const split = note.lastIndexOf("\n\n");
  if (split < 0) {
    throw new BadNote("a note's text and signatures are parted by an empty line");
  }
  const lines = note.slice(split + 2).split("\n");
  if (lines.length < 2 || lines[lines.length - 1] !== "" || lines.length - 1 > MAX_SIGNATURES) {
    throw new BadNote("a note ends in some signature lines, each closed by a newline");
  }
  return { text: note.slice(0, split + 1), lines: lines.slice(0, -1).map(parseSignature) };
}

export async function requireSigned(publicKey, signature, message) {
  if (signature.length !== 64) {
    throw new BadNote("an Ed25519 signature is 64 bytes long");
  }
  if (!(await verifyEd25519(publicKey, signature, message))) {
    throw new BadNote("the signature is not by the expected key");
  }
}

async function verifyNote(note, key) {
  const { text, lines } = signatureLines(note);
  const own = lines.find((line) => line.name === key.name && line.hash === key.hash);
  if (own === undefined) {
    throw new BadNote("the note is not signed by the expected key");
  }
  await requireSigned(key.publicKey, own.signature, utf8(text));
  return text;
}

export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length < 4 || lines[lines.length - 1] !== "") {
    throw new BadNote("a checkpoint has three lines at least and ends in a newline");
  }
  const [origin, size, root, ...extensions] = lines.slice(0, -1);
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(size)) {
    throw new BadNote("the size is not a plain decimal number");
  }
  const bytes = decodeBase64(root);
  if ([origin, ...extensions].includes("")) {
    throw new BadNote("a line of the checkpoint is empty or is really several");
  }
  if (BigInt(size) > MAX_SIZE) {
    throw new BadNote("the size is not a count of entries");
  }
  if (bytes.length !== 32) {
    throw new BadNote("the root is not 32 bytes long");
  }
  return { origin, size: BigInt(size), root: bytes, extensions };
}

export async function openNote(note, verifier) {
  const key = parseVerifierKey(verifier);
  return parseCheckpoint(await verifyNote(note, key));
}

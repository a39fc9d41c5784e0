// Checking signatures with the keys of certificates, by the browser's own cryptography.

import { Damaged, joinBytes } from "./bytes.js";
import { TAG, expectTag, membersOf, oidOf, readDer } from "./der.js";
import { verifyEd25519 } from "./ed25519.js";

const EC_KEY = "1.2.840.10045.2.1";
const RSA_KEY = "1.2.840.113549.1.1.1";
const PSS = "1.2.840.113549.1.1.10";
const ED25519 = "1.3.101.112";

const CURVES = new Map([
  ["1.2.840.10045.3.1.7", ["P-256", 32]],
  ["1.3.132.0.34", ["P-384", 48]],
  ["1.3.132.0.35", ["P-521", 66]],
]);

const HASHES = new Map([
  ["2.16.840.1.101.3.4.2.1", "SHA-256"],
  ["2.16.840.1.101.3.4.2.2", "SHA-384"],
  ["2.16.840.1.101.3.4.2.3", "SHA-512"],
]);

const SIGNATURES = new Map([
  ["1.2.840.10045.4.3.2", ["ec", "SHA-256"]],
  ["1.2.840.10045.4.3.3", ["ec", "SHA-384"]],
  ["1.2.840.10045.4.3.4", ["ec", "SHA-512"]],
  ["1.2.840.113549.1.1.11", ["rsa", "SHA-256"]],
  ["1.2.840.113549.1.1.12", ["rsa", "SHA-384"]],
  ["1.2.840.113549.1.1.13", ["rsa", "SHA-512"]],
]);

// The names that the command gives to digests when it says that it does not accept one.
const DIGEST_NAMES = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
  ["1.3.14.3.2.26", "sha1"],
  ["2.16.840.1.101.3.4.2.4", "sha224"],
  ["1.2.840.113549.2.5", "md5"],
  ["1.2.840.113549.2.2", "md2"],
  ["2.16.840.1.101.3.4.2.5", "sha512_224"],
  ["2.16.840.1.101.3.4.2.6", "sha512_256"],
  ["2.16.840.1.101.3.4.2.7", "sha3_224"],
  ["2.16.840.1.101.3.4.2.8", "sha3_256"],
  ["2.16.840.1.101.3.4.2.9", "sha3_384"],
  ["2.16.840.1.101.3.4.2.10", "sha3_512"],
]);

export function hashOf(oid) {
  return HASHES.get(oid) ?? null;
}

export function digestName(oid) {
  return DIGEST_NAMES.get(oid) ?? oid;
}

export async function digest(hash, bytes) {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes));
}

function fixedLength(value, length) {
  const bytes = expectTag(value, TAG.integer).content;
  const plain = bytes[0] === 0 ? bytes.subarray(1) : bytes;
  if (bytes.length === 0 || plain.length > length || bytes[0] & 0x80) {
    return null;
  }
  const padded = new Uint8Array(length);
  padded.set(plain, length - plain.length);
  return padded;
}

// The browser wants the two numbers of an ECDSA signature side by side and not as DER.
function plainSignature(signature, length) {
  let numbers;
  try {
    numbers = membersOf(expectTag(readDer(signature), TAG.sequence));
  } catch {
    return null;
  }
  if (numbers.length !== 2 || numbers.some((number) => number.tag !== TAG.integer)) {
    return null;
  }
  const [r, s] = numbers.map((number) => fixedLength(number, length));
  return r === null || s === null ? null : joinBytes(r, s);
}

export function keyKind(spki) {
  const [algorithm, key] = membersOf(readDer(spki));
  const [oid, parameter] = membersOf(algorithm);
  const kind = oidOf(oid);
  if (kind === RSA_KEY) {
    return { kind: "rsa" };
  }
  if (kind === ED25519) {
    return { kind: "ed25519", bytes: expectTag(key, TAG.bits).content.subarray(1) };
  }
  const curve = kind === EC_KEY && parameter?.tag === TAG.oid ? CURVES.get(oidOf(parameter)) : undefined;
  if (curve === undefined) {
    throw new Damaged("the key is of a kind that is not accepted");
  }
  return { kind: "ec", curve: curve[0], length: curve[1] };
}

async function verifyWith(spki, key, { hash, salt }, signature, message) {
  if (key.kind === "rsa") {
    const name = salt === null ? "RSASSA-PKCS1-v1_5" : "RSA-PSS";
    const imported = await crypto.subtle.importKey("spki", spki, { name, hash }, false, ["verify"]);
    return crypto.subtle.verify({ name, saltLength: salt ?? 0 }, imported, signature, message);
  }
  const plain = plainSignature(signature, key.length);
  if (plain === null) {
    return false;
  }
  const imported = await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: key.curve }, false, ["verify"]);
  return crypto.subtle.verify({ name: "ECDSA", hash }, imported, plain, message);
}

// Throws for a kind of key that nobody accepts; false says that key and signature do not fit.
// `parameters` are those of the algorithm, which only RSASSA-PSS has.
export async function verifySignature({ spki, algorithm, parameters, digestOid, signature, message }) {
  const key = keyKind(spki);
  if (algorithm === ED25519 && key.kind === "ed25519") {
    return verifyEd25519(key.bytes, signature, message);
  }
  if (algorithm === PSS && key.kind === "rsa") {
    return verifyWith(spki, key, pssParameters(parameters), signature, message);
  }
  const general = algorithm === RSA_KEY && hashOf(digestOid) !== null ? ["rsa", hashOf(digestOid)] : undefined;
  const used = SIGNATURES.get(algorithm) ?? general;
  if (used === undefined || used[0] !== key.kind) {
    return false;
  }
  return verifyWith(spki, key, { hash: used[1], salt: null }, signature, message);
}

// The salt's length of RSASSA-PSS (RFC 4055): 20 where it is not stated.
function pssParameters(parameters) {
  const parts = parameters === undefined ? [] : membersOf(expectTag(parameters, TAG.sequence));
  const hash = parts.find((part) => part.tag === 0xa0);
  const salt = parts.find((part) => part.tag === 0xa2);
  return {
    hash: hash === undefined ? null : hashOf(oidOf(membersOf(membersOf(hash)[0])[0])),
    salt: salt === undefined ? 20 : membersOf(salt)[0].content.reduce((value, octet) => value * 256 + octet, 0),
  };
}

// The hash and the salt that a token's signature uses; nothing where its kind is not accepted.
export function tokenAlgorithm(algorithm, digestOid) {
  const [kind, parameters] = membersOf(expectTag(algorithm, TAG.sequence));
  const oid = oidOf(kind);
  if (oid === PSS) {
    return pssParameters(parameters);
  }
  const hash = oid === RSA_KEY || oid === EC_KEY ? hashOf(digestOid) : SIGNATURES.get(oid)?.[1] ?? null;
  return { hash, salt: null };
}

export async function verifyToken(spki, algorithm, signature, message) {
  const key = keyKind(spki);
  if (key.kind === "ed25519") {
    throw new Damaged("the key is of a kind that is not accepted");
  }
  return verifyWith(spki, key, algorithm, signature, message);
}

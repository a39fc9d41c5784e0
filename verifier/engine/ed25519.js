// Checking an Ed25519 signature (RFC 8032), by the browser where it can and by hand where not.
// The equation is the one without a cofactor, which the command's library and the browsers check
// too. Nothing here is secret, so it need not take the same time for every input.

import { equalBytes } from "./bytes.js";

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function modulo(value, by = P) {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function power(base, exponent) {
  let result = 1n;
  let square = modulo(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) {
      result = modulo(result * square);
    }
    square = modulo(square * square);
  }
  return result;
}

const D = modulo(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

function littleEndian(bytes) {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    value = (value << 8n) | BigInt(bytes[at]);
  }
  return value;
}

// Points as (X : Y : Z : T) with x = X/Z, y = Y/Z and x * y = T/Z.
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = modulo((y1 - x1) * (y2 - x2));
  const b = modulo((y1 + x1) * (y2 + x2));
  const c = modulo(2n * D * t1 * t2);
  const d = modulo(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

function multiply(scalar, point) {
  let result = [0n, 1n, 1n, 0n];
  let doubled = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) {
      result = add(result, doubled);
    }
    doubled = add(doubled, doubled);
  }
  return result;
}

function encode([x, y, z]) {
  const inverse = power(z, P - 2n);
  const affineX = modulo(x * inverse);
  let value = modulo(y * inverse) | ((affineX & 1n) << 255n);
  const bytes = new Uint8Array(32);
  for (let at = 0; at < 32; at += 1) {
    bytes[at] = Number(value & 255n);
    value >>= 8n;
  }
  return bytes;
}

function decode(bytes) {
  const value = littleEndian(bytes);
  const sign = value >> 255n;
  const y = modulo(value & (2n ** 255n - 1n));
  const u = modulo(y * y - 1n);
  const v = modulo(D * y * y + 1n);
  let x = modulo(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  const check = modulo(v * x * x);
  if (check === modulo(-u)) {
    x = modulo(x * ROOT_OF_MINUS_ONE);
  } else if (check !== u) {
    return null;
  }
  if ((x & 1n) !== sign) {
    x = modulo(-x);
  }
  return [x, y, 1n, modulo(x * y)];
}

function basePoint() {
  const encoded = new Uint8Array(32).fill(0x66);
  encoded[0] = 0x58;
  return decode(encoded);
}

export async function verifyEd25519ByHand(publicKey, signature, message) {
  const s = littleEndian(signature.subarray(32));
  const key = decode(publicKey);
  if (signature.length !== 64 || s >= ORDER || key === null) {
    return false;
  }
  const joined = new Uint8Array(64 + message.length);
  joined.set(signature.subarray(0, 32));
  joined.set(publicKey, 32);
  joined.set(message, 64);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", joined));
  const h = modulo(littleEndian(hash), ORDER);
  const negated = [modulo(-key[0]), key[1], key[2], modulo(-key[3])];
  const wanted = add(multiply(s, basePoint()), multiply(h, negated));
  return equalBytes(encode(wanted), signature.subarray(0, 32));
}

export async function verifyEd25519(publicKey, signature, message) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return verifyEd25519ByHand(publicKey, signature, message);
  }
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
}

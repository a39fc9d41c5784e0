// The one form of a time-stamp token in a seal, so that none of its bytes is beyond checking.
// The rules are those of docs/record-format.md section 4b.

import { compareBytes, equalBytes, fromHex } from "./bytes.js";
import { isIssuedBy } from "./certificates.js";
import { ALGORITHM_PROTECTION, attributesOf, readSignedData } from "./cms.js";
import { TAG, encodeDer, expectTag, membersOf } from "./der.js";
import { keyKind } from "./keys.js";
import { BadToken, MAX_CERTIFICATES, findSigner } from "./tokens.js";

const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
const CONTEXT_2 = 0xa2;
const NULL = fromHex("0500");
const VERSION_1 = fromHex("020101");
const VERSION_3 = fromHex("020103");
const SIGNED_DATA = fromHex("06092a864886f70d010702");
const TST_INFO = fromHex("060b2a864886f70d0109100104");
const PSS = fromHex("06092a864886f70d01010a");
const MGF1 = fromHex("06092a864886f70d010108");

// By hash: its own name, with ECDSA, with RSA, and the octets of a salt.
const NAMES = new Map([
  ["SHA-256", ["0609608648016503040201", "06082a8648ce3d040302", "06092a864886f70d01010b", 32]],
  ["SHA-384", ["0609608648016503040202", "06082a8648ce3d040303", "06092a864886f70d01010c", 48]],
  ["SHA-512", ["0609608648016503040203", "06082a8648ce3d040304", "06092a864886f70d01010d", 64]],
]);

function encodeHash(name) {
  return encodeDer(TAG.sequence, fromHex(NAMES.get(name)[0]), NULL);
}

function encodeAlgorithm(token, signer) {
  const { hash, salt } = token.algorithm;
  const [, ecdsa, rsa, length] = NAMES.get(hash);
  if (keyKind(signer.spki).kind === "ec") {
    return encodeDer(TAG.sequence, fromHex(ecdsa));
  }
  if (salt === null) {
    return encodeDer(TAG.sequence, fromHex(rsa), NULL);
  }
  const parameters = encodeDer(
    TAG.sequence,
    encodeDer(CONTEXT_0, encodeHash(hash)),
    encodeDer(CONTEXT_1, encodeDer(TAG.sequence, MGF1, encodeHash(hash))),
    encodeDer(CONTEXT_2, Uint8Array.of(TAG.integer, 1, length)),
  );
  return encodeDer(TAG.sequence, PSS, parameters);
}

// RFC 6211: where the authority signed the spelling that it used, that is the one.
function algorithmsOf(token, signedData, signer) {
  const protection = attributesOf(signedData.signer).find(({ type }) => type === ALGORITHM_PROTECTION);
  if (protection === undefined) {
    return [encodeHash(token.digestHash), encodeAlgorithm(token, signer)];
  }
  const [digestAlgorithm, algorithm] = membersOf(expectTag(protection.values[0], TAG.sequence));
  return [digestAlgorithm.raw, encodeDer(TAG.sequence, expectTag(algorithm, CONTEXT_1).content)];
}

// The signer's certificate and those above it, up to one that signs itself; without such an end
// the signer's stands alone.
async function chainOf(token, signer) {
  const path = [signer];
  while (!(await isIssuedBy(path[path.length - 1], path[path.length - 1]))) {
    let issuer = null;
    for (const one of token.certificates) {
      const isNew = !path.some((known) => equalBytes(known.raw, one.raw));
      if (issuer === null && isNew && (await isIssuedBy(path[path.length - 1], one))) {
        issuer = one;
      }
    }
    if (issuer === null || path.length === MAX_CERTIFICATES) {
      return [signer];
    }
    path.push(issuer);
  }
  return path;
}

async function compose(bytes, token, signer) {
  const signedData = readSignedData(bytes);
  const [hash, algorithm] = algorithmsOf(token, signedData, signer);
  const info = encodeDer(
    TAG.sequence,
    VERSION_1,
    encodeDer(TAG.sequence, token.issuer, token.serial),
    hash,
    encodeDer(CONTEXT_0, signedData.signer.signed.content),
    algorithm,
    encodeDer(TAG.octets, token.signature),
  );
  const certificates = (await chainOf(token, signer)).map(({ raw }) => raw).sort(compareBytes);
  const body = encodeDer(
    TAG.sequence,
    VERSION_3,
    encodeDer(TAG.set, hash),
    encodeDer(TAG.sequence, TST_INFO, encodeDer(CONTEXT_0, encodeDer(TAG.octets, token.raw))),
    encodeDer(CONTEXT_0, ...certificates),
    encodeDer(TAG.set, info),
  );
  return encodeDer(TAG.sequence, SIGNED_DATA, encodeDer(CONTEXT_0, body));
}

export async function requireOneForm(bytes, token) {
  const signer = findSigner(token, []);
  if (signer === null) {
    throw new BadToken("the time-stamp does not carry its certificate");
  }
  let composed;
  try {
    composed = await compose(bytes, token, signer);
  } catch {
    throw new BadToken("the token is of an unknown form");
  }
  if (!equalBytes(composed, bytes)) {
    throw new BadToken("a part of the time-stamp that nobody signs was altered");
  }
}

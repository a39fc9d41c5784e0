// The one form of a seal: its value, composed anew from what was verified.

import { compareBytes, equalBytes, fromHex } from "./bytes.js";
import { BadSignature, DATA, unsignedAttributes } from "./cms.js";
import { TAG, encodeDer } from "./der.js";

const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
const SHA_256 = "2.16.840.1.101.3.4.2.1";

const VERSION_1 = fromHex("020101");
const SHA_256_VALUE = fromHex("300d06096086480165030402010500");
const DATA_VALUE = fromHex("300b06092a864886f70d010701");
const STAMP_VALUE = fromHex("060b2a864886f70d010910020e");
const SIGNED_DATA_VALUE = fromHex("06092a864886f70d010702");

// ECDSA with SHA-256; RSA with SHA-256, PKCS #1 v1.5; the same under its general name.
const SEAL_ALGORITHMS = ["300a06082a8648ce3d040302", "300d06092a864886f70d01010b0500", "300d06092a864886f70d0101010500"].map(fromHex);

// The time-stamp over the signature, where there is one; it is checked by itself.
function stampOf(signer) {
  const [attribute] = unsignedAttributes(signer);
  if (attribute === undefined) {
    return new Uint8Array();
  }
  const token = encodeDer(TAG.set, attribute.values[0].raw);
  return encodeDer(CONTEXT_1, encodeDer(TAG.sequence, STAMP_VALUE, token));
}

// Much of the value is signed by nobody. Composed anew from its verified parts, and compared as
// a whole, no byte of it is left to chance.
export function requireExact(signedData, value, chain) {
  const { signer } = signedData;
  if (!SEAL_ALGORITHMS.some((known) => equalBytes(known, signer.algorithm.raw))) {
    throw new BadSignature("the seal is of a kind this software does not make");
  }
  if (signer.signed === null || signedData.contentType !== DATA || signer.digestOid !== SHA_256) {
    throw new BadSignature("a part of the seal that nobody signs was altered");
  }
  const own = chain[chain.length - 1];
  const info = encodeDer(
    TAG.sequence,
    VERSION_1,
    encodeDer(TAG.sequence, own.issuer, own.serial),
    SHA_256_VALUE,
    encodeDer(CONTEXT_0, signer.signed.content),
    signer.algorithm.raw,
    encodeDer(TAG.octets, signer.signature.content),
    stampOf(signer),
  );
  const certificates = chain.map((certificate) => certificate.raw).sort(compareBytes);
  const body = encodeDer(
    TAG.sequence,
    VERSION_1,
    encodeDer(TAG.set, SHA_256_VALUE),
    DATA_VALUE,
    encodeDer(CONTEXT_0, ...certificates),
    encodeDer(TAG.set, info),
  );
  const whole = encodeDer(TAG.sequence, SIGNED_DATA_VALUE, encodeDer(CONTEXT_0, body));
  if (!equalBytes(whole, value)) {
    throw new BadSignature("a part of the seal that nobody signs was altered");
  }
}

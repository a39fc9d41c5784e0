// The value of a signature (RFC 5652): read, and judged.

import { Damaged, equalBytes, fromUtf8, joinBytes, latin1 } from "./bytes.js";
import { readCertificate } from "./certificates.js";
import { TAG, expectTag, membersOf, oidOf, readDer, timeOf } from "./der.js";
import { digest, hashOf, verifySignature } from "./keys.js";

export class BadSignature extends Error {}

const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
const CONSTRUCTED = 0x20;
export const DATA = "1.2.840.113549.1.7.1";
export const TIME_STAMP = "1.2.840.113549.1.9.16.1.4";
export const CONTENT_TYPE = "1.2.840.113549.1.9.3";
export const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
export const SEAL_TIME_STAMP = "1.2.840.113549.1.9.16.2.14";
const SIGNING_TIME = "1.2.840.113549.1.9.5";
export const ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52";
const SIGNING_CERTIFICATE_1 = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.47";

// Whether a tag is this one, be the value said to have parts or not. What nobody signs is only
// sorted here; that it is spelt in its one way is asked by seal_form.js.
function isLike(value, tag) {
  return value !== undefined && (value.tag & ~CONSTRUCTED) === (tag & ~CONSTRUCTED);
}

function readSigner(value) {
  const [, sid, digestAlgorithm, ...rest] = membersOf(expectTag(value, TAG.sequence));
  const signed = isLike(rest[0], CONTEXT_0) ? rest.shift() : null;
  const [algorithm, signature, unsigned, ...more] = rest;
  if (signature === undefined) {
    throw new Damaged("a signer is of another form");
  }
  return {
    sid,
    digestOid: oidOf(membersOf(expectTag(digestAlgorithm, TAG.sequence))[0]),
    signed,
    algorithm,
    signature,
    unsigned: unsigned ?? null,
    isWhole: more.length === 0 && (unsigned === undefined || isLike(unsigned, CONTEXT_1)),
  };
}

export function readSignedData(value) {
  const [kind, wrapper] = membersOf(expectTag(readDer(value), TAG.sequence));
  if (oidOf(kind) !== "1.2.840.113549.1.7.2") {
    throw new Damaged("the value is not a signature");
  }
  const [body] = membersOf(expectTag(wrapper, CONTEXT_0));
  const [, , encapsulated, ...rest] = membersOf(expectTag(body, TAG.sequence));
  const certificates = isLike(rest[0], CONTEXT_0) ? rest.shift() : null;
  if (isLike(rest[0], CONTEXT_1)) {
    rest.shift();
  }
  const signers = membersOf(expectTag(rest[0], TAG.set));
  if (rest.length !== 1 || signers.length !== 1) {
    throw new Damaged("the value is of another form, or has more than one signer");
  }
  const [type, content] = membersOf(expectTag(encapsulated, TAG.sequence));
  return {
    contentType: oidOf(type),
    content: content === undefined ? null : expectTag(content, CONTEXT_0),
    certificates,
    signer: readSigner(signers[0]),
  };
}

// The kinds of text that a name can be written in: UTF-8, printable, telex, ASCII, numbers, wide.
const TEXTS = [0x0c, 0x13, 0x14, 0x16, 0x12, 0x1c, 0x1e];

function requireName(name) {
  for (const set of membersOf(expectTag(name, TAG.sequence))) {
    for (const pair of membersOf(expectTag(set, TAG.set))) {
      const [type, value] = membersOf(expectTag(pair, TAG.sequence));
      oidOf(type);
      if (!TEXTS.includes(value?.tag)) {
        throw new Damaged("a name is not made of texts");
      }
      if (value.tag === 0x0c) {
        fromUtf8(value.content);
      }
    }
  }
}

// ESSCertID and ESSCertIDv2 (RFC 5035): the hash, and by whom and under which number.
function readCertificateId(value, isSecond) {
  const [list] = membersOf(expectTag(value, TAG.sequence));
  const parts = membersOf(expectTag(membersOf(expectTag(list, TAG.sequence))[0], TAG.sequence));
  let hash = isSecond ? "SHA-256" : "SHA-1";
  if (isSecond && parts[0].tag === TAG.sequence) {
    hash = hashOf(oidOf(membersOf(parts.shift())[0]));
  }
  const found = { hash, digest: expectTag(parts[0], TAG.octets).content, issuer: null, serial: null };
  if (parts.length > 1) {
    const [names, serial] = membersOf(expectTag(parts[1], TAG.sequence));
    const [name, ...more] = membersOf(expectTag(names, TAG.sequence));
    found.issuer = membersOf(expectTag(name, 0xa4))[0];
    found.serial = expectTag(serial, TAG.integer);
    requireName(found.issuer);
    if (more.length > 0 || parts.length > 2) {
      throw new Damaged("the signature names its certificate in an unusual way");
    }
  }
  return found;
}

export function attributesOf(signer) {
  return membersOf(signer.signed).map((attribute) => {
    const [type, set] = membersOf(expectTag(attribute, TAG.sequence));
    const [kind, values] = [oidOf(type), membersOf(expectTag(set, TAG.set))];
    if (kind === SIGNING_CERTIFICATE_1 || kind === SIGNING_CERTIFICATE_2) {
      values.forEach((value) => readCertificateId(value, kind === SIGNING_CERTIFICATE_2));
    }
    if (kind === CONTENT_TYPE) {
      values.forEach(oidOf);
    }
    return { type: kind, values };
  });
}

// What stands beside the signature without being under it: at most a time-stamp over it.
export function unsignedAttributes(signer) {
  const parts = signer.unsigned === null ? [] : membersOf(expectTag(signer.unsigned, CONTEXT_1));
  return parts.map((attribute) => {
    const [type, set] = membersOf(expectTag(attribute, TAG.sequence));
    const { content } = expectTag(set, TAG.set);
    // What it holds is taken apart only when asked for: damage in it is for the reader of a token.
    return { type: oidOf(type), content, get values() { return membersOf(set); } };
  });
}

function valuesOf(signer, type) {
  return attributesOf(signer)
    .filter((attribute) => attribute.type === type)
    .flatMap((attribute) => attribute.values);
}

// The digest of the file that the signer signed; ours where it is not written down.
export function statedDigest(signedData, ours) {
  const signer = signedData.signer;
  if (signer.signed === null || signer.signed.content.length === 0) {
    return ours;
  }
  const found = attributesOf(signer).filter((attribute) => attribute.type === MESSAGE_DIGEST);
  if (found.length !== 1 || found[0].values.length !== 1) {
    throw new BadSignature("the signature does not state one digest");
  }
  return expectTag(found[0].values[0], TAG.octets).content;
}

export function requirePlain(signedData) {
  if (signedData.contentType !== TIME_STAMP && signedData.content !== null) {
    throw new BadSignature("the value carries content of its own");
  }
}

export function signingTime(signedData) {
  const values = signedData.signer.signed === null ? [] : valuesOf(signedData.signer, SIGNING_TIME);
  return values.length === 1 ? timeOf(values[0]) : null;
}

// The signer's certificate and the others, as the signer names its own by issuer and number.
export function partCertificates(signedData) {
  const [issuer, serial] = membersOf(expectTag(signedData.signer.sid, TAG.sequence));
  let signer = null;
  const others = [];
  const parts = signedData.certificates === null ? [] : membersOf(expectTag(signedData.certificates, CONTEXT_0));
  for (const part of parts.filter((each) => each.tag === TAG.sequence)) {
    const certificate = readCertificate(part.raw);
    if (isSameName(certificate.issuer, issuer.raw) && equalBytes(certificate.serial, serial.raw)) {
      signer = certificate;
    } else {
      others.push(certificate);
    }
  }
  if (signer === null) {
    throw new Damaged("the signer's certificate is not in the value");
  }
  return { signer, others };
}

// How the signed attributes name the signer's certificate; nothing where they do not.
export function signingCertificateOf(signer) {
  const second = valuesOf(signer, SIGNING_CERTIFICATE_2);
  const first = valuesOf(signer, SIGNING_CERTIFICATE_1);
  if (second.length > 1 || (second.length === 0 && first.length > 1)) {
    throw new Damaged("the signature names its certificate twice");
  }
  const value = second[0] ?? first[0];
  return value === undefined ? null : readCertificateId(value, second.length === 1);
}

async function checkSigningCertificate(signer, certificate) {
  const named = signingCertificateOf(signer);
  if (named === null) {
    return;
  }
  const same =
    named.hash !== null &&
    equalBytes(named.digest, await digest(named.hash, certificate.raw)) &&
    (named.issuer === null || (isSameName(named.issuer.raw, certificate.issuer) && equalBytes(named.serial.raw, certificate.serial)));
  if (!same) {
    throw new Damaged("the signature names another certificate");
  }
}

// Letters of one name may be large in one place and small in another (RFC 5280, section 7.1).
function isSameName(left, right) {
  return latin1(left).toLowerCase() === latin1(right).toLowerCase();
}

function checkProtection(signer) {
  const values = valuesOf(signer, ALGORITHM_PROTECTION);
  if (values.length === 0) {
    return;
  }
  const [digestAlgorithm, signatureAlgorithm] = membersOf(expectTag(values[0], TAG.sequence));
  const same =
    values.length === 1 &&
    oidOf(membersOf(digestAlgorithm)[0]) === signer.digestOid &&
    signatureAlgorithm?.tag === CONTEXT_1 &&
    equalBytes(signatureAlgorithm.content, signer.algorithm.content);
  if (!same) {
    throw new Damaged("the signature protects other algorithms");
  }
}

// Whether the key in the certificate made the signature over a file with this digest.
export async function isMadeBy(signedData, certificate, fileBytes, fileDigest) {
  const { signer } = signedData;
  let message = fileBytes;
  if (!signer.isWhole) {
    throw new Damaged("a signer is of another form");
  }
  if (signer.signed !== null) {
    expectTag(signer.signed, CONTEXT_0);
    checkProtection(signer);
    await checkSigningCertificate(signer, certificate);
    const types = valuesOf(signer, CONTENT_TYPE);
    if (types.length !== 1 || oidOf(types[0]) !== signedData.contentType) {
      throw new Damaged("the signature is over content of another kind");
    }
    message = joinBytes(Uint8Array.of(TAG.set), signer.signed.raw.subarray(1));
    if (!equalBytes(statedDigest(signedData, fileDigest), fileDigest)) {
      return false;
    }
  }
  const [algorithm, parameters] = membersOf(expectTag(signer.algorithm, TAG.sequence));
  return verifySignature({
    spki: certificate.spki,
    algorithm: oidOf(algorithm),
    parameters,
    digestOid: signer.digestOid,
    signature: expectTag(signer.signature, TAG.octets).content,
    message,
  });
}

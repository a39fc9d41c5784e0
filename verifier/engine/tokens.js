// Time-stamp tokens (RFC 3161): what one says, who signed it, and whether that authority is
// pinned. The rules are those of docs/record-format.md section 4a; a token is judged as of its
// own time, never by a clock.

import { MAX_TOKEN_BYTES } from "./anchor_parts.js";
import { equalBytes, joinBytes } from "./bytes.js";
import { isAuthority, isForTimeStamps, isIssuedBy, readCertificate } from "./certificates.js";
import { CONTENT_TYPE, MESSAGE_DIGEST, TIME_STAMP, attributesOf, readSignedData, signingCertificateOf } from "./cms.js";
import { TAG, expectTag, membersOf, oidOf, readDer, timeOf } from "./der.js";
import { digest, digestName, hashOf, tokenAlgorithm, verifyToken } from "./keys.js";

export class BadToken extends Error {}

export const MAX_CERTIFICATES = 8;

function knownHash(oid) {
  const hash = hashOf(oid);
  if (hash === null) {
    throw new BadToken(`the hash algorithm '${digestName(oid).slice(0, 20)}' is not accepted`);
  }
  return hash;
}

export function readImprint(signedData) {
  if (signedData.contentType !== TIME_STAMP) {
    throw new BadToken("the token is not a time-stamp of one signer");
  }
  const raw = expectTag(membersOf(signedData.content)[0], TAG.octets).content;
  const [version, , imprint, , genTime] = membersOf(expectTag(readDer(raw), TAG.sequence));
  if (version.tag !== TAG.integer || version.content.length !== 1 || version.content[0] !== 1) {
    throw new BadToken("the token is of another version");
  }
  const [algorithm, hashed] = membersOf(expectTag(imprint, TAG.sequence));
  return {
    raw,
    imprintOid: oidOf(membersOf(algorithm)[0]),
    imprint: expectTag(hashed, TAG.octets).content,
    genTime: timeOf(expectTag(genTime, TAG.generalizedTime)),
  };
}

function readCertificates(signedData) {
  const parts = signedData.certificates === null ? [] : membersOf(expectTag(signedData.certificates, 0xa0));
  if (parts.length > MAX_CERTIFICATES) {
    throw new BadToken("the token carries too many certificates");
  }
  return parts.map((part) => readCertificate(part.raw));
}

function onlyValue(attributes, type) {
  return attributes.find((attribute) => attribute.type === type)?.values[0];
}

async function checkAttributes(signer, statement) {
  const attributes = attributesOf(signer);
  const types = attributes.map((attribute) => attribute.type);
  if (new Set(types).size !== types.length || attributes.some((attribute) => attribute.values.length !== 1)) {
    throw new BadToken("a signed attribute is given twice");
  }
  const hash = knownHash(signer.digestOid);
  if (oidOf(onlyValue(attributes, CONTENT_TYPE)) !== TIME_STAMP) {
    throw new BadToken("the token's signature is over another kind of content");
  }
  const told = expectTag(onlyValue(attributes, MESSAGE_DIGEST), TAG.octets).content;
  if (!equalBytes(await digest(hash, statement.raw), told)) {
    throw new BadToken("the token's content was altered");
  }
}

async function readParts(bytes) {
  const signedData = readSignedData(bytes);
  const { signer } = signedData;
  const statement = readImprint(signedData);
  const imprintHash = knownHash(statement.imprintOid);
  const [issuer, serial] = membersOf(expectTag(signer.sid, TAG.sequence));
  const certificates = readCertificates(signedData);
  await checkAttributes(signer, statement);
  const named = signingCertificateOf(signer);
  if (named === null || named.hash === null) {
    throw new BadToken("the token does not name its certificate");
  }
  const algorithm = tokenAlgorithm(signer.algorithm, signer.digestOid);
  if (algorithm.hash === null) {
    throw new BadToken("the token's signature is of a kind that is not accepted");
  }
  return {
    ...statement,
    imprintHash,
    issuer: issuer.raw,
    serial: expectTag(serial, TAG.integer).raw,
    certificates,
    named,
    algorithm,
    digestHash: knownHash(signer.digestOid),
    attributes: joinBytes(Uint8Array.of(TAG.set), expectTag(signer.signed, 0xa0).raw.subarray(1)),
    signature: expectTag(signer.signature, TAG.octets).content,
  };
}

export async function readToken(bytes) {
  if (bytes.length > MAX_TOKEN_BYTES) {
    throw new BadToken("the token is larger than any");
  }
  try {
    return await readParts(bytes);
  } catch (error) {
    throw error instanceof BadToken ? error : new BadToken("the token cannot be read");
  }
}

export async function isOver(token, message) {
  return equalBytes(await digest(token.imprintHash, message), token.imprint);
}

export function findSigner(token, pinned) {
  const isNamed = (one) => equalBytes(one.issuer, token.issuer) && equalBytes(one.serial, token.serial);
  return [...token.certificates, ...pinned].find(isNamed) ?? null;
}

export async function namesSigner(token, signer) {
  return equalBytes(await digest(token.named.hash, signer.raw), token.named.digest);
}

export async function requireSignature(token, signer) {
  if (!(await namesSigner(token, signer))) {
    throw new BadToken("the token names another certificate than its signer's");
  }
  let holds = false;
  try {
    holds = await verifyToken(signer.spki, token.algorithm, token.signature, token.attributes);
  } catch {
    // A key of a kind that the browser does not know made no signature that we can accept.
  }
  if (!holds) {
    throw new BadToken("the token's signature is wrong");
  }
}

async function findIssuer(path, candidates) {
  for (const one of candidates) {
    const isNew = !path.some((known) => equalBytes(known.raw, one.raw));
    if (isNew && isAuthority(one) && (await isIssuedBy(path[path.length - 1], one))) {
      return one;
    }
  }
  return null;
}

// From the signer up to the first pinned certificate.
async function findPinned(signer, carried, pinned) {
  const path = [signer];
  while (!pinned.some((one) => equalBytes(one.raw, path[path.length - 1].raw))) {
    const issuer = await findIssuer(path, [...pinned, ...carried]);
    if (issuer === null || path.length > MAX_CERTIFICATES) {
      return null;
    }
    path.push(issuer);
  }
  return path;
}

// Why a token whose signature holds does not count; nothing if it counts.
export async function whyIgnored(token, signer, pinned) {
  if (!isForTimeStamps(signer)) {
    return "its certificate is not for time-stamping alone";
  }
  const path = await findPinned(signer, token.certificates, pinned);
  if (path === null) {
    return pinned.length > 0 ? "nobody pinned its authority" : "you pinned no authority";
  }
  const inTime = path.every((one) => one.notBefore <= token.genTime && token.genTime <= one.notAfter);
  return inTime ? null : "a certificate of its authority was not valid at that time";
}

// X.509 certificates: what this page needs of them, and the way from a signer to a root.

import { Damaged, equalBytes, fromBase64, fromUtf8, latin1, toHex } from "./bytes.js";
import { TAG, expectTag, membersOf, oidOf, readDer, timeOf } from "./der.js";
import { verifySignature } from "./keys.js";
import { sha256 } from "./sha256.js";

const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const NAME_CONSTRAINTS = "2.5.29.30";
const ALTERNATIVE_NAMES = "2.5.29.17";

// A critical extension outside of this list is one that this page cannot honour.
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, ALTERNATIVE_NAMES, "2.5.29.37", "2.5.29.14", "2.5.29.35"]);

const DIGITAL_SIGNATURE = 0x80;
const NON_REPUDIATION = 0x40;
const KEY_CERT_SIGN = 0x04;
const LONGEST_PATH = 6;

const SHORT_NAMES = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["2.5.4.6", "C"],
  ["2.5.4.9", "STREET"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["0.9.2342.19200300.100.1.1", "UID"],
]);

function readExtensions(wrapper) {
  const found = new Map();
  for (const extension of membersOf(expectTag(membersOf(wrapper)[0], TAG.sequence))) {
    const parts = membersOf(extension);
    const critical = parts.length === 3 && parts[1].tag === 0x01 && parts[1].content[0] === 0xff;
    const oid = oidOf(parts[0]);
    if (found.has(oid)) {
      throw new Damaged("an extension is given twice");
    }
    found.set(oid, { critical, value: expectTag(parts[parts.length - 1], TAG.octets).content });
  }
  return found;
}

export function readCertificate(raw) {
  const [tbs, algorithm, signature, ...more] = membersOf(expectTag(readDer(raw), TAG.sequence));
  if (more.length > 0 || expectTag(signature, TAG.bits).content[0] !== 0) {
    throw new Damaged("a certificate is of another form");
  }
  const fields = membersOf(expectTag(tbs, TAG.sequence));
  const versioned = fields[0].tag === 0xa0 ? fields.slice(1) : fields;
  const [serial, inner, issuer, validity, subject, spki, ...rest] = versioned;
  if (!equalBytes(inner.raw, expectTag(algorithm, TAG.sequence).raw)) {
    throw new Damaged("a certificate names two algorithms");
  }
  const [notBefore, notAfter] = membersOf(validity).map(timeOf);
  const extensions = rest.find((field) => field.tag === 0xa3);
  return {
    raw,
    tbs: tbs.raw,
    serial: expectTag(serial, TAG.integer).raw,
    issuer: expectTag(issuer, TAG.sequence).raw,
    subject: expectTag(subject, TAG.sequence).raw,
    spki: expectTag(spki, TAG.sequence).raw,
    notBefore,
    notAfter,
    algorithm: oidOf(membersOf(algorithm)[0]),
    parameters: membersOf(algorithm)[1],
    signature: signature.content.subarray(1),
    extensions: extensions === undefined ? new Map() : readExtensions(extensions),
  };
}

// Every certificate of a text in PEM; a text without any is an error.
export function readPems(text) {
  const found = [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)];
  const raws = found.map((match) => fromBase64(match[1].replace(/\s+/g, "")));
  if (raws.length === 0 || raws.includes(null)) {
    throw new Damaged("it is not a certificate in PEM");
  }
  return raws.map(readCertificate);
}

// The first, which is the one that the command takes.
export function readPem(text) {
  return readPems(text)[0];
}

export function fingerprintOf(certificate) {
  return toHex(sha256(certificate.raw)).replace(/.{4}(?=.)/g, "$& ");
}

function decodeText(value) {
  if (value.tag === 0x0c) {
    return fromUtf8(value.content);
  }
  if (value.tag === 0x1e) {
    return new TextDecoder("utf-16be").decode(value.content);
  }
  return latin1(value.content);
}

function escapeName(text) {
  let escaped = text.replace(/[\\"+,;<>]/g, "\\$&").replaceAll("\u0000", "\\00");
  if (/^[# ]/.test(escaped)) {
    escaped = `\\${escaped}`;
  }
  return escaped.endsWith(" ") ? `${escaped.slice(0, -1)}\\ ` : escaped;
}

// The subject as RFC 4514 writes names: last part first.
export function subjectText(certificate) {
  const parts = membersOf(readDer(certificate.subject)).map((set) =>
    membersOf(set)
      .map((pair) => {
        const [oid, value] = membersOf(pair);
        const name = oidOf(oid);
        return `${SHORT_NAMES.get(name) ?? name}=${escapeName(decodeText(value))}`;
      })
      .join("+"),
  );
  return parts.reverse().join(",");
}

// The addresses among the alternative names; nothing where there are no such names at all.
export function alternativeUris(certificate) {
  const extension = certificate.extensions.get(ALTERNATIVE_NAMES);
  if (extension === undefined) {
    return [];
  }
  return membersOf(readDer(extension.value))
    .filter((name) => name.tag === 0x86)
    .map((name) => latin1(name.content));
}

function keyUsage(certificate) {
  const extension = certificate.extensions.get(KEY_USAGE);
  return extension === undefined ? null : expectTag(readDer(extension.value), TAG.bits).content[1] ?? 0;
}

function basicConstraints(certificate) {
  const extension = certificate.extensions.get(BASIC_CONSTRAINTS);
  if (extension === undefined) {
    return { ca: false, longest: Infinity };
  }
  const parts = membersOf(readDer(extension.value));
  const ca = parts[0]?.tag === 0x01 && parts[0].content[0] === 0xff;
  const limit = parts.find((part) => part.tag === TAG.integer);
  return { ca, longest: limit === undefined ? Infinity : limit.content[limit.content.length - 1] };
}

export function isAuthority(certificate) {
  return basicConstraints(certificate).ca;
}

// RFC 3161 section 2.3: for time-stamping alone, and critical.
export function isForTimeStamps(certificate) {
  const usage = certificate.extensions.get("2.5.29.37");
  if (usage === undefined || !usage.critical) {
    return false;
  }
  return membersOf(expectTag(readDer(usage.value), TAG.sequence)).map(oidOf).join() === "1.3.6.1.5.5.7.3.8";
}

// The name under which an authority is shown: its common name, else its whole subject.
export function authorityName(certificate) {
  const pairs = membersOf(readDer(certificate.subject)).flatMap(membersOf).map(membersOf);
  const common = pairs.find(([oid]) => oidOf(oid) === "2.5.4.3");
  return common === undefined ? subjectText(certificate) : decodeText(common[1]);
}

function maySign(certificate) {
  const usage = keyUsage(certificate);
  return usage !== null && (usage & (DIGITAL_SIGNATURE | NON_REPUDIATION)) !== 0;
}

function isUsable(certificate, moment) {
  const odd = [...certificate.extensions].some(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid));
  const inTime = certificate.notBefore <= moment && moment <= certificate.notAfter;
  // Limits on names are honoured by refusing whoever states them: our own roots state none.
  return !odd && inTime && !certificate.extensions.has(NAME_CONSTRAINTS);
}

function mayIssue(certificate, below) {
  const { ca, longest } = basicConstraints(certificate);
  const usage = keyUsage(certificate);
  return ca && below <= longest && (usage === null || (usage & KEY_CERT_SIGN) !== 0);
}

export async function isIssuedBy(certificate, issuer) {
  if (!equalBytes(certificate.issuer, issuer.subject)) {
    return false;
  }
  try {
    return await verifySignature({
      spki: issuer.spki,
      algorithm: certificate.algorithm,
      parameters: certificate.parameters,
      digestOid: "",
      signature: certificate.signature,
      message: certificate.tbs,
    });
  } catch {
    return false;
  }
}

async function climb(path, others, roots, moment) {
  const top = path[0];
  if (!isUsable(top, moment) || path.length > LONGEST_PATH) {
    return null;
  }
  for (const root of roots) {
    if (await isIssuedBy(top, root)) {
      return [root, ...path];
    }
  }
  for (const other of others) {
    const fresh = !path.includes(other) && mayIssue(other, path.length - 1);
    const longer = fresh && (await isIssuedBy(top, other)) ? await climb([other, ...path], others, roots, moment) : null;
    if (longer !== null) {
      return longer;
    }
  }
  return null;
}

// From the root down to the signer, both included; nothing where no way leads there.
export async function findPath(signer, others, roots, moment) {
  const own = roots.find((root) => equalBytes(root.raw, signer.raw));
  if (own !== undefined) {
    return [own];
  }
  return maySign(signer) ? climb([signer], others, roots, moment) : null;
}

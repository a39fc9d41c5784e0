// The ledger layer: whose log it is, what its signed root is, and that these entries are under it.

import { equalBytes, fromBase64, utf8 } from "./bytes.js";
import { alternativeUris, readPem, subjectText } from "./certificates.js";
import { NotCanonical } from "./canonical.js";
import { verifySignature } from "./keys.js";
import { BadNote, openNote, parseVerifierKey } from "./note.js";
import { NotAnAudit } from "./shape.js";
import { BadProof, hashLeaf, verifyInclusion, verifyRange } from "./tree.js";
import { check } from "./verdict.js";

const NOTE_KEY_DOMAIN = "aseptrail/note-key/v1\n";
const CLINIC_URI = "urn:uuid:";

function checkClinicCertificate(audit, signer) {
  const [code, name] = ["clinic_certificate", "The certificate is this clinic's"];
  const ids = alternativeUris(signer)
    .filter((uri) => uri.startsWith(CLINIC_URI))
    .map((uri) => uri.slice(CLINIC_URI.length));
  if (ids.length === 0) {
    // A certificate bought elsewhere knows nothing of our ids; its subject is what counts.
    const reason = `It was issued elsewhere, for ${subjectText(signer)}: compare that with the clinic's name.`;
    return check(code, name, null, reason);
  }
  const holds = ids.length === 1 && ids[0] === audit.data.clinic.id;
  return check(code, name, holds, holds ? "It names the clinic." : "No: it belongs to another clinic.");
}

async function signedKey(audit, signer) {
  const signature = fromBase64(audit.data.note_key_certificate.signature);
  const message = utf8(`${NOTE_KEY_DOMAIN}${audit.data.note_key}\n`);
  const algorithms = ["1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"];
  for (const algorithm of signature === null ? [] : algorithms) {
    // The key is of one kind or the other.
    if (await verifySignature({ spki: signer.spki, algorithm, digestOid: "", signature, message })) {
      return true;
    }
  }
  return false;
}

async function checkNoteKey(audit, signer) {
  const [code, name] = ["note_key", "The clinic's certificate vouches for the key that signs the log"];
  const wrong = check(code, name, false, "No: its signature over the key is wrong.");
  let certificate;
  try {
    certificate = readPem(audit.data.note_key_certificate.certificate);
  } catch {
    return wrong;
  }
  if (!equalBytes(certificate.raw, signer.raw)) {
    return check(code, name, false, "No: another certificate vouches for it than the one that sealed the file.");
  }
  return (await signedKey(audit, signer)) ? check(code, name, true, "It signed the key.") : wrong;
}

function checkpointProblem(audit, keyName, stated) {
  const origin = `aseptrail/${audit.data.clinic.id}`;
  if (stated.origin !== origin || keyName !== origin) {
    return "the signed statement is about another log";
  }
  if (stated.size !== BigInt(audit.size) || !equalBytes(stated.root, audit.root)) {
    return "the signed statement gives another size or root than the report";
  }
  return stated.extensions.length > 0 ? "the signed statement says more than a checkpoint should" : null;
}

async function checkCheckpoint(audit) {
  const [code, name] = ["checkpoint", "The clinic signed the size and root of its log"];
  try {
    const key = parseVerifierKey(audit.data.note_key);
    const stated = await openNote(audit.data.checkpoint, audit.data.note_key);
    const problem = checkpointProblem(audit, key.name, stated);
    if (problem !== null) {
      return check(code, name, false, `No: ${problem}.`);
    }
  } catch (error) {
    if (!(error instanceof BadNote)) {
      throw error;
    }
    return check(code, name, false, `No: ${error.message}.`);
  }
  return check(code, name, true, `It has ${audit.size} entries.`);
}

function checkRange(audit) {
  const [code, name] = ["range", "The entries are all those of the range, unaltered and in order"];
  try {
    verifyRange(audit);
  } catch (error) {
    if (!(error instanceof BadProof)) {
      throw error;
    }
    return check(code, name, false, `No: ${error.message}. An entry was removed, added, altered or moved.`);
  }
  return check(code, name, true, `${audit.end - audit.start} entries, from number ${audit.start} on.`);
}

function checkQuoted(audit, code, name) {
  const seen = new Set();
  try {
    for (const { index, body, proof } of audit.context) {
      if (seen.has(index) || (index >= audit.start && index < audit.end)) {
        throw new BadProof(`entry ${index} is given twice`);
      }
      seen.add(index);
      verifyInclusion({ leaf: hashLeaf(body), index, size: audit.size, proof, root: audit.root });
    }
  } catch (error) {
    if (![BadProof, NotAnAudit, NotCanonical].some((kind) => error instanceof kind)) {
      throw error;
    }
    return check(code, name, false, `No: ${error.message}.`);
  }
  return check(code, name, true, `${seen.size} entries.`);
}

function checkDisclosures(audit) {
  const [code, name] = ["disclosures", "The names and texts shown are those that were recorded"];
  if (audit.falseDisclosures > 0) {
    return check(code, name, false, `No: ${audit.falseDisclosures} of them are not what the entries commit to.`);
  }
  return check(code, name, true, `${audit.disclosures.size} were checked against the entries' commitments.`);
}

export function recordSteps(audit, signer) {
  const quoted =
    audit.hasRange
      ? [
          () => checkRange(audit),
          () => checkQuoted(audit, "context", "The entries quoted from outside the range belong to the same log"),
        ]
      : [() => checkQuoted(audit, "inclusion", "Every entry shown is in the clinic's log, unaltered")];
  return [
    () => checkClinicCertificate(audit, signer),
    () => checkNoteKey(audit, signer),
    () => checkCheckpoint(audit),
    ...quoted,
    () => checkDisclosures(audit),
  ];
}

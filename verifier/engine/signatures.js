// The signature layer: who signed which bytes, whether all of them, and whether we trust the
// signer. The steps and their names are those of the command.

import { Damaged, equalBytes } from "./bytes.js";
import { BadByteRange, cutRange, requireAcceptedDigest, stripPadding } from "./byte_range.js";
import { findPath, subjectText } from "./certificates.js";
import { BadSignature, DATA, TIME_STAMP, isMadeBy, partCertificates, requirePlain, signingTime, statedDigest, unsignedAttributes } from "./cms.js";
import { formatTime } from "./entry.js";
import { FORBIDDEN, UNCLEAR } from "./harm.js";
import { invitesCountersignature, isCountersignature, judgeAdditions } from "./increments.js";
import { digest, digestName, hashOf } from "./keys.js";
import { MAX_SIGNATURES } from "./limits.js";
import { PdfText } from "./pdf_values.js";
import { checkRevocation } from "./revoked.js";
import { checkSealTime, isArchiveStamp, requireOneToken } from "./seal_time.js";
import { findSigner, namesSigner, readImprint, readToken, requireSignature } from "./tokens.js";
import { NotJudgeable, check } from "./verdict.js";

const PDF_DATE = /^D:(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2}))?)?)?)?)?(?:(Z)|([+-])(\d{2})'?(?:(\d{2})'?)?)$/;

function failed(code, name, error) {
  return check(code, name, false, `No: ${error.message}.`);
}

function isExpected(error) {
  return error instanceof BadByteRange || error instanceof BadSignature;
}

function countSignatures({ signatures }) {
  const count = signatures.length;
  const holds = count > 0 && count <= MAX_SIGNATURES;
  return check("signed", "The file is signed", holds, `It carries ${count} signature${count > 1 ? "s" : ""}.`);
}

function checkRanges(state) {
  const name = "Each signature leaves out nothing but its own value";
  try {
    for (const signature of state.signatures) {
      const cut = cutRange(state.bytes, signature.byteRange);
      cut.value = stripPadding(cut.contents);
      if (!equalBytes(cut.contents, signature.contents)) {
        throw new BadByteRange("the value left out is not the signature's own");
      }
      state.cuts.push(cut);
    }
  } catch (error) {
    if (!isExpected(error)) {
      throw error;
    }
    return failed("byte_range", name, error);
  }
  return check("byte_range", name, true, "Every gap is one signature.");
}

async function checkDigests(state) {
  const name = "The bytes are those that were signed";
  try {
    for (const [index, { signedData }] of state.signatures.entries()) {
      const stated = readStated(signedData);
      requireAcceptedDigest(digestName(stated.oid));
      const ours = await digest(hashOf(stated.oid), state.cuts[index].signed);
      state.cuts[index].digest = ours;
      if (!equalBytes(ours, stated.digest ?? statedDigest(signedData, ours))) {
        return check("digest", name, false, "No: at least one byte was changed after signing.");
      }
    }
  } catch (error) {
    if (!isExpected(error)) {
      throw error;
    }
    return failed("digest", name, error);
  }
  return check("digest", name, true, "The digests agree.");
}

// A time-stamp of the whole file states its digest inside, a signature among its attributes.
function readStated(signedData) {
  if (signedData.contentType === TIME_STAMP) {
    const { imprintOid, imprint } = readImprint(signedData);
    return { oid: imprintOid, digest: imprint };
  }
  if (signedData.contentType !== DATA) {
    throw new Damaged("the signature is over content of an unknown kind");
  }
  return { oid: signedData.signer.digestOid, digest: null };
}

async function checkForms(state) {
  const name = "Each signature value has the one form it can have";
  try {
    for (const [index, signature] of state.signatures.entries()) {
      requirePlain(signature.signedData);
      await requireOneToken(signature, state.cuts[index].value);
    }
  } catch (error) {
    if (!isExpected(error)) {
      throw error;
    }
    return failed("signature_form", name, error);
  }
  return check("signature_form", name, true, "Nothing odd was found.");
}

// Milliseconds since 1970 of what the signature claims as its time.
function claimedTime({ signedData, claimedAt }) {
  const inside = signingTime(signedData);
  if (inside !== null) {
    return inside;
  }
  const parts = claimedAt instanceof PdfText ? PDF_DATE.exec(claimedAt.toString().trimEnd()) : null;
  if (parts === null) {
    throw new Damaged("the signature does not say when it was made");
  }
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((at) => Number(parts[at] ?? (at === 2 || at === 3 ? 1 : 0)));
  const offset = (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0)) * (parts[8] === "-" ? -1 : 1);
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  if (month < 1 || local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw new Damaged("the signature claims a time that does not exist");
  }
  return local.getTime() - offset * 60000;
}

// Whether it is a time-stamp; its dictionary and its value have to say the same of it.
function requireForm(signature) {
  const isStamp = isArchiveStamp(signature);
  const known = isStamp ? signature.form === "ETSI.RFC3161" : signature.type === "Sig" && signature.form !== "ETSI.RFC3161";
  if (!known || isStamp !== (signature.signedData.contentType === TIME_STAMP)) {
    throw new Damaged("a signature is called something that it is not");
  }
  return isStamp;
}

async function judge(state, index) {
  const { signedData } = state.signatures[index];
  const cut = state.cuts[index];
  const isStamp = requireForm(state.signatures[index]);
  if (isStamp) {
    return judgeTimeStamp(state, index);
  }
  const signedAt = claimedTime(state.signatures[index]);
  await requireOwnCertificates(state.signatures[index]);
  const { signer, others } = partCertificates(signedData);
  const valid = await isMadeBy(signedData, signer, cut.signed, cut.digest);
  const path = valid ? await findPath(signer, others, state.roots, signedAt) : null;
  return { signature: state.signatures[index], cut, signedAt, signer, valid, path };
}

// A time-stamp in the seal carries its authority's certificate, the one it names.
async function requireOwnCertificates({ signedData }) {
  for (const { values } of unsignedAttributes(signedData.signer)) {
    const token = await readToken(values[0].raw);
    const signer = findSigner(token, []);
    if (signer === null || !(await namesSigner(token, signer))) {
      throw new Damaged("the time-stamp does not carry its certificate");
    }
  }
}

// Whom its authority leads to is asked by `checkSealTime`.
async function judgeTimeStamp(state, index) {
  const token = await readToken(state.cuts[index].value);
  const signer = findSigner(token, []);
  if (signer === null || !(await namesSigner(token, signer))) {
    throw new Damaged("the time-stamp does not carry its certificate");
  }
  let valid = true;
  try {
    await requireSignature(token, signer);
  } catch {
    valid = false;
  }
  return { signature: state.signatures[index], cut: state.cuts[index], signedAt: token.genTime, signer, valid, path: [] };
}

async function checkValid(state) {
  const name = "Each signature is valid";
  if (state.file.isHybrid) {
    throw new Damaged("the file has two tables of objects at once");
  }
  state.additions = await judgeAdditions(state);
  for (const index of state.signatures.keys()) {
    state.judged.push(await judge(state, index));
  }
  if (!state.judged.every((item) => item.valid)) {
    return check("signature", name, false, "No: the signature was not made by the key in the certificate.");
  }
  return check("signature", name, true, "The key in the certificate made it.");
}

function checkTrusted(state) {
  const name = "Each signer is certified by an authority you hold";
  if (isArchiveStamp(state.signatures[0])) {
    return check("trusted", name, false, "No: the oldest signature is a time-stamp, which names no clinic.");
  }
  // Whose word an archive time-stamp is, is a question of its own.
  // Nor does anybody's countersignature speak for the clinic.
  const speaking = state.judged.filter(({ signature }, index) => !isArchiveStamp(signature) && (index === 0 || !isCountersignature(signature)));
  for (const item of speaking) {
    if (item.path === null) {
      const who = subjectText(item.signer);
      return check("trusted", name, false, `No: ${who} is not certified by a root you gave.`);
    }
  }
  return check("trusted", name, true, "The certificates lead to it.");
}

function checkCovering(state) {
  const missing = state.bytes.length - Math.max(...state.cuts.map((cut) => cut.end));
  const reason = missing === 0 ? "It reaches to the last byte." : `No: ${missing} bytes were added after the last signature.`;
  return check("covers_file", "The last signature covers the whole file", missing === 0, reason);
}

function checkChanges({ signatures, additions }) {
  const name = "Nothing was changed between the signatures that the first ones forbid";
  if (additions === FORBIDDEN) {
    return check("changes", name, false, "No: a later part of the file changes what was signed earlier.");
  }
  if (additions === UNCLEAR || signatures.some((signature) => signature.hasSeedValues)) {
    const reason = "Something was added after the first signature, and this page does not judge what. Use the command.";
    throw new NotJudgeable("changes", name, reason);
  }
  return check("changes", name, true, "Nothing was.");
}

// Who signed in the field that the clinic left for it; nothing where it left none.
function checkCountersigned(state) {
  const name = "Somebody else signed it too";
  if (!invitesCountersignature(state.signatures[0])) {
    return null;
  }
  const others = state.judged.slice(1).filter(({ signature }) => isCountersignature(signature));
  if (others.length === 0) {
    return check("countersigned", name, null, "The field that the clinic left for a countersignature is empty.");
  }
  if (others.length > 1) {
    return check("countersigned", name, false, "No: it is countersigned twice in one field.");
  }
  const told = `${subjectText(others[0].signer)}, at ${formatTime(others[0].signedAt)} by their own clock`;
  if (others[0].path !== null) {
    return check("countersigned", name, true, `${told}; a root you gave certifies them.`);
  }
  return check("countersigned", name, null, `${told}; no root you gave says who that is.`);
}

function checkRevoked({ file, judged, seen, held }) {
  return checkRevocation(file, judged[0], seen, held);
}

const STEPS = [countSignatures, checkRanges, checkDigests, checkForms, checkValid, checkTrusted, checkSealTime, checkRevoked, checkCountersigned, checkCovering, checkChanges];

// Returns what was found; `first` is the oldest signature, which is the clinic's.
export async function judgeSignatures(file, signatures, { bytes, roots, pins, checks }) {
  const state = { file, bytes, signatures, roots, pinned: pins.authorities, held: pins.crls, cuts: [], judged: [], additions: null, seen: null };
  const findings = () => ({ hold: false, first: state.judged[0] ?? null });
  try {
    for (const step of STEPS) {
      const found = await step(state);
      if (found === null) {
        continue;
      }
      checks.push(found);
      if (found.holds === false) {
        return findings();
      }
    }
  } catch (error) {
    if (error instanceof NotJudgeable) {
      throw error;
    }
    checks.push(check("signature", "Each signature is valid", false, "No: it cannot be read to its end."));
    return findings();
  }
  return { hold: true, first: state.judged[0] };
}

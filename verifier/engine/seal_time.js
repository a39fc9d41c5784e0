// The time-stamps in and after the seal: whether they hold, and whether anybody pinned says them.

import { compareText } from "./bytes.js";
import { authorityName } from "./certificates.js";
import { BadSignature, SEAL_TIME_STAMP, TIME_STAMP, unsignedAttributes } from "./cms.js";
import { formatTime } from "./entry.js";
import { requireOneForm } from "./token_form.js";
import { BadToken, findSigner, isOver, readToken, requireSignature, whyIgnored } from "./tokens.js";
import { check } from "./verdict.js";

const SEAL_FIELD = "Seal";
const ARCHIVE_FIELD = "ArchiveTimestamp";

function answer(holds, reason) {
  return check("seal_time", "Authorities you pinned saw the seal", holds, reason);
}

// A time-stamp over the document, and nobody's signature.
export function isArchiveStamp(signature) {
  return signature.type === "DocTimeStamp";
}

async function requireSound(bytes) {
  try {
    const token = await readToken(bytes);
    await requireOneForm(bytes, token);
    await requireSignature(token, findSigner(token, []));
  } catch {
    throw new BadSignature("its time-stamp was altered, or is of an unknown form");
  }
}

// The time-stamps that this software adds, in the seal and over the file, are refused where any
// byte of them was altered. Those of whoever countersigns are as other software makes them.
export async function requireOneToken(signature, value) {
  const { signer } = signature.signedData;
  if (isArchiveStamp(signature)) {
    return signature.name.startsWith(ARCHIVE_FIELD) ? requireSound(value) : undefined;
  }
  // A signer whose parts are not even in order is refused with its signature.
  const attributes = signer.isWhole ? unsignedAttributes(signer) : [];
  if (attributes.length === 0) {
    return undefined;
  }
  const isSeal = signature.name === SEAL_FIELD;
  const [stamp, ...more] = attributes;
  if (more.length > 0 || stamp.type !== SEAL_TIME_STAMP || (!isSeal && stamp.values.length !== 1)) {
    throw new BadSignature("it carries more that nobody signed than a time-stamp");
  }
  return isSeal ? requireSound(stamp.content) : undefined;
}

async function tokensOf({ signedData }, cut) {
  if (signedData.contentType === TIME_STAMP) {
    return [{ token: await readToken(cut.value), what: "the file with its seal" }];
  }
  const found = [];
  for (const { values } of unsignedAttributes(signedData.signer).filter(({ type }) => type === SEAL_TIME_STAMP)) {
    const token = await readToken(values[0].raw);
    if (!(await isOver(token, signedData.signer.signature.content))) {
      throw new BadToken("a time-stamp is over something else than the seal");
    }
    found.push({ token, what: "the seal" });
  }
  return found;
}

async function judgeToken({ token, what }, state, said, reasons) {
  const signer = findSigner(token, state.pinned);
  if (signer === null) {
    reasons.add("its certificate is not at hand");
    return;
  }
  await requireSignature(token, signer);
  const reason = await whyIgnored(token, signer, state.pinned);
  if (reason === null) {
    state.seen = Math.min(state.seen ?? token.genTime, token.genTime);
    said.push(`${authorityName(signer)} saw ${what} at ${formatTime(token.genTime)}`);
  } else {
    reasons.add(reason);
  }
}

// One that is wrong rejects; one by an authority that nobody pinned is passed over. Notes in `seen`
// when the seal was seen first by one who counts.
export async function checkSealTime(state) {
  const { signatures, cuts } = state;
  const said = [];
  const reasons = new Set();
  try {
    for (const [index, signature] of signatures.entries()) {
      for (const found of await tokensOf(signature, cuts[index])) {
        await judgeToken(found, state, said, reasons);
      }
    }
  } catch (error) {
    if (!(error instanceof BadToken)) {
      throw error;
    }
    return answer(false, `No: ${error.message}.`);
  }
  if (said.length > 0) {
    return answer(true, `${said.join("; ")}.`);
  }
  if (reasons.size > 0) {
    return answer(null, `Its time-stamps do not count: ${[...reasons].sort(compareText).join("; ")}.`);
  }
  return answer(null, "The seal carries no time-stamp.");
}

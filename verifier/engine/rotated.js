// Whether the keys that signed the report are those that the log has in force: each rotation is
// signed by the key that it retires (docs/record-format.md section 6).

import { fromBase64, toHex, utf8 } from "./bytes.js";
import { BadNote, parseVerifierKey, requireSigned } from "./note.js";
import { sha256 } from "./sha256.js";
import { member } from "./shape.js";
import { check } from "./verdict.js";

class BadRotation extends Error {}

const FIELDS = ["old_note_key", "note_key", "old_certificate_sha256", "certificate_sha256", "statement_signature"];

function answer(holds, reason) {
  return check("keys", "The keys that signed it are those the log has in force", holds, reason);
}

function textOrEmpty(value) {
  return typeof value === "string" ? value : "";
}

async function requireStatement(clinic, index, data) {
  const lines = ["aseptrail/key-rotation/v1", clinic, data.old_note_key, data.note_key, data.old_certificate_sha256, data.certificate_sha256];
  const unsigned = new BadRotation(`entry ${index} is not signed by the key that it retires`);
  const signature = fromBase64(data.statement_signature);
  if (signature === null) {
    throw unsigned;
  }
  try {
    const { publicKey } = parseVerifierKey(data.old_note_key);
    parseVerifierKey(data.note_key);
    await requireSigned(publicKey, signature, utf8(lines.map((line) => `${line}\n`).join("")));
  } catch (error) {
    throw error instanceof BadNote ? unsigned : error;
  }
}

async function follow(chain, clinic, { index, data }) {
  if (!FIELDS.every((name) => Object.hasOwn(data, name) && typeof data[name] === "string")) {
    throw new BadRotation("a rotation lacks a field");
  }
  if (data.old_note_key !== chain.noteKey) {
    throw new BadRotation(`entry ${index} retires another key than the one in force`);
  }
  await requireStatement(clinic, index, data);
  chain.rotated.push({ index, data });
  chain.noteKey = data.note_key;
  chain.certificate = data.certificate_sha256;
}

function judge(chain, used, signer) {
  const retired = chain.rotated.find(({ data }) => data.old_note_key === used);
  if (used !== chain.noteKey) {
    return answer(
      false,
      retired === undefined ? "No: the log was begun with another signing key." : `No: the key that signs the log was retired by entry ${retired.index}.`,
    );
  }
  const gone = chain.rotated.find(({ data }) => data.old_certificate_sha256 === signer);
  if (signer !== chain.certificate && gone !== undefined) {
    return answer(false, `No: the certificate that sealed the file was retired by entry ${gone.index}.`);
  }
  const last = chain.rotated[chain.rotated.length - 1];
  return answer(true, last === undefined ? "They are those it was begun with." : `The last rotation is entry ${last.index}, signed by the key it retired.`);
}

// Must come after the log's first entry was found.
export async function checkKeys(log, signer) {
  const genesis = log.byIndex.get(0).data;
  const chain = { noteKey: textOrEmpty(member(genesis, "note_key")), certificate: textOrEmpty(genesis.certificate_sha256), rotated: [] };
  try {
    for (const entry of log.ordered.filter((each) => each.kind === "key.rotated")) {
      await follow(chain, log.audit.data.clinic.id, entry);
    }
  } catch (error) {
    if (!(error instanceof BadRotation)) {
      throw error;
    }
    return answer(false, `No: ${error.message}.`);
  }
  return judge(chain, log.audit.data.note_key, toHex(sha256(signer.raw)));
}

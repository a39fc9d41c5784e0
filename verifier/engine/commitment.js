// Salted commitments: docs/record-format.md section 4 and the clinic's documentation on privacy.

import { equalBytes, utf8 } from "./bytes.js";
import { NotCanonical, canonicalBytes } from "./canonical.js";
import { sha256 } from "./sha256.js";

const DOMAIN = utf8("hyg/commit/v1\u0000");
const NUL = Uint8Array.of(0);
const SALT_BYTES = 32;

export function verifyCommitment(commit, field, salt, value) {
  if (salt.length !== SALT_BYTES || field.includes("\u0000")) {
    return false;
  }
  try {
    return equalBytes(sha256(DOMAIN, utf8(field), NUL, salt, canonicalBytes(value)), commit);
  } catch (error) {
    if (error instanceof NotCanonical) {
      return false;
    }
    throw error;
  }
}

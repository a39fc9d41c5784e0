// Judging a report with nothing but its bytes and what the inspector holds. The checks, their
// names, their order and their reasons are those of `compliance verify`.

import { BadAttachment, NoAttachment, signedAudit } from "./attachment.js";
import { parseAudit } from "./audit.js";
import { latin1, toHex } from "./bytes.js";
import { fingerprintOf, subjectText } from "./certificates.js";
import { BadSignature } from "./cms.js";
import { checkClock, checkIncarnation, checkPeriod, readLog } from "./entries.js";
import { formatTime } from "./entry.js";
import { checkChallenge } from "./challenged.js";
import { checkHistory } from "./history.js";
import { checkIdentity } from "./identity.js";
import { MAX_FILE_BYTES } from "./limits.js";
import { loadSteps } from "./loads.js";
import { PdfFile, hasEncryption, looksSigned } from "./pdf_file.js";
import { findSignatures } from "./pdf_signatures.js";
import { recordSteps } from "./record.js";
import { checkKeys } from "./rotated.js";
import { requireExact } from "./seal_form.js";
import { checkAmendments, checkOpenSessions, checkSessions } from "./sessions.js";
import { NotAnAudit, UnknownAuditVersion } from "./shape.js";
import { judgeSignatures } from "./signatures.js";
import { checkBelonging, checkSingle } from "./single.js";
import { ACCEPTED, CANNOT_BE_JUDGED, EXIT_CODES, NotJudgeable, REJECTED, check } from "./verdict.js";
import { judgeTimeStamps } from "./time_stamps.js";
import { checkLists, checkTraceBelonging } from "./traced.js";
import { judgeWitnesses } from "./witnesses.js";
import { acceptedSentence, levelOf, limitsOf, rejectedSentence } from "./wording.js";

const HEADER_WITHIN = 1024;

const OF_ANY = [
  ..."readable signed byte_range digest signature_form signature trusted covers_file changes".split(" "),
  ..."attachment payload seal_form clinic_certificate note_key checkpoint disclosures history".split(" "),
  ..."entries identity keys challenge incarnation sessions amendments time_stamps witnesses seal_time revocation".split(" "),
];
const REQUIRED = [...OF_ANY, ..."range context period clock open_sessions loads curves".split(" ")];
const REQUIRED_OF_SESSION = [...OF_ANY, "inclusion", "belongs"];
const REQUIRED_OF_TRACE = [...OF_ANY.filter((code) => !["sessions", "amendments"].includes(code)), "inclusion", "belongs", "lists"];

// Ends the judging: the last check does not hold.
class Rejection extends Error {}

function hasHeader(bytes) {
  return latin1(bytes.subarray(0, HEADER_WITHIN)).includes("%PDF-");
}

function keep(judging, found) {
  judging.checks.push(found);
  if (found.holds === false) {
    throw new Rejection(found.code);
  }
}

async function openFile(judging) {
  const name = "The file is a signed PDF";
  if (!hasHeader(judging.bytes)) {
    throw new NotJudgeable("pdf", name, "It is not a PDF.");
  }
  const file = await PdfFile.open(judging.bytes);
  if (hasEncryption(file)) {
    throw new NotJudgeable("pdf", name, "It is encrypted, which a report never is.");
  }
  const signatures = await findSignatures(file);
  if (signatures.length === 0) {
    throw new NotJudgeable("signed", name, "It carries no signature.");
  }
  keep(judging, check("readable", "The file can be read", true, "It is a PDF."));
  judging.findings = await judgeSignatures(file, signatures, judging);
  if (!judging.findings.hold) {
    throw new Rejection("signatures");
  }
  return file;
}

async function takeAudit(judging, file) {
  const name = "The file carries the one audit.json that was signed";
  let content;
  try {
    content = await signedAudit(file, judging.findings.first.signature);
  } catch (error) {
    if (error instanceof NoAttachment) {
      throw new NotJudgeable("attachment", name, "It is signed, but carries no audit.json.");
    }
    if (error instanceof BadAttachment) {
      keep(judging, check("attachment", name, false, `No: ${error.message}.`));
    }
    throw error;
  }
  keep(judging, check("attachment", name, true, "It does."));
  readAudit(judging, content);
}

function readAudit(judging, content) {
  const name = "Its audit.json is of the known form";
  try {
    judging.audit = parseAudit(content);
  } catch (error) {
    if (error instanceof UnknownAuditVersion) {
      throw new NotJudgeable("payload", name, `It is of another version: ${error.message}.`);
    }
    if (error instanceof NotAnAudit) {
      keep(judging, check("payload", name, false, `No: ${error.message}.`));
    }
    throw error;
  }
  keep(judging, check("payload", name, true, `${content.length} bytes, in canonical form.`));
}

function sealForm({ first }) {
  const [code, name] = ["seal_form", "The seal has no byte that nobody signed"];
  if (!first.cut.gapIsUpper) {
    return check(code, name, false, "No: it is spelt in other letters than ours.");
  }
  try {
    requireExact(first.signature.signedData, first.cut.value, first.path.slice(1));
  } catch (error) {
    if (!(error instanceof BadSignature)) {
      throw error;
    }
    return check(code, name, false, `No: ${error.message}.`);
  }
  return check(code, name, true, "It is exactly of its one form.");
}

function meaningSteps(log) {
  if (log.audit.single !== null) {
    // What a range shows, a period, its order and what was left open, cannot be asked of single
    // entries; the verdict says what such a file therefore does not prove.
    return [checkBelonging, checkSingle, checkAmendments].map((step) => () => step(log));
  }
  if (log.audit.trace !== null) {
    return [checkTraceBelonging, checkLists].map((step) => () => step(log));
  }
  const steps = [checkPeriod, checkClock, checkSessions, checkAmendments, checkOpenSessions];
  return [...steps.map((step) => () => step(log)), ...loadSteps(log)];
}

async function judgeAll(judging) {
  if (judging.bytes.length > MAX_FILE_BYTES) {
    const limit = MAX_FILE_BYTES / (1024 * 1024);
    throw new NotJudgeable("size", "The file is of a size we read", `It exceeds ${limit} MiB.`);
  }
  if (judging.roots.length === 0) {
    const reason = "No root certificate was given, so there is nobody to trust.";
    throw new NotJudgeable("trust_roots", "You hold a root certificate", reason);
  }
  await takeAudit(judging, await openFile(judging));
  const { audit, findings } = judging;
  keep(judging, sealForm(findings));
  for (const step of recordSteps(audit, findings.first.signer)) {
    keep(judging, await step());
  }
  keep(judging, checkHistory(audit, judging.known, fingerprintOf(findings.first.path[0])));
  judging.times = await judgeTimeStamps(audit, judging.pins.authorities, findings.first.path[0]);
  keep(judging, judging.times.check);
  judging.witnesses = await judgeWitnesses(audit, judging.pins.policy);
  keep(judging, judging.witnesses.check);
  const [found, log] = readLog(audit);
  keep(judging, found);
  keep(judging, checkIdentity(log));
  keep(judging, await checkKeys(log, findings.first.signer));
  keep(judging, checkIncarnation(log));
  keep(judging, checkChallenge(log, judging.challenge));
  for (const step of meaningSteps(log)) {
    keep(judging, step());
  }
}

function fingerprintFound({ findings }) {
  return findings?.hold ? fingerprintOf(findings.first.path[0]) : null;
}

function describe(judging) {
  const { audit, findings } = judging;
  const seal = findings?.first ?? null;
  return {
    signed_by: seal === null ? null : subjectText(seal.signer),
    signed_at: seal === null ? null : formatTime(seal.signedAt),
    root_fingerprint: fingerprintFound(judging),
    clinic: audit === null ? null : audit.data.clinic.name,
    period: audit === null || !audit.hasRange ? null : [audit.data.period.from, audit.data.period.to],
    about: audit === null ? null : (audit.single?.purpose ?? audit.trace?.purpose ?? "period"),
  };
}

function verdict(judging, outcome, sentence, more = {}) {
  return {
    outcome,
    exit_code: EXIT_CODES[outcome],
    level: null,
    sentence,
    checks: judging.checks,
    ...describe(judging),
    does_not_prove: [],
    checkpoint: null,
    time_stamps: judging.times?.stamps ?? [],
    brackets: judging.times?.brackets ?? [],
    witnessed: judging.witnesses?.names ?? [],
    ...more,
  };
}

function rejected(judging) {
  return verdict(judging, REJECTED, rejectedSentence(judging.checks));
}

function requiredOf({ single, trace }) {
  if (trace !== null) {
    return REQUIRED_OF_TRACE;
  }
  return single === null ? REQUIRED : REQUIRED_OF_SESSION;
}

function accepted(judging) {
  const { audit, checks } = judging;
  const codes = checks.map((each) => each.code);
  if (!requiredOf(audit).every((code) => codes.includes(code))) {
    // A step that was skipped by mistake must not pass for one that held.
    return broken(judging);
  }
  const shown = {
    times: judging.times.covers,
    ownWord: !judging.times.independent,
    oneHistory: judging.witnesses.reached,
    metBefore: checks.some((each) => each.code === "history" && each.holds),
    challenged: checks.some((each) => each.code === "challenge" && each.holds),
  };
  return verdict(judging, ACCEPTED, acceptedSentence(audit, shown), {
    level: levelOf(shown),
    does_not_prove: limitsOf(audit, shown),
    checkpoint: {
      clinic_id: audit.data.clinic.id,
      slug: audit.data.clinic.slug,
      root_fingerprint: fingerprintFound(judging),
      size: audit.size,
      root: toHex(audit.root),
      note: audit.data.checkpoint,
      made_at: audit.data.made_at,
    },
  });
}

function broken(judging) {
  const reason = "No: the file is damaged, or made to look like a report.";
  judging.checks.push(check("readable", "The file can be read", false, reason));
  // A file that carries the marks of a signed report claims to be one.
  if (judging.findings !== null || (looksSigned(judging.bytes) && hasHeader(judging.bytes))) {
    return rejected(judging);
  }
  return verdict(judging, CANNOT_BE_JUDGED, "This file cannot be judged. It is not a PDF that can be read.");
}

// Never throws: whatever goes wrong, the file is not accepted.
export async function verifyReport(bytes, { roots, known = [], authorities = [], policy = null, crls = [], challenge = null }) {
  const judging = {
    bytes,
    roots,
    known,
    challenge,
    pins: { authorities, policy, crls },
    checks: [],
    findings: null,
    audit: null,
    times: null,
    witnesses: null,
  };
  let found;
  try {
    await judgeAll(judging);
    found = accepted(judging);
  } catch (error) {
    if (error instanceof Rejection) {
      found = rejected(judging);
    } else if (error instanceof NotJudgeable) {
      judging.checks.push(error.check);
      found = verdict(judging, CANNOT_BE_JUDGED, `This file cannot be judged. ${error.message}`);
    } else {
      found = broken(judging);
    }
  }
  return { verdict: found, audit: judging.audit };
}

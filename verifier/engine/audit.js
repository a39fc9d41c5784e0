// Reading audit.json strictly: docs/record-format.md sections 4 and 5.

import { firstLetters, quoted, toHex, utf8 } from "./bytes.js";
import { NotCanonical, parseCanonical } from "./canonical.js";
import { verifyCommitment } from "./commitment.js";
import { readAnchors } from "./anchor_parts.js";
import { MAX_AUDIT_BYTES } from "./limits.js";
import { sha256 } from "./sha256.js";
import {
  NotAnAudit,
  UnknownAuditVersion,
  anyBytes,
  anyCount,
  anyHash,
  anyHashes,
  anyList,
  anyText,
  checkPlainParts,
  checkPlainSessionParts,
  exactObject,
} from "./shape.js";
import { hashLeaf } from "./tree.js";

const SESSION_SCHEMA = "aseptrail/session/1";
// The command judges these lists, this page does not yet; both name the same schemas.
const TRACE_SCHEMA = "aseptrail/audit/trace/1";
const VERSIONS = new Map([
  ["aseptrail/audit/1", 1],
  ["aseptrail/audit/2", 2],
]);
const FAMILIES = ["aseptrail/audit/", "aseptrail/session/"];
const READINGS = /^[0-9]{1,7},[0-9]{1,5},[0-9]{1,5}(?:;[0-9]{1,7},[0-9]{1,5},[0-9]{1,5})*$/;

function readEntries(value, start) {
  const entries = [];
  const leaves = [];
  anyList(value, "entries").forEach((item, place) => {
    if (typeof item === "string") {
      const body = utf8(item);
      entries.push({ index: start + place, body });
      leaves.push(hashLeaf(body));
    } else {
      entries.push({ index: start + place, body: null });
      leaves.push(anyHash(exactObject(item, ["leaf"], "entries").leaf, "leaf"));
    }
  });
  return { entries, leaves };
}

function readContext(value) {
  const item = exactObject(value, ["index", "body", "proof"], "context");
  return {
    index: anyCount(item.index, "context.index"),
    body: utf8(anyText(item.body, "context.body")),
    proof: anyHashes(item.proof),
  };
}

// False disclosures never come near the drawing; the report is rejected for them.
function readDisclosures(value) {
  const disclosures = new Map();
  let falseDisclosures = 0;
  for (const each of anyList(value, "disclosures")) {
    const item = exactObject(each, ["commit", "field", "salt", "value"], "disclosures");
    const commit = anyHash(item.commit, "disclosures.commit");
    const field = anyText(item.field, "disclosures.field");
    const salt = anyBytes(item.salt, "disclosures.salt");
    if (verifyCommitment(commit, field, salt, item.value) && typeof item.value === "string") {
      disclosures.set(item.commit, item.value);
    } else {
      falseDisclosures += 1;
    }
  }
  return { disclosures, falseDisclosures };
}

function readStep(value) {
  const item = exactObject(value, ["size", "root", "proof"], "consistency");
  return {
    size: anyCount(item.size, "consistency.size"),
    root: anyHash(item.root, "consistency.root"),
    proof: anyHashes(item.proof),
  };
}

function readCurves(items) {
  const curves = new Map();
  const falseCurves = [];
  for (const value of items) {
    const item = exactObject(value, ["sha256", "readings"], "curves");
    const hash = toHex(anyHash(item.sha256, "curves.sha256"));
    if (!READINGS.test(anyText(item.readings, "curves.readings"))) {
      throw new NotAnAudit("curves.readings are not readings");
    }
    if (curves.has(hash) || falseCurves.includes(hash)) {
      throw new NotAnAudit("a curve is given twice");
    }
    if (toHex(sha256(utf8(item.readings))) === hash) {
      curves.set(hash, item.readings);
    } else {
      falseCurves.push(hash);
    }
  }
  return { curves, falseCurves };
}

function readShared(content) {
  return {
    data: content,
    size: anyCount(content.size, "size"),
    root: anyHash(content.root, "root"),
    ...readDisclosures(content.disclosures),
    consistency: anyList(content.consistency, "consistency").map(readStep),
    anchors: readAnchors(anyList(content.anchors, "anchors")),
  };
}

function readSession(content) {
  checkPlainSessionParts(content);
  const context = anyList(content.entries, "entries").map(readContext);
  return {
    ...readShared(content),
    start: 0,
    end: 0,
    entries: [],
    leaves: [],
    left: [],
    right: [],
    context,
    curves: new Map(),
    falseCurves: [],
    single: { session: content.session, purpose: content.purpose },
  };
}

function readReport(content, version) {
  checkPlainParts(content, version);
  const span = exactObject(content.range, ["start", "end"], "range");
  const [start, end] = [anyCount(span.start, "range.start"), anyCount(span.end, "range.end")];
  const { entries, leaves } = readEntries(content.entries, start);
  if (end - start !== entries.length) {
    throw new NotAnAudit("the number of entries is not that of the range");
  }
  const proof = exactObject(content.range_proof, ["left", "right"], "range_proof");
  const context = anyList(content.context, "context").map(readContext);
  return {
    ...readShared(content),
    start,
    end,
    entries,
    leaves,
    left: anyHashes(proof.left),
    right: anyHashes(proof.right),
    context,
    ...readCurves(version > 1 ? anyList(content.curves, "curves") : []),
    single: null,
  };
}

function read(content) {
  const schema = Object.hasOwn(content, "schema") ? content.schema : undefined;
  if (schema === SESSION_SCHEMA) {
    return readSession(content);
  }
  if (typeof schema !== "string" || !FAMILIES.some((family) => schema.startsWith(family))) {
    throw new NotAnAudit("it does not name its schema");
  }
  if (schema === TRACE_SCHEMA) {
    throw new UnknownAuditVersion("it lists a recall or a search, which `compliance verify` judges");
  }
  if (!VERSIONS.has(schema)) {
    const known = [...VERSIONS.keys(), SESSION_SCHEMA, TRACE_SCHEMA].join(", ");
    throw new UnknownAuditVersion(`schema ${quoted(firstLetters(schema, 40))}, but only ${known} are understood`);
  }
  return readReport(content, VERSIONS.get(schema));
}

export function parseAudit(bytes) {
  if (bytes.length > MAX_AUDIT_BYTES) {
    throw new NotAnAudit("larger than any audit.json this software makes");
  }
  try {
    return read(parseCanonical(bytes));
  } catch (error) {
    throw error instanceof NotCanonical ? new NotAnAudit(`not canonical: ${error.message}`) : error;
  }
}


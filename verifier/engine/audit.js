// Reading audit.json strictly: docs/record-format.md sections 4 and 5.

import { readAnchors } from "./anchor_parts.js";
import { readContext, readCurves, readDisclosures, readEntries, readStep } from "./audit_parts.js";
import { firstLetters, quoted } from "./bytes.js";
import { NotCanonical, parseCanonical } from "./canonical.js";
import { MAX_AUDIT_BYTES } from "./limits.js";
import { cutFile, isOfSchema, readCutEntries, requireWellFormed } from "./range_entries.js";
import { NotAnAudit, UnknownAuditVersion, anyCount, anyHash, anyHashes, anyList, checkPlainParts, checkPlainSessionParts, exactObject } from "./shape.js";
import { TRACE_SCHEMA, readTraceFile } from "./trace_file.js";

const SESSION_SCHEMA = "aseptrail/session/1";
const VERSIONS = new Map([
  ["aseptrail/audit/1", 1],
  ["aseptrail/audit/2", 2],
  ["aseptrail/audit/3", 3],
]);
const CUT_SCHEMA = "aseptrail/audit/3";
const FAMILIES = ["aseptrail/audit/", "aseptrail/session/"];

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
    hasRange: false,
    single: { session: content.session, purpose: content.purpose },
    trace: null,
  };
}

function readRange(value, start, elements) {
  if (elements === null) {
    return readEntries(value, start);
  }
  if (value.length > 0) {
    // What was cut out are the entries of something else further up.
    throw new NotCanonical("the bytes are not the canonical form of their value");
  }
  return readCutEntries(elements, start);
}

function readReport(content, version, elements) {
  checkPlainParts(content, version);
  const span = exactObject(content.range, ["start", "end"], "range");
  const [start, end] = [anyCount(span.start, "range.start"), anyCount(span.end, "range.end")];
  const { entries, leaves } = readRange(content.entries, start, elements);
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
    hasRange: true,
    single: null,
    trace: null,
  };
}

function read(content, elements) {
  const schema = Object.hasOwn(content, "schema") ? content.schema : undefined;
  if (schema === SESSION_SCHEMA) {
    return readSession(content);
  }
  if (schema === TRACE_SCHEMA) {
    return readTraceFile(content);
  }
  if (typeof schema !== "string" || !FAMILIES.some((family) => schema.startsWith(family))) {
    throw new NotAnAudit("it does not name its schema");
  }
  if (!VERSIONS.has(schema)) {
    const known = [...VERSIONS.keys(), SESSION_SCHEMA, TRACE_SCHEMA].join(", ");
    throw new UnknownAuditVersion(`schema ${quoted(firstLetters(schema, 40))}, but only ${known} are understood`);
  }
  return readReport(content, VERSIONS.get(schema), elements);
}

export function parseAudit(bytes) {
  if (bytes.length > MAX_AUDIT_BYTES) {
    throw new NotAnAudit("larger than any audit.json this software makes");
  }
  try {
    const cut = cutFile(bytes);
    if (cut === null || !isOfSchema(cut, CUT_SCHEMA)) {
      return read(parseCanonical(bytes), null);
    }
    requireWellFormed(cut.elements);
    return read(parseCanonical(cut.rest), cut.elements);
  } catch (error) {
    throw error instanceof NotCanonical ? new NotAnAudit(`not canonical: ${error.message}`) : error;
  }
}


// Reading the audit.json of a recall's or a search's file: docs/record-format.md section 5a.

import { readContext } from "./audit_parts.js";
import { NotAnAudit, anyCount, anyHash, anyList, anyText, checkPlainTraceParts, exactObject } from "./shape.js";

export const TRACE_SCHEMA = "aseptrail/audit/trace/1";
export const RECALL = "recall";
const SEARCH = "search";

function readTexts(value, name) {
  return anyList(value, name).map((item) => anyText(item, name));
}

function readList(value) {
  const item = exactObject(value, ["title", "columns", "rows"], "lists");
  const columns = readTexts(item.columns, "columns");
  const rows = anyList(item.rows, "rows").map((row) => readTexts(row, "rows"));
  if (rows.some((row) => row.length !== columns.length)) {
    throw new NotAnAudit("a row has more or fewer cells than its list has columns");
  }
  return { title: anyText(item.title, "title"), columns, rows };
}

function readTrace(content) {
  const purpose = anyText(content.purpose, "purpose");
  if (![RECALL, SEARCH].includes(purpose) || (content.recall === null) !== (purpose === SEARCH)) {
    throw new NotAnAudit("its purpose is not known");
  }
  return {
    purpose,
    recall: content.recall === null ? null : anyText(content.recall, "recall"),
    title: anyText(content.title, "title"),
    sentences: readTexts(content.sentences, "sentences"),
    lists: anyList(content.lists, "lists").map(readList),
  };
}

// The range of such a file is empty; its entries are all quoted, each with its proof.
export function readTraceFile(content) {
  checkPlainTraceParts(content);
  const context = anyList(content.entries, "entries").map(readContext);
  return {
    data: content,
    size: anyCount(content.size, "size"),
    root: anyHash(content.root, "root"),
    disclosures: new Map(),
    falseDisclosures: 0,
    consistency: [],
    anchors: [],
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
    single: null,
    trace: readTrace(content),
  };
}

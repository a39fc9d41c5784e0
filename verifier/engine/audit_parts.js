// The repeated parts of an audit.json: entries, quoted ones, disclosures, earlier trees, curves.

import { toHex, utf8 } from "./bytes.js";
import { verifyCommitment } from "./commitment.js";
import { sha256 } from "./sha256.js";
import { NotAnAudit, anyBytes, anyCount, anyHash, anyHashes, anyList, anyText, exactObject } from "./shape.js";
import { hashLeaf } from "./tree.js";

const READINGS = /^[0-9]{1,7},[0-9]{1,5},[0-9]{1,5}(?:;[0-9]{1,7},[0-9]{1,5},[0-9]{1,5})*$/;

export function readEntries(value, start) {
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

export function readContext(value) {
  const item = exactObject(value, ["index", "body", "proof"], "context");
  return {
    index: anyCount(item.index, "context.index"),
    body: utf8(anyText(item.body, "context.body")),
    proof: anyHashes(item.proof),
  };
}

// False disclosures never come near the drawing; the report is rejected for them.
export function readDisclosures(value) {
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

export function readStep(value) {
  const item = exactObject(value, ["size", "root", "proof"], "consistency");
  return {
    size: anyCount(item.size, "consistency.size"),
    root: anyHash(item.root, "consistency.root"),
    proof: anyHashes(item.proof),
  };
}

export function readCurves(items) {
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

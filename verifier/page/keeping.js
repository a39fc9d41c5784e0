// What the page keeps between visits: certificates, a policy, and one line for every report
// accepted, in the form of the command's known-checkpoints.jsonl.

import { parseTime } from "../engine/entry.js";

const CHECKPOINTS = "aseptrail.known-checkpoints";
const fallback = new Map();

export class MemoryDamaged extends Error {}

// A browser may refuse to keep anything for a page opened from a disk; then the page forgets.
export function canKeep() {
  try {
    localStorage.setItem("aseptrail.probe", "1");
    localStorage.removeItem("aseptrail.probe");
    return true;
  } catch {
    return false;
  }
}

export function keepText(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    fallback.set(key, text);
  }
}

export function keptText(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return fallback.get(key) ?? "";
  }
}

function isTime(value) {
  if (value === null) {
    return true;
  }
  try {
    parseTime(value);
    return true;
  } catch {
    return false;
  }
}

function readCheckpoint(line) {
  let item;
  try {
    item = JSON.parse(line);
  } catch {
    item = null;
  }
  const texts = ["clinic_id", "slug", "root_fingerprint", "root", "note"];
  const found = typeof item === "object" && item !== null ? { ...item, made_at: item.made_at ?? null } : {};
  const whole = texts.every((key) => typeof found[key] === "string") && Number.isSafeInteger(found.size);
  if (!whole || !/^(?:[0-9a-f]{2})+$/.test(found.root) || !isTime(found.made_at)) {
    throw new MemoryDamaged("What is remembered cannot be read. Export it, keep the file, and look into it; going on without it would hide a changed log.");
  }
  return found;
}

export function readCheckpoints(text) {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(readCheckpoint);
}

export function loadCheckpoints() {
  return readCheckpoints(keptText(CHECKPOINTS));
}

export function checkpointsText() {
  return keptText(CHECKPOINTS);
}

export function forgetCheckpoints() {
  keepText(CHECKPOINTS, "");
}

function isSame(kept, fresh) {
  return kept.clinic_id === fresh.clinic_id && kept.size === fresh.size && kept.root === fresh.root;
}

// Returns how many of them were new.
export function rememberAll(fresh) {
  const kept = loadCheckpoints();
  const added = [];
  for (const item of fresh) {
    if (![...kept, ...added].some((other) => isSame(other, item))) {
      added.push(item);
    }
  }
  const lines = added.map((item) => `${JSON.stringify(item)}\n`).join("");
  keepText(CHECKPOINTS, keptText(CHECKPOINTS) + lines);
  return added.length;
}

// Whether the clinic is described as its log describes it, with every change of its name that is
// shown (docs/record-format.md section 4).

import { isObject } from "./canonical.js";
import { member } from "./shape.js";
import { check } from "./verdict.js";

const FOR_EVER = ["slug", "time_zone", "demo"];
const CHANGEABLE = ["name", "language"];

function answer(holds, reason) {
  return check("identity", "The clinic is the one the log was begun for", holds, reason);
}

// Name and language of one side of a change; null where it is not exactly that.
function readDescription(change, side) {
  const said = Object.hasOwn(change.data, side) ? change.data[side] : null;
  const isWhole = isObject(said) && Object.keys(said).length === CHANGEABLE.length;
  return isWhole && CHANGEABLE.every((key) => Object.hasOwn(said, key) && typeof said[key] === "string") ? said : null;
}

function describe(data) {
  return Object.fromEntries(CHANGEABLE.map((key) => [key, member(data, key)]));
}

// Each change that is shown replaces what was in force before it; the last one is the report's.
export function checkIdentity(log) {
  const genesis = log.byIndex.get(0);
  if (genesis === undefined || genesis.kind !== "log.genesis") {
    return answer(false, "No: the log's first entry is not shown.");
  }
  const { clinic } = log.audit.data;
  const other = FOR_EVER.find((key) => member(genesis.data, key) !== clinic[key]);
  if (other !== undefined) {
    return answer(false, `No: the report gives another ${other} than the log's first entry.`);
  }
  let inForce = describe(genesis.data);
  let said = "the log's first entry";
  for (const change of log.ordered.filter((each) => each.kind === "clinic.changed")) {
    const [old, fresh] = [readDescription(change, "old"), readDescription(change, "new")];
    if (old === null || fresh === null) {
      return answer(false, `No: entry ${change.index} does not say what it changes.`);
    }
    if (CHANGEABLE.some((key) => old[key] !== inForce[key])) {
      return answer(false, `No: entry ${change.index} replaces another name or language than was in force.`);
    }
    inForce = describe(fresh);
    said = `entry ${change.index}`;
  }
  const wrong = CHANGEABLE.find((key) => clinic[key] !== inForce[key]);
  if (wrong !== undefined) {
    return answer(false, `No: the report gives another ${wrong} than ${said}.`);
  }
  const isPlain = said === "the log's first entry";
  return answer(true, isPlain ? "Its first entry says so." : `Its first entry says so, and ${said} what it is called since.`);
}

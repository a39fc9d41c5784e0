// The meaning layer, sterilization: a pack that a session used came from a released load.

import { compareText } from "./bytes.js";
import { isObject } from "./canonical.js";
import { answer, ofKind } from "./entries.js";

function listOf(value) {
  return Array.isArray(value) ? value : [];
}

function objectOf(value) {
  return isObject(value) ? value : {};
}

function textOf(data, key) {
  return Object.hasOwn(data, key) && typeof data[key] === "string" ? data[key] : "";
}

function findLoads(log) {
  const loads = { packs: new Map(), packsReleased: new Map(), cycles: new Map(), cyclesReleased: new Map() };
  const places = new Map([
    ["pack.registered", ["pack", loads.packs]],
    ["pack.released", ["pack", loads.packsReleased]],
    ["cycle.released", ["cycle", loads.cyclesReleased]],
    ["cycle.recorded", ["cycle", loads.cycles]],
    ["cycle.imported", ["cycle", loads.cycles]],
  ]);
  for (const entry of log.ordered) {
    const [key, found] = places.get(entry.kind) ?? ["", null];
    if (found !== null && !found.has(textOf(entry.data, key))) {
      found.set(textOf(entry.data, key), entry);
    }
  }
  return loads;
}

function evidenceOf(entry) {
  return listOf(entry.data.items).flatMap((item) => listOf(objectOf(item).evidence).map(objectOf));
}

function* cycleProblems(log, loads, entry, registered, name) {
  const id = textOf(registered.data, "cycle_id");
  if (id === "") {
    return;
  }
  const [cycle, released] = [loads.cycles.get(id), loads.cyclesReleased.get(id)];
  if (cycle === undefined) {
    if (registered.index >= log.audit.start && log.audit.start === 0) {
      yield `${name} names a cycle that is not in the log`;
    }
  } else if (released === undefined && cycle.index >= log.audit.start) {
    yield `${name} comes from cycle ${textOf(cycle.data, "number")}, which was never released`;
  } else if (released !== undefined && !(cycle.index < released.index && released.index < entry.index)) {
    yield `${name}: its cycle was not released between its record and the session`;
  }
}

function* packProblems(log, loads, entry, ref) {
  const [name, pack] = [`entry ${entry.index}: pack ${textOf(ref, "code")}`, textOf(ref, "pack")];
  const registered = loads.packs.get(pack);
  if (registered === undefined) {
    // It was registered before the range, and nothing of it is quoted.
    return;
  }
  if (registered.index > entry.index) {
    yield `${name} was registered after the session was signed`;
  }
  const released = loads.packsReleased.get(pack);
  if (released === undefined && registered.index >= log.audit.start) {
    yield `${name} was never released`;
  } else if (released !== undefined && released.index > entry.index) {
    yield `${name} was released after the session was signed`;
  }
  yield* cycleProblems(log, loads, entry, registered, name);
}

function* returnProblems(log, entry, ref) {
  const index = ref.released_index ?? null;
  if (index === null) {
    return;
  }
  if (!Number.isInteger(index) || index >= entry.index) {
    yield `entry ${entry.index} names a release that comes after it`;
    return;
  }
  const released = log.byIndex.get(index);
  if (released === undefined) {
    if (log.audit.start <= index && index < log.audit.end) {
      yield `entry ${entry.index} names entry ${index}, which is not shown`;
    }
  } else if (released.kind !== "pack.released" || (released.data.pack ?? null) !== (ref.pack ?? null)) {
    yield `entry ${entry.index}: entry ${index} did not release its pack`;
  }
}

function* loadProblems(log, loads) {
  for (const kind of ["session.closed", "session.signed"]) {
    for (const entry of ofKind(log, kind)) {
      for (const piece of evidenceOf(entry)) {
        if (piece.kind === "pack") {
          yield* packProblems(log, loads, entry, objectOf(piece.ref));
        } else if (piece.kind === "returned") {
          yield* returnProblems(log, entry, objectOf(piece.ref));
        }
      }
    }
  }
}

function* curveProblems(log, loads) {
  for (const hash of log.audit.falseCurves) {
    yield `the readings under ${hash.slice(0, 16)} have another hash`;
  }
  const named = new Set([...loads.cycles.values()].map((entry) => textOf(entry.data, "curve_sha256")));
  for (const hash of [...log.audit.curves.keys()].sort(compareText)) {
    if (!named.has(hash)) {
      yield `no cycle shown has the readings ${hash.slice(0, 16)}`;
    }
  }
}

export function loadSteps(log) {
  const loads = findLoads(log);
  return [
    () =>
      answer(
        "loads",
        "Every sterile pack of a session comes from a released load",
        loadProblems(log, loads),
        `${loads.cycles.size} cycles and ${loads.packs.size} packs are shown.`,
      ),
    () =>
      answer(
        "curves",
        "The readings of cycles are those that were recorded",
        curveProblems(log, loads),
        `${log.audit.curves.size} curves have the hash that the log names.`,
      ),
  ];
}

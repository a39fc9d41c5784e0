// Where a log tells of the sterilization room, as positions and not as content.

import { child, children, optionalText, text, texts } from "./fields.js";

export function emptyRoom() {
  return {
    sterilizers: new Map(),
    cycles: new Map(),
    packs: new Map(),
    spores: new Map(),
    recalls: new Map(),
    files: [],
    imported: new Map(),
    loads: new Map(),
    opened: new Map(),
    refused: new Map(),
  };
}

function append(map, key, value) {
  map.set(key, [...(map.get(key) ?? []), value]);
}

function noteCycle(room, index, data, inside) {
  const cycle = text(data, "cycle");
  room.cycles.set(cycle, {
    index,
    inside,
    sterilizer: text(data, "sterilizer"),
    kind: text(data, "kind"),
    run_at: text(data, "run_at"),
    ended_at: optionalText(data, "ended_at"),
    failed: text(data, "outcome") !== "passed",
    undecided: new Set(children(data, "flags").map((flag) => text(flag, "code"))),
    decisions: new Map(),
    chemical: null,
    released: null,
    load: null,
    spores: [],
  });
  const raw = optionalText(data, "raw_sha256");
  if (raw !== null) {
    append(room.imported, raw, cycle);
  }
}

function noteIndicator(room, index, data, inside) {
  const cycle = room.cycles.get(text(data, "cycle"));
  if (text(data, "indicator") !== "spore") {
    if (cycle !== undefined) {
      cycle.chemical = index;
      cycle.failed = text(data, "outcome") !== "passed";
    }
    return;
  }
  const test = text(data, "test");
  if (cycle !== undefined && !cycle.spores.includes(test)) {
    cycle.spores.push(test);
  }
  room.spores.set(test, {
    index,
    inside,
    sterilizer: text(data, "sterilizer"),
    cycle: text(data, "cycle"),
    run_at: text(data, "run_at"),
    outcome: text(data, "outcome"),
  });
}

function noteRecall(room, index, data, inside) {
  room.recalls.set(text(data, "recall"), {
    opened: index,
    inside,
    sterilizer: optionalText(data, "sterilizer"),
    lot: optionalText(data, "lot"),
    gtin: optionalText(data, "gtin"),
    since: optionalText(data, "since"),
    positives: 1,
    pulled: [],
    calls: new Map(),
    found: new Map(),
    closed: null,
  });
}

// Notes something about what was entered before; what never was is passed over.
function about(places, key, note) {
  return (room, index, data) => {
    const found = room[places].get(text(data, key));
    if (found !== undefined) {
      note(found, index, data);
    }
  };
}

function noteLoadEnd(room, _index, data) {
  const cycle = room.cycles.get(optionalText(data, "cycle") ?? "");
  if (cycle !== undefined) {
    cycle.load = room.loads.get(text(data, "load")) ?? null;
  }
}

function notePulled(recall, index, data) {
  texts(data, "cycles");
  recall.pulled.push(index);
}

const READERS = {
  "session.opened": (room, index, data) => room.opened.set(text(data, "session"), index),
  "session.refused": (room, index, data) => append(room.refused, text(data, "session"), index),
  "sterilizer.added": (room, index, data) => room.sterilizers.set(text(data, "sterilizer"), { index, moves: [], services: [] }),
  "sterilizer.moved": about("sterilizers", "sterilizer", (machine, index) => machine.moves.push(index)),
  "sterilizer.serviced": about("sterilizers", "sterilizer", (machine, index) => machine.services.push(index)),
  "cycle.recorded": noteCycle,
  "cycle.imported": noteCycle,
  "cycle.flag_decided": about("cycles", "cycle", (cycle, index, data) => {
    cycle.undecided.delete(text(data, "flag"));
    cycle.decisions.set(text(data, "flag"), index);
  }),
  "cycle.released": about("cycles", "cycle", (cycle, index) => {
    cycle.released = index;
  }),
  "indicator.read": noteIndicator,
  "pack.registered": (room, index, data) => room.packs.set(text(data, "pack"), { index, cycle: optionalText(data, "cycle_id") ?? "" }),
  "load.started": (room, index, data) => room.loads.set(text(data, "load"), index),
  "load.ended": noteLoadEnd,
  "recall.opened": noteRecall,
  "recall.pulled": about("recalls", "recall", notePulled),
  "recall.positive": about("recalls", "recall", (recall) => {
    recall.positives += 1;
  }),
  "recall.called": about("recalls", "recall", (recall, index, data) => append(recall.calls, text(data, "met"), index)),
  "recall.pack_found": about("recalls", "recall", (recall, index, data) => recall.found.set(text(data, "pack"), { outcome: text(data, "outcome"), index })),
  "recall.closed": about("recalls", "recall", (recall, index) => {
    recall.closed = index;
  }),
  "log_file.kept": (room, index, _data, inside) => inside && room.files.push(index),
};

// Entries must come in the order of the log, those outside the range first.
export function noteRoom(room, index, entry, inside) {
  const kind = text(entry, "kind");
  if (Object.hasOwn(READERS, kind)) {
    READERS[kind](room, index, child(entry, "data"), inside);
  }
}

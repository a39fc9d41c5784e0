// What a report says, read from the bytes that are signed and from nothing else, as plain values
// that the page draws.

import { readAmendments, readBlock } from "./blocks.js";
import { readExceptions } from "./exceptions.js";
import { child, children, fill, lookUp, number, optionalChild, optionalText, spoken, text } from "./fields.js";
import { readFormerly, readSessionFormerly } from "./formerly.js";
import { STEPS, WORDS } from "./generated.js";
import { Log, author, findPositions } from "./log.js";
import { Naming } from "./naming.js";
import { readRoom } from "./room_reading.js";
import { LocalTimes } from "./times.js";

const MOST = 200;
const MOST_ENTRIES = 2000;

// Only the plain kinds of filter decide what is drawn; one this version lacks passes everything.
const SUBJECTS = {
  practitioner: (data) => text(data, "practitioner"),
  device: (data) => text(child(data, "device"), "id"),
  template: (data) => text(child(data, "template"), "id"),
  state: (data) => text(data, "state"),
};

function usedFilters(filters) {
  return Object.keys(SUBJECTS).filter((key) => Object.hasOwn(filters, key) && filters[key]);
}

function filterTexts(filters, naming) {
  const names = { practitioner: naming.words.practitioner, device: naming.words.device, template: naming.words.protocol };
  return usedFilters(filters).map((key) => {
    const value = String(filters[key]);
    return `${lookUp(names, key, spoken(key))} ${key === "practitioner" ? naming.person(value) : spoken(value)}`;
  });
}

function drawnIndices(naming, filters) {
  const used = usedFilters(filters);
  return naming.positions.drawn.filter((index) => {
    const data = child(naming.log.read(index), "data");
    return used.every((key) => SUBJECTS[key](data) === filters[key]);
  });
}

function spans(indexes, to) {
  const runs = [];
  for (const index of indexes) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[1] === index - 1) {
      last[1] = index;
    } else {
      runs.push([index, index]);
    }
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first} ${to} ${last}`)).join(", ");
}

function stepOf(naming, kind, data, template) {
  const steps = lookUp(STEPS, naming.language, STEPS.en);
  const step = lookUp(steps, data.undo === true ? "undo" : kind, spoken(kind.replaceAll(".", " ")));
  const item = optionalText(data, "item");
  return fill(step, {
    item: item === null ? "" : naming.subject(template, item),
    field: spoken(optionalText(data, "field") ?? ""),
  });
}

function readSingle(naming, session, purpose) {
  const record = naming.positions.drawn[naming.positions.drawn.length - 1];
  const template = naming.template(child(child(naming.log.read(record), "data"), "template"));
  const history = naming.log.outside
    .filter((index) => child(naming.log.read(index), "data").session === session)
    .map((index) => {
      const entry = naming.log.read(index);
      return {
        index,
        when: naming.times.moment(text(entry, "at")),
        who: naming.person(author(entry)),
        what: stepOf(naming, text(entry, "kind"), child(entry, "data"), template),
      };
    });
  return { purpose, record, entries: spans(history.map((line) => line.index), naming.words.to), history };
}

// Every entry that was signed, by kind, person and time, with its data as it was signed.
function readEntries(naming) {
  return [...naming.log.inside, ...naming.log.outside].slice(0, MOST_ENTRIES).flatMap((index) => {
    const entry = naming.log.find(index);
    if (entry === null) {
      return [];
    }
    const plain = { index, kind: text(entry, "kind"), who: naming.person(author(entry)), data: JSON.stringify(entry.data) };
    return [{ ...plain, when: naming.times.moment(text(entry, "at")).text }];
  });
}

function namingOf(audit, clinic, session) {
  const [language] = text(clinic, "language").toLowerCase().split("-");
  const words = lookUp(WORDS, language, WORDS.en);
  const log = new Log(audit);
  const positions = findPositions(log, session);
  const times = new LocalTimes(text(clinic, "time_zone"), words);
  return new Naming({ log, positions, disclosures: audit.disclosures, times, words, language });
}

function periodOf(data, times) {
  const period = child(data, "period");
  const [first, last] = [times.day(text(period, "from")), times.day(text(period, "to"))];
  return first === last ? first : `${first} ${times.words.to} ${last}`;
}

function countsOf(positions, opened) {
  const awaiting = opened.filter((session) => text(session, "state") === "awaiting_reprocessing").length;
  return {
    closed: positions.closed,
    late: positions.late.size,
    amended: positions.amendments.size,
    aborted: positions.aborted.size,
    awaiting,
    still_open: opened.length - awaiting,
  };
}

function readShared(naming, audit, clinic, opened, room) {
  const { data } = audit;
  return {
    clinic: text(clinic, "name"),
    demo: clinic.demo === true,
    zone: text(clinic, "time_zone"),
    made_at: naming.times.moment(text(data, "made_at")),
    made_by: naming.person(text(data, "made_by")),
    software: text(data, "software"),
    size: number(data, "size"),
    counts: { ...countsOf(naming.positions, opened), recalled: room.recalled },
    exceptions: readExceptions(naming, opened, room.exceptions),
    kinds: naming.words.kinds,
  };
}

function readReport(naming, audit, clinic, room) {
  const { data } = audit;
  const opened = children(data, "open_sessions");
  const span = child(data, "range");
  const volume = optionalChild(data, "volume");
  const filters = optionalChild(data, "filters") ?? {};
  const start = number(span, "start");
  const earlier = [...naming.positions.amendments.keys()].filter((index) => index < start);
  return {
    ...readShared(naming, audit, clinic, opened, room),
    period: periodOf(data, naming.times),
    filters: filterTexts(filters, naming),
    volume: volume === null ? "" : fill(naming.words.volume, { number: number(volume, "number"), of: number(volume, "of") }),
    start,
    end: number(span, "end"),
    indices: drawnIndices(naming, filters),
    later_amendments: earlier.flatMap((index) => readAmendments(index, naming)),
    formerly: readFormerly(naming, data),
    single: null,
  };
}

function readSession(naming, audit, clinic) {
  const { data } = audit;
  const { drawn } = naming.positions;
  return {
    ...readShared(naming, audit, clinic, [], { exceptions: [], recalled: 0 }),
    period: readBlock(drawn[0], naming).closed.day,
    filters: [],
    volume: "",
    start: 0,
    end: 0,
    indices: drawn,
    later_amendments: [],
    formerly: readSessionFormerly(naming, drawn[drawn.length - 1]),
    single: readSingle(naming, text(data, "session"), text(data, "purpose")),
  };
}

function readContent(audit) {
  const clinic = child(audit.data, "clinic");
  const session = audit.single === null ? null : audit.single.session;
  const naming = namingOf(audit, clinic, session);
  const room = session === null ? readRoom(naming, audit) : null;
  const content = room === null ? readSession(naming, audit, clinic) : readReport(naming, audit, clinic, room);
  content.entries = readEntries(naming);
  return { naming, room, content };
}

// Keeps what was drawn before a fault.
function drawAll(indices, draw) {
  const drawn = [];
  try {
    indices.forEach((index) => drawn.push(draw(index)));
  } catch {
    return { drawn, whole: false };
  }
  return { drawn, whole: true };
}

// Nothing where nothing can be drawn: what a rejected file says may be nonsense in any way, and
// the verdict about it must be shown all the same.
export function redraw(audit) {
  if (audit === null) {
    return null;
  }
  if (audit.trace !== null) {
    return { trace: audit.trace };
  }
  let read;
  try {
    read = readContent(audit);
  } catch {
    return null;
  }
  const { naming, room, content } = read;
  const blocks = drawAll(content.indices.slice(0, MOST), (index) => readBlock(index, naming));
  const rooms = drawAll(room === null ? [] : [room], (one) => one.draw(MOST));
  return {
    content,
    blocks: blocks.drawn,
    room: rooms.drawn[0] ?? null,
    left_out: Math.max(0, content.indices.length - MOST),
    unreadable: !(blocks.whole && rooms.whole),
    most: MOST,
  };
}

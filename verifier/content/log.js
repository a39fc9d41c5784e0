// The entries of an audit by index, and a first pass that notes where everything is.

import { isObject, parseCanonical } from "../engine/canonical.js";
import { ContentUnreadable, child, children, number, text, texts } from "./fields.js";
import { emptyRoom, noteRoom } from "./room_positions.js";

export class Log {
  constructor(audit) {
    this.bodies = new Map([...audit.context, ...audit.entries].map((entry) => [entry.index, entry.body]));
    this.inside = audit.entries.map((entry) => entry.index);
    this.outside = audit.context.map((entry) => entry.index).sort((left, right) => left - right);
    this.parsed = new Map();
  }

  find(index) {
    const body = this.bodies.get(index) ?? null;
    if (body !== null && !this.parsed.has(index)) {
      this.parsed.set(index, parseCanonical(body));
    }
    return body === null ? null : this.parsed.get(index);
  }

  read(index) {
    const entry = this.find(index);
    if (entry === null) {
      throw new ContentUnreadable(`entry ${index} is referred to and missing`);
    }
    return entry;
  }
}

export function author(entry) {
  return text(child(entry, "by"), "user");
}

function noteSigned(positions, index, data) {
  const session = text(data, "session");
  const earlier = positions.signed.get(session);
  // A session signed early in the range and closed later in it is one session, not two.
  [positions.awaiting, positions.late, positions.overridden].forEach((marks) => marks.delete(earlier));
  positions.signed.set(session, index);
  if (text(data, "state") === "awaiting_reprocessing") {
    positions.awaiting.add(index);
  }
  if (children(data, "items").some((item) => item.late === true)) {
    positions.late.add(index);
  }
  if (children(data, "overrides").length > 0) {
    positions.overridden.add(index);
  }
}

// What explains a session, wherever in the log it was said.
const FACTS = {
  "user.added": (positions, index, data) =>
    positions.people.set(text(data, "user"), { commitment: text(child(data, "name"), "commit"), roles: texts(data, "roles"), index }),
  "user.changed": (positions, index, data) => {
    const known = positions.people.get(text(data, "user"));
    if (known !== undefined) {
      positions.people.set(text(data, "user"), { ...known, roles: texts(data, "roles"), index });
    }
  },
  "user.renamed": (positions, index, data) => {
    const user = text(data, "user");
    const last = positions.renamings.get(user);
    // What is quoted beside the range may be later than what is in it.
    if (last === undefined || last.index < index) {
      positions.renamings.set(user, { index, commitment: text(child(data, "new"), "commit") });
    }
  },
  "template.published": (positions, _index, data) => positions.templates.set(text(data, "hash"), child(data, "template")),
  erasure: (positions, index, data) => positions.erasures.set(text(data, "subject"), index),
  restore: (positions, index) => positions.restores.push(index),
  "clinic.changed": (positions, index) => positions.clinicChanges.push(index),
};

// What happened in the range and is counted.
const EVENTS = {
  "session.signed": noteSigned,
  "session.closed": (positions, index, data) => {
    noteSigned(positions, index, data);
    positions.closed += 1;
  },
  "session.aborted": (positions, index, data) => {
    noteSigned(positions, index, data);
    positions.aborted.add(index);
  },
  "session.amended": (positions, index, data) => {
    const closed = number(data, "closed_index");
    positions.amendments.set(closed, [...(positions.amendments.get(closed) ?? []), index]);
  },
  "incident.recorded": (positions, index) => positions.incidents.push(index),
  "followup.recorded": (positions, index, data) => {
    if (text(data, "outcome") !== "well") {
      positions.followUps.push(index);
    }
  },
  "clock.anomaly": (positions, index) => positions.clockAnomalies.push(index),
};

function commitmentsIn(value) {
  if (Array.isArray(value)) {
    return value.flatMap(commitmentsIn);
  }
  if (!isObject(value)) {
    return [];
  }
  const own = typeof value.commit === "string" ? [value.commit] : [];
  return [...own, ...Object.values(value).flatMap(commitmentsIn)];
}

// Which texts went with an erased person; another pass, and only if there is one.
function mapHidden(log, positions) {
  const sessions = new Map();
  for (const index of positions.erasures.size > 0 ? [...log.outside, ...log.inside] : []) {
    const entry = log.find(index);
    const data = entry === null ? {} : child(entry, "data");
    const subject = isObject(data.client) ? data.client.id : undefined;
    if (typeof data.session === "string" && positions.erasures.has(subject)) {
      sessions.set(data.session, subject);
    }
    if (sessions.has(data.session)) {
      commitmentsIn(data).forEach((commitment) => positions.hidden.set(commitment, sessions.get(data.session)));
    }
  }
}

function note(positions, readers, index, entry) {
  const kind = text(entry, "kind");
  if (Object.hasOwn(readers, kind)) {
    readers[kind](positions, index, child(entry, "data"));
  }
}

export function findPositions(log, session) {
  const positions = {
    people: new Map(),
    renamings: new Map(),
    templates: new Map(),
    signed: new Map(),
    closed: 0,
    aborted: new Set(),
    awaiting: new Set(),
    late: new Set(),
    overridden: new Set(),
    amendments: new Map(),
    incidents: [],
    followUps: [],
    clockAnomalies: [],
    restores: [],
    clinicChanges: [],
    erased: [],
    erasures: new Map(),
    hidden: new Map(),
    room: emptyRoom(),
  };
  for (const index of log.outside) {
    const entry = log.read(index);
    note(positions, FACTS, index, entry);
    if (session === null) {
      noteRoom(positions.room, index, entry, false);
    } else if (child(entry, "data").session === session) {
      note(positions, EVENTS, index, entry);
    }
  }
  for (const index of log.inside) {
    const entry = log.find(index);
    if (entry === null) {
      positions.erased.push(index);
    } else {
      note(positions, FACTS, index, entry);
      note(positions, EVENTS, index, entry);
      noteRoom(positions.room, index, entry, true);
    }
  }
  mapHidden(log, positions);
  positions.clinicChanges.sort((left, right) => left - right);
  positions.drawn = [...positions.signed.values()].sort((left, right) => left - right);
  return positions;
}

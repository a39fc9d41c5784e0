// Everything that is not as it should be, as sentences, most serious first.

import { isObject } from "../engine/canonical.js";
import { readAmendments, readItems, readOverrides } from "./blocks.js";
import { child, fill, lookUp, number, optionalChild, spoken, text, texts } from "./fields.js";
import { beside } from "./times.js";

function line(kind, index, when, sentence) {
  return { kind, number: index, when, sentence };
}

function at(entry, naming) {
  return naming.times.moment(text(entry, "at"));
}

function ascending(indices) {
  return [...indices].sort((left, right) => left - right);
}

function restored(index, naming) {
  const { words } = naming;
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const how = text(data, "how");
  const [backup, previous] = [optionalChild(data, "backup"), optionalChild(data, "previous")];
  let said = lookUp(words.restore_sentences, how, spoken(how));
  if (backup !== null) {
    said = fill(said, { size: number(backup, "size"), when: naming.times.moment(text(backup, "at")).text });
  }
  if (previous !== null) {
    said += ` ${fill(words.restore_lost, { size: number(previous, "size") })}`;
  }
  return line("restored", index, at(entry, naming), said);
}

function aborted(index, naming) {
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const client = naming.client(child(data, "client"));
  const what = isObject(data.deviation) ? naming.freeText(data.deviation, "what") : "";
  return line("aborted", index, at(entry, naming), what ? `${client}: ${what}` : client);
}

function signs(data, { words }) {
  return texts(data, "signs").map((sign) => lookUp(words.signs, sign, spoken(sign))).join(", ") || words.no_signs;
}

function incident(index, naming) {
  const { words } = naming;
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const grade = text(data, "grade");
  const sentence = fill(words.incident_sentence, {
    grade: lookUp(words.grades, grade, spoken(grade)),
    signs: signs(data, naming),
    escalated: data.escalated === true ? words.escalated : words.not_escalated,
    description: naming.freeText(data, "description"),
  });
  return line("incident", index, at(entry, naming), sentence.trim());
}

function followUp(index, naming) {
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const sentence = fill(naming.words.follow_up_sentence, {
    cites: number(data, "cites"),
    signs: signs(data, naming),
    note: naming.freeText(data, "note"),
  });
  return line("follow_up", index, at(entry, naming), sentence.trim());
}

function overridden(index, naming) {
  return readOverrides(child(naming.log.read(index), "data"), naming).map((one) =>
    line("override", index, one.when, `${one.label}, ${one.who}. ${one.reason}`.trim()),
  );
}

function amended(closedIndex, naming) {
  return readAmendments(closedIndex, naming).map((one) => {
    const sentence = fill(naming.words.amendment_sentence, {
      closed: one.closed_index,
      item: one.label,
      old: one.old,
      new: one.new,
      who: one.who,
      reason: one.reason,
    });
    return line("amendment", one.index, one.when, sentence.trim());
  });
}

function lateTimes(item, { words }) {
  if (item.performed === null) {
    return fill(words.recorded, { when: item.when.text });
  }
  return fill(words.late_from_to, { performed: item.performed.text, recorded: beside(item.when, item.performed.day) });
}

function late(index, naming) {
  const data = child(naming.log.read(index), "data");
  const client = naming.client(child(data, "client"));
  return readItems(data, naming)
    .filter((item) => item.late)
    .map((item) => {
      const parts = { item: item.label, times: lateTimes(item, naming), who: item.who, client };
      return line("late", index, item.when, fill(naming.words.late_sentence, parts));
    });
}

function stillOpen(session, naming) {
  const index = number(session, "opened_index");
  const entry = naming.log.find(index);
  const awaiting = text(session, "state") === "awaiting_reprocessing";
  const sentence = awaiting ? naming.words.awaiting_sentence : naming.words.still_open_sentence;
  return line("still_open", index, entry === null ? null : at(entry, naming), sentence);
}

function clockAnomaly(index, naming) {
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const sentence = fill(naming.words.clock_sentence, {
    previous: naming.times.moment(text(data, "previous")).text,
    observed: naming.times.moment(text(data, "observed")).text,
  });
  return line("clock", index, at(entry, naming), sentence);
}

export function readExceptions(naming, openSessions, ofRoom) {
  const { positions, words } = naming;
  return [
    ...ascending(positions.restores).map((index) => restored(index, naming)),
    ...ofRoom,
    ...ascending(positions.aborted).map((index) => aborted(index, naming)),
    ...positions.incidents.map((index) => incident(index, naming)),
    ...positions.followUps.map((index) => followUp(index, naming)),
    ...ascending(positions.overridden).flatMap((index) => overridden(index, naming)),
    ...[...positions.amendments.keys()].flatMap((index) => amended(index, naming)),
    ...ascending(positions.late).flatMap((index) => late(index, naming)),
    ...openSessions.map((session) => stillOpen(session, naming)),
    ...positions.clockAnomalies.map((index) => clockAnomaly(index, naming)),
    ...positions.erased.map((index) => line("erased", index, null, words.erased_sentence)),
  ];
}

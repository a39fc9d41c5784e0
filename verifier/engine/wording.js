// The sentences a verdict is told in; a judge should be able to read them.

import { CLIENT_COPY } from "./shape.js";
import { RECALL } from "./trace_file.js";

const ALWAYS = [
  "That what was entered was true when it was entered: a false tick looks like a true one.",
  "That every treatment was entered: what never reached the record leaves no gap in it. Compare with sterilizer cycles, supplies and appointments.",
  "What the page looks like: pages can be drawn to mislead. Read the report as it is drawn anew from the signed data.",
];
const WITHOUT_TIMESTAMPS = [
  "When anything was recorded or sealed: all times are those of the clinic's own clock.",
  "That the newest entries are all there: without a time-stamp from outside, the end of the record could have been cut off before the report was made.",
];
const WITH_TIMESTAMPS = [
  "When exactly anything was done: the time-stamps give the times between which a record came into the log, and all other times are those of the clinic's own clock.",
  "That nothing was entered after the newest time-stamp: what came later could have been cut off before the report was made.",
];
const OWN_TIMESTAMPS = [
  "Anything about time to somebody who doubts the clinic: the time-stamps are by an authority of its own, which can be made to say any time.",
  ...WITH_TIMESTAMPS,
];
const WITHOUT_HISTORY = [
  "That the clinic shows everyone the same record: it could keep a second one. This shows only when two reports are compared, so keep what you were given.",
];
const ONE_SESSION = [
  "That this is every entry about the session: an amendment, an adverse event or a follow-up could have been left out. Only a report of the period shows that nothing is missing.",
  "Anything about other sessions, or that the record is complete for any period.",
];
const OF_TRACE = [
  "That a list is complete: a client, a pack or a load could have been left out. Only a report of the period shows every entry from which the lists are made.",
  "Whom a line names, and which packs and loads: the log holds client references as commitments that this file does not open. The lines are the clinic's word, sealed.",
  "Anything about other sessions, or that the record is complete for any period.",
];
const OF_CLIENT_COPY = [
  "How the session came about: a client's copy leaves out the entries before the signature, and the names of everybody but the practitioner.",
];

// The highest of the levels shown; a higher one does not include a lower one.
export function levelOf(shown) {
  return shown.metBefore || shown.challenged ? 3 : shown.oneHistory ? 2 : shown.times ? 1 : 0;
}

export function limitsOf(audit, shown) {
  const second = shown.oneHistory || shown.metBefore ? [] : WITHOUT_HISTORY;
  const stamped = shown.ownWord ? OWN_TIMESTAMPS : WITH_TIMESTAMPS;
  const limits = [...(shown.times ? stamped : WITHOUT_TIMESTAMPS), ...second, ...ALWAYS];
  if (audit.single !== null) {
    return [...ONE_SESSION, ...(audit.single.purpose === CLIENT_COPY ? OF_CLIENT_COPY : []), ...limits];
  }
  if (audit.trace !== null) {
    return [...OF_TRACE, ...limits];
  }
  const volume = audit.data.volume;
  if (volume !== null && volume.of !== 1) {
    limits.unshift(`What the other volumes hold: this is volume ${volume.number} of ${volume.of}, and each is to be checked.`);
  }
  return limits;
}

function reportSentence({ clinic, period }) {
  const days = period.from === period.to ? period.from : `${period.from} to ${period.to}`;
  return `The report of ${clinic.name} for ${days} has not been altered since the clinic sealed it.`;
}

function sessionSentence(audit) {
  const what = audit.single.purpose === CLIENT_COPY ? "client's copy of one session" : "record of one session";
  return `The ${what} of ${audit.data.clinic.name} has not been altered since the clinic sealed it, and every entry in it is in the clinic's log. It does not show that no entry was left out.`;
}

function traceSentence({ data, trace }) {
  const what = trace.purpose === RECALL ? "a recall" : "a search";
  return `The lists of ${what} that ${data.clinic.name} handed out, “${trace.title}”, have not been altered since the clinic sealed them, and every entry they quote is in the clinic's log. They do not show that nothing was left out.`;
}

function sentenceOf(audit) {
  if (audit.trace !== null) {
    return traceSentence(audit);
  }
  return audit.single === null ? reportSentence(audit.data) : sessionSentence(audit);
}

export function acceptedSentence(audit, shown) {
  let sentence = sentenceOf(audit);
  if (audit.data.clinic.demo) {
    sentence += " It is made of demonstration data and says nothing about real treatments.";
  }
  if (shown.times) {
    sentence += " Its entries existed by the times that the time-stamps you pinned say.";
    sentence += shown.ownWord ? " These are the clinic's own and not independent of it." : "";
  }
  if (shown.oneHistory) {
    sentence += " Enough of the witnesses you named saw this history and no other.";
  }
  if (shown.metBefore) {
    sentence += " It is drawn from the same record that you met before.";
  }
  return shown.challenged ? `${sentence} It holds the challenge that you gave.` : sentence;
}

export function rejectedSentence(checks) {
  const failed = checks.find((each) => each.holds === false);
  return `The report must not be relied on.${failed === undefined ? "" : ` This does not hold: ${failed.name}.`}`;
}

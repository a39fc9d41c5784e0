// The meaning layer of one session's file: the entries are this session's, and it is complete.

import { answer } from "./entries.js";
import { closingProblems } from "./sessions.js";
import { CLIENT_COPY } from "./shape.js";

const ENDS = ["session.signed", "session.closed", "session.aborted"];
const EXPLAINING = ["log.genesis", "template.published", "user.added", "user.changed", "restore", "erasure", "key.rotated", "anchor", "clinic.changed", "user.renamed"];
const HISTORY = ["session.finished", "session.opened", "session.started"];

function ownEntries(log) {
  return log.inside.filter((entry) => entry.data.session === log.audit.single.session);
}

function* foreignEntries(log) {
  for (const entry of log.inside) {
    if (!EXPLAINING.includes(entry.kind) && entry.data.session !== log.audit.single.session) {
      yield `entry ${entry.index} is about something else`;
    }
  }
}

export function checkBelonging(log) {
  return answer(
    "belongs",
    "Every entry is about this session or explains one that is",
    foreignEntries(log),
    `${ownEntries(log).length} entries are about session ${log.audit.single.session}.`,
  );
}

function* problemsOf(log) {
  const kinds = ownEntries(log).map((entry) => entry.kind);
  const ends = kinds.filter((kind) => ENDS.includes(kind));
  if (ends.length === 0) {
    yield "no entry shows that the session was signed, closed or aborted";
  } else if (ends.filter((kind) => kind !== "session.signed").length > 1) {
    yield "it is said to have ended more than once";
  }
  if (log.audit.single.purpose !== CLIENT_COPY) {
    // An aborted session may never have been started.
    const needed = ends.includes("session.aborted") ? ["session.opened"] : HISTORY;
    for (const kind of needed.filter((each) => !kinds.includes(each))) {
      yield `its entry ${kind} is not shown`;
    }
  }
  yield* closingProblems(log);
}

export function checkSingle(log) {
  return answer(
    "sessions",
    "The session was signed, and what is called closed is complete",
    problemsOf(log),
    "It was checked against the checklist it names.",
  );
}

// The verdict in a sentence a judge could read, then the checks, then the record.

import { badge, el, facts, icon, notice, table } from "./dom.js";
import { recordView } from "./record_view.js";

const SHOWN = {
  accepted: ["Accepted", "good"],
  rejected: ["Rejected", "bad"],
  cannot_be_judged: ["Cannot be judged", "warn"],
};

// What each level may be called, and no more.
const LEVELS = [
  "Level 0: not altered since the clinic sealed it",
  "Level 1: existed by the times that authorities you pinned say",
  "Level 2: one history only, as far as the witnesses are honest",
  "Level 3: the same log as in a report met before",
];

const ABOUT = {
  inspection: "one session, with every entry the clinic quotes about it",
  client_copy: "one session, as the client’s copy",
  recall: "a recall’s lists, which nobody can show to be complete",
  search: "a search’s list, which nobody can show to be complete",
};

function banner(verdict) {
  const [word, tone] = SHOWN[verdict.outcome];
  const level = verdict.level === null ? null : el("p", { class: "level-line" }, LEVELS[verdict.level]);
  return el(
    "section",
    { class: `verdict tone-${tone}`, id: "verdict", "data-outcome": verdict.outcome, "aria-label": "Verdict", tabindex: "-1" },
    icon(tone),
    el("div", {}, el("p", { class: "verdict-word" }, word), el("p", { class: "verdict-sentence" }, verdict.sentence), level),
  );
}

function factsOf(verdict) {
  const { period } = verdict;
  const days = period === null ? null : period[0] === period[1] ? period[0] : `${period[0]} to ${period[1]}`;
  const pairs = [
    ["Clinic", verdict.clinic],
    ["Period", days],
    ["About", ABOUT[verdict.about] ?? null],
    ["Signed by", verdict.signed_by],
    ["Signed at", verdict.signed_at === null ? null : `${verdict.signed_at}, by the clinic’s own clock`],
    ["Root relied on, SHA-256", verdict.root_fingerprint],
    ["Witnesses", verdict.witnessed.length > 0 ? verdict.witnessed.join(", ") : null],
  ];
  return pairs.some((pair) => pair[1] !== null) ? el("div", { class: "panel" }, facts(pairs)) : null;
}

function checkLine({ name, holds, reason }) {
  const [word, tone] = holds === null ? ["Unknown", "idle"] : holds ? ["Holds", "good"] : ["Fails", "bad"];
  return el("li", { class: "check" }, badge(word, tone), el("span", { class: "check-name" }, name), el("span", { class: "check-reason" }, reason));
}

function tally(checks) {
  const counted = [["hold", true], ["unknown", null], ["fail", false]].map(([word, holds]) => [checks.filter((each) => each.holds === holds).length, word]);
  return counted.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`).join(", ");
}

function section(id, title, ...content) {
  return el("section", { class: "stack", "aria-labelledby": id }, el("h2", { id }, title), content);
}

function timeStamps(stamps) {
  const columns = [["Entries", "num"], ["Time", "date"], ["Authority", "text"], ["Counts", "text"]];
  const rows = stamps.map((stamp) => [`first ${stamp.size}`, stamp.gen_time, `${stamp.authority}${stamp.independent ? "" : " (not independent)"}`, `${stamp.counts ? "Yes" : "No"}: ${stamp.reason}`]);
  return stamps.length > 0 ? section("stamps", "Time-stamps", table("By whom, over how many entries", columns, rows)) : null;
}

function recordSection(verdict, drawn) {
  if (drawn === null) {
    return verdict.outcome === "accepted" ? notice("warn", "The signed data cannot be drawn by this page. The checks above hold all the same.") : null;
  }
  const lead =
    verdict.outcome === "accepted"
      ? el("p", { class: "quiet" }, "Compare this with the pages of the PDF. Where they differ, this is what was signed.")
      : notice("bad", "This report was not accepted. What follows is what the file says, not what happened.");
  return section("record", "The record, drawn anew from the signed data", lead, recordView(drawn, verdict.brackets));
}

export function verdictView({ verdict, drawn }, name, remembered, again) {
  const kept = remembered ? el("p", { class: "quiet" }, "Its checkpoint is remembered for the next visit.") : null;
  const limits = verdict.does_not_prove.map((line) => el("li", {}, line));
  return [
    el("div", { class: "page-head" }, el("div", {}, el("h1", {}, "Verdict"), el("p", {}, name)), el("div", { class: "cluster no-print" }, again)),
    banner(verdict),
    kept,
    factsOf(verdict),
    section("checks", `What was checked: ${tally(verdict.checks)}`, el("ul", { class: "checks" }, verdict.checks.map(checkLine))),
    limits.length > 0 ? section("limits", "What this does not prove", el("ul", { class: "plain-list" }, limits)) : null,
    timeStamps(verdict.time_stamps),
    recordSection(verdict, drawn),
  ];
}

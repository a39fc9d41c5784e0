// The rules in force over the period: for each the strictest value, and who says so.

import { compareText } from "../engine/bytes.js";
import { ContentUnreadable, child, children, fill, lookUp, number, spoken, text } from "./fields.js";
import { STRICTER } from "./generated.js";
import { dayText, dayNumber } from "./times.js";

function profileOf(value) {
  return {
    id: text(value, "id"),
    version: number(value, "version"),
    validFrom: dayNumber(text(value, "valid_from")),
    title: text(value, "title"),
    source: text(value, "source"),
    primary: value.primary === true,
    // A rule that this version of the software does not know has no order of strictness.
    values: new Map(Object.entries(child(value, "values")).filter(([key]) => Object.hasOwn(STRICTER, key))),
    citations: child(value, "citations"),
    spans: children(value, "in_force").map((span) => [dayNumber(text(span, "from")), dayNumber(text(span, "to"))]),
  };
}

function isStricter(key, value, than) {
  if (STRICTER[key] === "min") {
    return value < than;
  }
  return STRICTER[key] === "max" ? value > than : Boolean(value) && !than;
}

function binds({ spans }, day) {
  return spans.some(([first, last]) => first <= day && day <= last);
}

function versionOn(profiles, id, day) {
  const valid = profiles.filter((profile) => profile.id === id && profile.validFrom <= day);
  if (valid.length === 0) {
    throw new ContentUnreadable("a rule profile was not valid on its days");
  }
  return valid.reduce((one, other) => (other.version > one.version ? other : one));
}

function stack(profiles, first, last) {
  const bound = profiles.filter((profile) => binds(profile, first));
  const chosen = bound.map(({ id }) => versionOn(bound, id, first));
  const [values, origins] = [new Map(), new Map()];
  for (const profile of chosen) {
    for (const [key, value] of profile.values) {
      if (!values.has(key) || isStricter(key, value, values.get(key))) {
        values.set(key, value);
        origins.set(key, profile);
      }
    }
  }
  return { first, last, values, origins, profiles: chosen };
}

// What bound the clinic on each stretch of days; nothing in reports that do not tell values.
export function readRules(data) {
  const told = children(data, "profiles").filter((one) => Object.hasOwn(one, "in_force"));
  const profiles = told.map(profileOf);
  const edges = profiles.flatMap(({ spans }) => spans.flatMap(([first, last]) => [first, last + 1]));
  const starts = [...new Set(edges)].sort((left, right) => left - right);
  return starts
    .slice(0, -1)
    .map((first, at) => [first, starts[at + 1] - 1])
    .filter(([first]) => profiles.some((profile) => binds(profile, first)))
    .map(([first, last]) => stack(profiles, first, last));
}

export function rulesOn(rules, day) {
  return rules.find(({ first, last }) => first <= day && day <= last);
}

// The rule as a sentence cites it: of the profile whose value won, or who speaks about it.
export function citeRule({ origins, profiles }, key) {
  const speaking = profiles.find((profile) => Object.hasOwn(profile.citations, key));
  const { id, version } = origins.get(key) ?? speaking ?? profiles[profiles.length - 1];
  return `${id}/${version} ${key}`;
}

function valueText(naming, key, value) {
  if (typeof value === "boolean") {
    return naming.words.answers[value ? "yes" : "no"];
  }
  const { units } = naming.words.room;
  const end = Object.keys(units).find((one) => key.endsWith(one));
  return fill(end === undefined ? "{value}" : units[end], { value });
}

function ruleLine(naming, { values, origins }, key) {
  const words = naming.words.room;
  const { id, version, source, primary } = origins.get(key);
  return [
    lookUp(words.rules, key, spoken(key)),
    valueText(naming, key, values.get(key)),
    `${id}, ${fill(naming.words.version, { version })}`,
    primary ? source : `${source} ${words.second_hand}`,
  ];
}

export function readRuleSpans(naming, rules) {
  return rules.map((one) => {
    const [begin, end] = [one.first, one.last].map((day) => naming.times.day(dayText(day)));
    return {
      days: begin === end ? begin : `${begin} ${naming.words.to} ${end}`,
      lines: [...one.values.keys()].sort(compareText).map((key) => ruleLine(naming, one, key)),
    };
  });
}

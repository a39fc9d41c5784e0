// What the clinic was called before, where what a file is about was recorded under that name.

import { child, fill, number, optionalChild, text } from "./fields.js";

const MOST_NAMES = 3;

function sayFormerly(naming, indexes) {
  const { words } = naming.times;
  const said = indexes.flatMap((index) => {
    const entry = naming.log.read(index);
    const data = child(entry, "data");
    const name = text(child(data, "old"), "name");
    if (name === text(child(data, "new"), "name")) {
      return [];
    }
    return [fill(words.formerly, { name, when: naming.times.moment(text(entry, "at")).text, index })];
  });
  const newest = [...said].reverse().slice(0, MOST_NAMES);
  const more = said.length - MOST_NAMES;
  return more > 0 ? [...newest, fill(words.formerly_more, { count: more })] : newest;
}

export function readFormerly(naming, data) {
  const start = number(child(data, "range"), "start");
  // The index of volumes has an empty range at their end; its period is theirs.
  const period = optionalChild(data, "period");
  const begun = period === null ? "" : text(period, "from_time");
  const told = naming.positions.clinicChanges.filter((index) => index >= start || text(naming.log.read(index), "at") >= begun);
  return sayFormerly(naming, told);
}

// The same since a session was opened; `record` is the entry that signed it last.
export function readSessionFormerly(naming, record) {
  const since = number(child(child(naming.log.read(record), "data"), "opened"), "index");
  return sayFormerly(naming, naming.positions.clinicChanges.filter((index) => index > since));
}

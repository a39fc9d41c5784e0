// What looking at the changed objects alone can tell of a later part of a file: everything is
// harmless, something is not, or somebody has to look closer.

export const ALLOWED = "allowed";
export const UNCLEAR = "unclear";
export const FORBIDDEN = "forbidden";

const ORDER = [ALLOWED, UNCLEAR, FORBIDDEN];

export function worstOf(found) {
  return ORDER[Math.max(0, ...found.map((each) => ORDER.indexOf(each)))];
}

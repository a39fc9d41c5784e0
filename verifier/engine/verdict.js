// What a verification found: facts check by check, and the three ways in which it can end.

export const ACCEPTED = "accepted";
export const REJECTED = "rejected";
export const CANNOT_BE_JUDGED = "cannot_be_judged";

export const EXIT_CODES = { [ACCEPTED]: 0, [REJECTED]: 1, [CANNOT_BE_JUDGED]: 2 };

export function check(code, name, holds, reason) {
  return { code, name, holds, reason };
}

export class NotJudgeable extends Error {
  constructor(code, name, reason) {
    super(reason);
    this.check = check(code, name, false, reason);
  }
}

// Whether the log holds what the inspector made up on the spot. Nobody could have prepared a log
// that holds it. That there is no second log which holds it too, it does not show.

import { entryText } from "./entries.js";
import { check } from "./verdict.js";

function answer(holds, reason) {
  return check("challenge", "The log holds the challenge you gave", holds, reason);
}

// Without a challenge there is nothing to say.
export function checkChallenge(log, challenge) {
  if (challenge === null) {
    return answer(null, "You gave none.");
  }
  const wanted = challenge.split(/[\s\u001c-\u001f\u0085]+/u).filter((word) => word !== "").join(" ").normalize("NFC");
  for (const entry of [...log.ordered].reverse()) {
    if (entry.kind === "inspection.challenge" && entryText(entry, "challenge") === wanted) {
      return answer(true, `It is entry ${entry.index}, so the log was continued after you gave it.`);
    }
  }
  if (!log.audit.hasRange) {
    const what = log.audit.single === null ? "a recall or a search" : "one session";
    return answer(null, `The file of ${what} does not quote challenges. Ask for a report of a period.`);
  }
  return answer(false, "No: it was made before you gave the challenge, or drawn from another log than the one it was entered into.");
}

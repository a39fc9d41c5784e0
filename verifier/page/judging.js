// Judging in a worker, which can be slow, greedy or crash without taking the page with it.

import { MAX_FILE_BYTES } from "../engine/limits.js";

const SECONDS = 60;

function unfinished(reason) {
  const check = { code: "limits", name: "The file can be read within limits", holds: false, reason };
  return {
    verdict: {
      outcome: "cannot_be_judged",
      exit_code: 2,
      level: null,
      sentence: `This file cannot be judged. ${reason}`,
      checks: [check],
      signed_by: null,
      signed_at: null,
      root_fingerprint: null,
      clinic: null,
      period: null,
      about: null,
      does_not_prove: [],
      checkpoint: null,
      time_stamps: [],
      brackets: [],
      witnessed: [],
    },
    drawn: null,
  };
}

// Takes what `listen` in worker.js takes. `stop` of the result ends the work.
export function judgeFile(request, makeWorker) {
  const url = URL.createObjectURL(new Blob([`(${makeWorker})()`], { type: "text/javascript" }));
  const worker = new Worker(url);
  let stop;
  const answer = new Promise((resolve) => {
    const finish = (result) => {
      clearTimeout(timer);
      worker.terminate();
      URL.revokeObjectURL(url);
      resolve(result);
    };
    const timer = setTimeout(() => finish(unfinished(`Reading it took longer than ${SECONDS} seconds.`)), SECONDS * 1000);
    stop = () => finish(unfinished("You stopped it."));
    worker.onmessage = (message) => finish(message.data ?? unfinished("Reading it gave no usable answer."));
    worker.onerror = (event) => {
      event.preventDefault();
      finish(unfinished("Reading it gave no usable answer."));
    };
    worker.postMessage(request);
  });
  return { answer, stop };
}

// One byte beyond the limit is enough for the verdict that it is exceeded.
export async function readFile(file) {
  return new Uint8Array(await file.slice(0, MAX_FILE_BYTES + 1).arrayBuffer());
}

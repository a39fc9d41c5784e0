// The worker's side: a file and what its judge holds in, a verdict and the record out.

import { readPems } from "../engine/certificates.js";
import { readPemList } from "../engine/revoked.js";
import { verifyReport } from "../engine/verify.js";
import { parsePolicy } from "../engine/witnesses.js";
import { redraw } from "../content/reading.js";

// `roots`, `authorities` and `crls` are texts in PEM, `policy` the bytes of a file or nothing.
async function judge({ bytes, roots, authorities, policy, crls = [], known, challenge }) {
  const held = {
    roots: roots.flatMap((pem) => readPems(pem)[0]),
    authorities: authorities.flatMap(readPems),
    policy: policy === null ? null : parsePolicy(policy),
    crls: crls.map(readPemList),
    known,
    challenge,
  };
  const { verdict, audit } = await verifyReport(bytes, held);
  return { verdict, drawn: redraw(audit) };
}

export function listen() {
  self.onmessage = async (message) => {
    self.postMessage(await judge(message.data));
  };
  // What nobody awaits would be lost; the page is to hear that there is no answer.
  self.onunhandledrejection = () => self.postMessage(null);
}

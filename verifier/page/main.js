// The page itself: what the inspector holds, the file, and the verdict.

import { fingerprintOf, readPems, subjectText } from "../engine/certificates.js";
import { formatTime } from "../engine/entry.js";
import { readPemList } from "../engine/revoked.js";
import { parsePolicy } from "../engine/witnesses.js";
import { byId, el, notice, partsOf, table } from "./dom.js";
import { judgeFile, readFile } from "./judging.js";
import { canKeep, checkpointsText, forgetCheckpoints, keepText, keptText, loadCheckpoints, readCheckpoints, rememberAll } from "./keeping.js";
import { verdictView } from "./verdict_view.js";

const ROOTS = "aseptrail.roots";
const AUTHORITIES = "aseptrail.authorities";
const POLICY = "aseptrail.policy";
const LISTS = "aseptrail.lists";
const MAX_PEM_BYTES = 64 * 1024;
const MAX_LIST_BYTES = 1024 * 1024;

let makeWorker = null;

function showProblem(...lines) {
  byId("problem").replaceChildren(...(lines.length > 0 ? [notice("bad", ...lines)] : []));
  byId("problem").hidden = lines.length === 0;
}

function listOf(key) {
  try {
    const found = JSON.parse(keptText(key) || "[]");
    found.forEach((pem) => readPems(pem));
    return found;
  } catch {
    return [];
  }
}

function showHeld(key, listId) {
  const pems = listOf(key);
  const remove = (pem) => () => {
    keepText(key, JSON.stringify(listOf(key).filter((other) => other !== pem)));
    showHeld(key, listId);
  };
  const items = pems.map((pem) => {
    const [certificate] = readPems(pem);
    const name = subjectText(certificate);
    return el(
      "li",
      {},
      el("div", {}, el("p", {}, el("strong", {}, name)), el("p", { class: "fingerprint quiet" }, `SHA-256 ${fingerprintOf(certificate)}`)),
      el("button", { type: "button", class: "button button-secondary", click: remove(pem), "aria-label": `Remove ${name}` }, "Remove"),
    );
  });
  byId(listId).replaceChildren(...items);
}

async function addCertificates(input, key, listId) {
  const pems = listOf(key);
  showProblem();
  for (const file of input.files) {
    try {
      const text = await file.slice(0, MAX_PEM_BYTES).text();
      readPems(text);
      pems.push(text);
    } catch {
      showProblem(`“${file.name}” is not a certificate in PEM.`, "Choose the ROOT.pem that you took away from the clinic; it begins with -----BEGIN CERTIFICATE-----.");
    }
  }
  input.value = "";
  keepText(key, JSON.stringify([...new Set(pems)]));
  showHeld(key, listId);
}

function heldLists() {
  try {
    const found = JSON.parse(keptText(LISTS) || "[]");
    found.forEach((pem) => readPemList(pem));
    return found;
  } catch {
    return [];
  }
}

function showLists() {
  const pems = heldLists();
  const remove = (pem) => () => {
    keepText(LISTS, JSON.stringify(heldLists().filter((other) => other !== pem)));
    showLists();
  };
  const items = pems.map((pem) => {
    const { entries, madeAt } = readPemList(pem);
    const name = `List of ${formatTime(madeAt).slice(0, 16).replace("T", ", ")} UTC`;
    const count = `It names ${entries.length === 1 ? "1 certificate" : `${entries.length} certificates`}.`;
    return el(
      "li",
      {},
      el("div", {}, el("p", {}, el("strong", {}, name)), el("p", { class: "quiet" }, count)),
      el("button", { type: "button", class: "button button-secondary", click: remove(pem), "aria-label": `Remove: ${name}` }, "Remove"),
    );
  });
  byId("lists").replaceChildren(...items);
}

async function addLists(input) {
  const pems = heldLists();
  showProblem();
  for (const file of input.files) {
    try {
      const text = await file.slice(0, MAX_LIST_BYTES).text();
      readPemList(text);
      pems.push(text);
    } catch {
      showProblem(`“${file.name}” is no list of revoked certificates in PEM.`, "Choose the CRL.pem that the clinic published; it begins with -----BEGIN X509 CRL-----.");
    }
  }
  input.value = "";
  keepText(LISTS, JSON.stringify([...new Set(pems)]));
  showLists();
}

function policyBytes() {
  const text = keptText(POLICY);
  return text === "" ? null : new TextEncoder().encode(text);
}

function showPolicy() {
  const bytes = policyBytes();
  const forget = () => {
    keepText(POLICY, "");
    showPolicy();
  };
  if (bytes === null) {
    byId("policy").replaceChildren("You name no witnesses.");
  } else {
    const count = parsePolicy(bytes).witnesses.size;
    byId("policy").replaceChildren(`Your policy names ${count} witnesses. `, el("button", { type: "button", class: "button button-secondary", click: forget }, "Remove it"));
  }
}

async function choosePolicy(input) {
  showProblem();
  try {
    const text = await input.files[0].slice(0, MAX_PEM_BYTES + 1).text();
    parsePolicy(new TextEncoder().encode(text));
    keepText(POLICY, text);
  } catch (error) {
    showProblem(`That is not a witness policy: ${error.message}.`);
  }
  input.value = "";
  showPolicy();
}

function showMemory() {
  let kept = [];
  try {
    kept = loadCheckpoints();
    byId("memory-count").textContent = kept.length === 0 ? "nothing yet" : `${kept.length} checkpoint${kept.length > 1 ? "s" : ""}`;
  } catch (error) {
    byId("memory-count").textContent = "damaged";
    showProblem(error.message);
  }
  const columns = [["Clinic", "text"], ["Entries", "num"], ["Report made", "date"], ["Root of the log", "text"]];
  const rows = kept.map((item) => [item.slug, String(item.size), item.made_at ?? "–", `${item.root.slice(0, 16)}…`]);
  byId("memory-list").replaceChildren(...(rows.length > 0 ? [table("Checkpoints of accepted reports", columns, rows)] : []));
}

function exportMemory() {
  const url = URL.createObjectURL(new Blob([checkpointsText()], { type: "application/jsonl" }));
  el("a", { href: url, download: "known-checkpoints.jsonl" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

async function importMemory(input) {
  showProblem();
  try {
    rememberAll(readCheckpoints(await input.files[0].text()));
  } catch (error) {
    showProblem(error.message);
  }
  input.value = "";
  showMemory();
}

function show(part) {
  for (const id of ["ask", "busy", "result"]) {
    byId(id).hidden = id !== part;
  }
}

function askAgain() {
  show("ask");
  byId("file").value = "";
  byId("file").focus();
}

function showResult(result, name) {
  const { checkpoint } = result.verdict;
  const remembered = checkpoint !== null && rememberAll([checkpoint]) > 0;
  const again = [
    el("button", { type: "button", class: "button button-secondary", click: () => window.print() }, "Print"),
    el("button", { type: "button", class: "button button-primary", click: askAgain }, "Check another file"),
  ];
  byId("result").replaceChildren(...partsOf(verdictView(result, name, remembered, again)));
  show("result");
  showMemory();
  byId("verdict").focus();
}

async function judgeChosen(file) {
  showProblem();
  const roots = listOf(ROOTS);
  if (roots.length === 0) {
    showProblem("You hold no root certificate yet, so there is nobody to trust.", "Add the ROOT.pem that you took away from the clinic, then choose the report again.");
    byId("file").value = "";
    return;
  }
  let known;
  try {
    known = loadCheckpoints();
  } catch (error) {
    showProblem(error.message);
    return;
  }
  byId("busy-name").textContent = file.name;
  show("busy");
  const bytes = await readFile(file);
  const challenge = byId("challenge").value.trim() || null;
  const work = judgeFile({ bytes, roots, authorities: listOf(AUTHORITIES), policy: policyBytes(), crls: heldLists(), known, challenge }, makeWorker);
  byId("stop").onclick = work.stop;
  showResult(await work.answer, file.name);
}

function listenForDrops() {
  const drop = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    if (event.dataTransfer.files.length > 0 && !byId("ask").hidden) {
      judgeChosen(event.dataTransfer.files[0]);
    }
  });
}

export function start(worker) {
  makeWorker = worker;
  showHeld(ROOTS, "roots");
  showHeld(AUTHORITIES, "authorities");
  showPolicy();
  showLists();
  showMemory();
  if (!canKeep()) {
    showProblem("This browser keeps nothing for this page.", "Checking works; to compare with later visits, export what is remembered before you close it.");
  }
  byId("root-file").addEventListener("change", (event) => addCertificates(event.target, ROOTS, "roots"));
  byId("authority-file").addEventListener("change", (event) => addCertificates(event.target, AUTHORITIES, "authorities"));
  byId("list-file").addEventListener("change", (event) => addLists(event.target));
  byId("policy-file").addEventListener("change", (event) => choosePolicy(event.target));
  byId("file").addEventListener("change", (event) => event.target.files.length > 0 && judgeChosen(event.target.files[0]));
  byId("memory-export").addEventListener("click", exportMemory);
  byId("memory-import").addEventListener("change", (event) => importMemory(event.target));
  byId("memory-clear").addEventListener("click", () => {
    forgetCheckpoints();
    showMemory();
  });
  listenForDrops();
  // For whoever wants to judge many files in one go, from the browser's console.
  globalThis.aseptrailJudge = (request) => judgeFile(request, makeWorker).answer;
}

// What a later part of a file may change without anybody having to compare whole documents: a
// signature in the field that was left for an inspector, and archive time-stamps with what is
// needed to judge them. Either touches a few objects and no others.

import { judgeField } from "./added_fields.js";
import { doubtful, expectedChanges, judgedObjects } from "./changed_objects.js";
import { isPlaced, judgeDescriptions, judgeForm } from "./countersigning.js";
import { ALLOWED, FORBIDDEN, UNCLEAR, worstOf } from "./harm.js";
import { spelt } from "./pdf_compare.js";
import { readStart } from "./pdf_revision.js";
import { PdfDictionary, PdfReference, PdfText } from "./pdf_values.js";
import { isArchiveStamp } from "./seal_time.js";
import { judgeStore } from "./security_store.js";
import { keepsApart } from "./shown_objects.js";

const INSPECTOR_FIELD = "Inspector";
const FILL_FORMS = 2;

export function isCountersignature(signature) {
  return signature.name === INSPECTOR_FIELD;
}

export function invitesCountersignature(seal) {
  return seal.permission === FILL_FORMS;
}

// Written once more in a later increment, a signature would seem to belong to that one, and what
// the increment changes besides would pass for signed.
function coversItsRevision(file, { revision }, cut) {
  if (cut.end === file.bytes.length) {
    return true;
  }
  try {
    const isOwn = readStart(file.bytes, cut.end) === file.revisions[revision].declared;
    return isOwn && file.revisions.slice(0, revision + 1).every((each) => each.end <= cut.end);
  } catch {
    return false;
  }
}

async function referencesOf(file, form, at) {
  const list = await file.member(form, "Fields", at);
  return Array.isArray(list) && list.every((one) => one instanceof PdfReference) ? list : null;
}

async function titleOf(file, reference, at) {
  const field = await file.resolve(reference, at);
  const title = field instanceof PdfDictionary ? field.raw("T") : undefined;
  return title instanceof PdfText ? String(title) : "";
}

// The form before and after; nothing where what changed in it could not be told apart.
async function readForms({ file, at, known, oldRoot, newRoot }) {
  const [reference, now] = [oldRoot.raw("AcroForm"), newRoot.raw("AcroForm")];
  const [form, newForm] = [await file.resolve(reference, at - 1), await file.resolve(now, at)];
  if (!(form instanceof PdfDictionary && newForm instanceof PdfDictionary && isPlaced(reference, now, known))) {
    return null;
  }
  const [fields, newFields] = [await referencesOf(file, form, at - 1), await referencesOf(file, newForm, at)];
  if (fields === null || newFields === null) {
    return null;
  }
  const titles = [];
  for (const field of fields) {
    titles.push(await titleOf(file, field, at - 1));
  }
  const place = titles.indexOf(INSPECTOR_FIELD);
  const inspector = place >= 0 && place === titles.lastIndexOf(INSPECTOR_FIELD) ? fields[place] : null;
  const hasGrown = spelt(newFields.slice(0, fields.length)) === spelt(fields);
  const hasOnlySignatures = await areForSigning(file, fields, at);
  const formReference = reference instanceof PdfReference ? reference : null;
  return { formReference, form, newForm, fields, titles, inspector, hasGrown, hasOnlySignatures, added: newFields.slice(fields.length) };
}

async function areForSigning(file, fields, at) {
  for (const reference of fields) {
    const field = await file.resolve(reference, at - 1);
    if (!(field instanceof PdfDictionary) || (await file.member(field, "FT", at - 1))?.text !== "Sig" || field.has("Kids")) {
      return false;
    }
  }
  return true;
}

async function judgeAdded(step, forms) {
  const found = [forms.hasGrown ? ALLOWED : FORBIDDEN];
  const annotated = new Map();
  for (const reference of forms.added) {
    found.push(await judgeField(reference, forms.titles, step));
    const page = (await step.file.resolve(reference, step.at))?.raw?.("P");
    if (page instanceof PdfReference) {
      const same = [...annotated.keys()].find((one) => one.key === page.key) ?? page;
      annotated.set(same, [...(annotated.get(same) ?? []), spelt(reference)]);
    }
  }
  return { found, annotated };
}

async function judgeObject(step, expected, reference) {
  const { file, at } = step;
  if (file.locate(reference, at - 1) === null) {
    // A number that the earlier file knows, though of no object, is not free for a new one.
    return UNCLEAR;
  }
  const [before, after] = [await file.get(reference, at - 1), await file.get(reference, at)];
  if (spelt(before) === spelt(after)) {
    return ALLOWED;
  }
  const judge = expected.get(reference.key);
  if (judge !== undefined) {
    return await judge(before, after);
  }
  return (await doubtful(step)).has(reference.key) ? UNCLEAR : FORBIDDEN;
}

async function judgeRevision(step) {
  const { file, at, known } = step;
  const revision = file.revisions[at];
  if (revision.freed.size > 0) {
    return FORBIDDEN;
  }
  const forms = await readForms(step);
  if (forms === null || spelt(file.trailerValue("Root", at)) !== spelt(step.rootReference)) {
    return UNCLEAR;
  }
  const { found, annotated } = await judgeAdded(step, forms);
  found.push(await judgeStore(step), await judgeForm(step, forms), await judgeDescriptions(step));
  if (step.signatures.length > 1) {
    // What follows one signature alone is covered by none, and asked about below.
    found.push((await keepsApart(step, await judgedObjects(step, forms))) ? ALLOWED : FORBIDDEN);
  }
  const expected = await expectedChanges(step, { ...forms, annotated });
  for (const reference of revision.references()) {
    if (reference.number < known) {
      found.push(await judgeObject(step, expected, reference));
    }
  }
  return worstOf(found);
}

async function stepOf(file, signatures, at) {
  const { permission } = signatures[0];
  const own = signatures.filter((each) => each.revision === at);
  const countersigned = own.some(isCountersignature) && invitesCountersignature(signatures[0]);
  return {
    file,
    at,
    signatures,
    permission,
    known: file.trailerValue("Size", at - 1),
    rootReference: file.trailerValue("Root", at - 1),
    oldRoot: await file.root(at - 1),
    newRoot: await file.root(at),
    countersigned,
    // Whether a program had reason to write this revision.
    signed: countersigned || own.some(isArchiveStamp),
  };
}

// Whether everything after the seal is what may follow it.
export async function judgeAdditions({ file, signatures, cuts }) {
  const last = file.revisions.length - 1;
  const begin = signatures[0].revision;
  if (signatures.length === 1 && begin === last) {
    return ALLOWED;
  }
  if (!signatures.every((signature, index) => coversItsRevision(file, signature, cuts[index]))) {
    return FORBIDDEN;
  }
  const found = [];
  for (let at = begin + 1; at <= last; at += 1) {
    found.push(await judgeRevision(await stepOf(file, signatures, at)));
  }
  return worstOf(found);
}

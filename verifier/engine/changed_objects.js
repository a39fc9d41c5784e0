// Objects that a later part of a file writes anew: for each, what may differ.

import { ALLOWED, FORBIDDEN, UNCLEAR } from "./harm.js";
import { sameBut, spelt } from "./pdf_compare.js";
import { PdfDictionary, PdfReference } from "./pdf_values.js";

// What a signature in the field left for it sets: the signature, how it looks, when.
const FILLED = ["V", "AP", "M"];

// What the command's library would at least look at closer, wherever it is changed.
const LOOSE = {
  catalog: ["AcroForm", "DSS", "Extensions", "Metadata", "MarkInfo", "Version"],
  form: ["Fields", "DR", "DA", "Q", "NeedAppearances"],
  field: ["AP", "AS", "V", "F", "DA", "Q", "Ff", "Type", "M"],
  signed: ["Ff", "Type"],
};
const MOST_REACHED = 2000;
const NOT_FOLLOWED = ["P", "Parent", "V", "StructParent"];

function strictly(before, after, strict, loose) {
  if (sameBut(before, after, strict)) {
    return ALLOWED;
  }
  return sameBut(before, after, loose) ? UNCLEAR : FORBIDDEN;
}

function startsWith(after, before) {
  return Array.isArray(after) && spelt(after.slice(0, before.length)) === spelt(before);
}

// Annotations of a page: those it had, and then new fields that lie on it.
function judgeAnnotations(before, after, allowed) {
  const isGrown = startsWith(after, before) && after.slice(before.length).every((one) => allowed.includes(spelt(one)));
  return isGrown ? ALLOWED : FORBIDDEN;
}

async function judgePage(before, after, allowed, { file, at }) {
  if (!(before instanceof PdfDictionary) || before.raw("Type")?.text !== "Page" || !sameBut(before, after, ["Annots"])) {
    return FORBIDDEN;
  }
  const lists = [await file.member(before, "Annots", at - 1), await file.member(after, "Annots", at)].map((list) => list ?? []);
  return lists.every(Array.isArray) ? judgeAnnotations(lists[0], lists[1], allowed) : FORBIDDEN;
}

function judgeOldField(before, after, { permission }) {
  const isSigned = before instanceof PdfDictionary && before.has("V");
  if (!sameBut(before, after, isSigned ? LOOSE.signed : LOOSE.field)) {
    return FORBIDDEN;
  }
  return permission === 1 && after.has("AP") ? FORBIDDEN : UNCLEAR;
}

// By object, how it is judged; `annotated` are the new fields by the page they lie on.
export async function expectedChanges(step, { formReference, form, inspector, fields, annotated }) {
  const { file, at, oldRoot, countersigned } = step;
  const described = countersigned ? ["Metadata"] : [];
  const found = new Map([
    [step.rootReference.key, (before, after) => strictly(before, after, ["DSS", "Extensions", ...described], LOOSE.catalog)],
    [formReference.key, (before, after) => strictly(before, after, countersigned ? ["Fields", "SigFlags"] : ["Fields"], LOOSE.form)],
    ...fields.map((field) => [field.key, (before, after) => judgeOldField(before, after, step)]),
  ]);
  if (form.raw("Fields") instanceof PdfReference) {
    // That the list has only grown was asked before.
    found.set(form.raw("Fields").key, () => ALLOWED);
  }
  if (oldRoot.raw("DSS") instanceof PdfReference) {
    found.set(oldRoot.raw("DSS").key, () => ALLOWED);
  }
  for (const [page, allowed] of annotated) {
    found.set(page.key, (before, after) => judgePage(before, after, allowed, step));
    const list = (await file.resolve(page, at - 1))?.raw?.("Annots");
    if (list instanceof PdfReference) {
      found.set(list.key, (before, after) => (Array.isArray(before) ? judgeAnnotations(before, after, allowed) : FORBIDDEN));
    }
  }
  if (countersigned && inspector !== null) {
    found.set(inspector.key, (before, after) => strictly(before, after, FILLED, LOOSE.field));
    for (const one of [file.trailerValue("Info", at - 1), oldRoot.raw("Metadata")]) {
      if (one instanceof PdfReference) {
        found.set(one.key, () => ALLOWED);
      }
    }
  }
  return found;
}

async function reach(file, last, value, found) {
  if (found.size > MOST_REACHED) {
    return;
  }
  if (value instanceof PdfReference) {
    if (!found.has(value.key)) {
      found.add(value.key);
      await reach(file, last, await file.resolve(value, last), found);
    }
  } else if (Array.isArray(value)) {
    for (const one of value) {
      await reach(file, last, one, found);
    }
  } else if (value instanceof PdfDictionary) {
    for (const [key, one] of value.members) {
      if (!NOT_FOLLOWED.includes(key)) {
        await reach(file, last, one, found);
      }
    }
  }
}

// The objects of which only somebody who looks closer can say whether they may change.
export async function doubtful({ file, at, oldRoot }) {
  const found = new Set();
  const form = await file.member(oldRoot, "AcroForm", at - 1);
  const parts = ["Extensions", "MarkInfo", "Metadata", "DSS"].map((key) => oldRoot.raw(key));
  for (const value of [...parts, file.trailerValue("Info", at - 1), form]) {
    await reach(file, at - 1, value, found);
  }
  return found;
}


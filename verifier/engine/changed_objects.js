// Objects that a later part of a file writes anew: for each, what may differ.

import { judgeSignedField } from "./countersigning.js";
import { ALLOWED, FORBIDDEN, UNCLEAR } from "./harm.js";
import { sameBut, spelt } from "./pdf_compare.js";
import { PdfDictionary, PdfReference } from "./pdf_values.js";
import { objectsOfStore } from "./security_store.js";

// The form, which is judged by itself, and what is needed to judge signatures later.
const OF_CATALOG = ["AcroForm", "DSS", "Extensions"];

// What the command's library would at least look at closer, wherever it is changed.
const LOOSE = {
  catalog: ["AcroForm", "DSS", "Extensions", "Metadata", "MarkInfo", "Version"],
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

// The objects that are judged by what they are, be they changed or not.
export async function judgedObjects({ file, at, oldRoot, signed }, { formReference, form }) {
  const described = signed ? [file.trailerValue("Info", at - 1), oldRoot.raw("Metadata")] : [];
  const all = [formReference, form.raw("Fields"), ...(await objectsOfStore(file, oldRoot, at - 1)), ...described];
  return all.filter((one) => one instanceof PdfReference);
}

// By object, how it is judged; `annotated` are the new fields by the page they lie on.
export async function expectedChanges(step, forms) {
  const { inspector, fields, annotated } = forms;
  const { file, at, countersigned, signed } = step;
  const ofCatalog = signed ? [...OF_CATALOG, "Metadata", "Version"] : OF_CATALOG;
  const found = new Map([
    [step.rootReference.key, (before, after) => strictly(before, after, ofCatalog, LOOSE.catalog)],
    ...fields.map((field) => [field.key, (before, after) => judgeOldField(before, after, step)]),
  ]);
  for (const one of await judgedObjects(step, forms)) {
    // What became of it was asked before.
    found.set(one.key, () => ALLOWED);
  }
  for (const [page, allowed] of annotated) {
    found.set(page.key, (before, after) => judgePage(before, after, allowed, step));
    const list = (await file.resolve(page, at - 1))?.raw?.("Annots");
    if (list instanceof PdfReference) {
      found.set(list.key, (before, after) => (Array.isArray(before) ? judgeAnnotations(before, after, allowed) : FORBIDDEN));
    }
  }
  if (countersigned && inspector !== null) {
    found.set(inspector.key, (before, after) => judgeSignedField(before, after, step));
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

// What fields show that are signed already; nothing of it may change.
async function shownBySigned(file, form, last, found) {
  const fields = form === undefined ? [] : await file.member(form, "Fields", last);
  for (const reference of Array.isArray(fields) ? fields : []) {
    const field = await file.resolve(reference, last);
    if (field instanceof PdfDictionary && field.has("V")) {
      await reach(file, last, field, found);
    }
  }
}

// The objects of which only somebody who looks closer can say whether they may change.
export async function doubtful({ file, at, oldRoot }) {
  const found = new Set();
  const kept = new Set();
  const form = await file.member(oldRoot, "AcroForm", at - 1);
  const parts = ["Extensions", "MarkInfo", "Metadata", "DSS"].map((key) => oldRoot.raw(key));
  for (const value of [...parts, file.trailerValue("Info", at - 1), form]) {
    await reach(file, at - 1, value, found);
  }
  await shownBySigned(file, form, at - 1, kept);
  return new Set([...found].filter((key) => !kept.has(key)));
}


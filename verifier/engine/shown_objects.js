// What the pages of a sealed file show, by the objects that it is made of. A file can be sealed so
// that one object is two things: the description of the file and the contents of a page. Or a page
// can refer to a number that stands for nothing yet. What may be added later as the one would then
// be seen as the other.

import { Damaged } from "./bytes.js";
import { PdfDictionary, PdfReference } from "./pdf_values.js";

const OF_PAGE = ["Contents", "Resources", "Group"];
const BACKWARDS = ["Parent", "P", "StructParent", "StructParents"];
// A volume of 1 000 sessions has a thousand.
const MOST = 50000;

class Walk {
  constructor(file, last, known) {
    this.file = file;
    this.last = last;
    this.known = known;
    this.found = new Set();
  }

  async follow(value, found = this.found) {
    if (!(value instanceof PdfReference)) {
      return value;
    }
    found.add(value.key);
    const isThere = value.number < this.known && this.file.locate(value, this.last) !== null;
    const target = isThere ? await this.file.resolve(value, this.last) : null;
    if (target === null || found.size > MOST) {
      throw new Damaged("a page shows what is not there");
    }
    return target;
  }

  // What can be reached from values, but for the way back to pages.
  async reach(values) {
    while (values.length > 0) {
      const raw = values.pop();
      if (raw instanceof PdfReference && this.found.has(raw.key)) {
        continue;
      }
      const value = await this.follow(raw);
      if (Array.isArray(value)) {
        values.push(...value);
      } else if (value instanceof PdfDictionary) {
        values.push(...[...value.members].filter(([key]) => !BACKWARDS.includes(key)).map(([, one]) => one));
      }
    }
  }

  async page(node) {
    await this.reach(OF_PAGE.map((name) => node.raw(name)));
    const annotations = await this.follow(node.raw("Annots"));
    for (const one of Array.isArray(annotations) ? annotations : []) {
      const annotation = await this.follow(one, new Set());
      if (annotation instanceof PdfDictionary) {
        await this.reach([annotation.raw("AP")]);
      }
    }
  }

  async pages(root) {
    const pages = [root.raw("Pages")];
    while (pages.length > 0) {
      const met = this.found.size;
      const node = await this.follow(pages.pop());
      if (this.found.size === met || !(node instanceof PdfDictionary)) {
        throw new Damaged("a page is no object of its own");
      }
      const kids = await this.file.resolve(node.raw("Kids"), this.last);
      pages.push(...(Array.isArray(kids) ? kids : []));
      await this.page(node);
    }
  }
}

// Whether no page shows an object that is changed because of what else it is. A page that refers to
// what does not exist makes the file unreadable: something later may take its place.
export async function keepsApart({ file, at, known, oldRoot }, judged) {
  const walk = new Walk(file, at - 1, known);
  await walk.pages(oldRoot);
  const changed = new Set([...file.revisions[at].references()].map((one) => one.key));
  return judged.every(({ key }) => !(walk.found.has(key) && changed.has(key)));
}

// Reading one field of a signed entry, refusing what is not of the promised type.

import { isObject } from "../engine/canonical.js";

export class ContentUnreadable extends Error {}

function valueOf(data, key) {
  return Object.hasOwn(data, key) ? data[key] : null;
}

export function text(data, key) {
  const value = valueOf(data, key);
  if (typeof value !== "string") {
    throw new ContentUnreadable(`${key} is not a text`);
  }
  return value;
}

export function optionalText(data, key) {
  return valueOf(data, key) === null ? null : text(data, key);
}

export function number(data, key) {
  const value = valueOf(data, key);
  if (!Number.isInteger(value)) {
    throw new ContentUnreadable(`${key} is not an integer`);
  }
  return value;
}

export function child(data, key) {
  const value = valueOf(data, key);
  if (!isObject(value)) {
    throw new ContentUnreadable(`${key} is not an object`);
  }
  return value;
}

export function optionalChild(data, key) {
  return valueOf(data, key) === null ? null : child(data, key);
}

export function children(data, key) {
  const value = valueOf(data, key) ?? [];
  if (!Array.isArray(value) || !value.every(isObject)) {
    throw new ContentUnreadable(`${key} is not a list of objects`);
  }
  return value;
}

export function texts(data, key) {
  const value = valueOf(data, key) ?? [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) {
    throw new ContentUnreadable(`${key} is not a list of texts`);
  }
  return value;
}

// A label that is either plain text or one text a language.
export function localized(value, language, otherwise) {
  const found = isObject(value) ? valueOf(value, language) ?? valueOf(value, "en") : value;
  return typeof found === "string" && found !== "" ? found : otherwise;
}

export function spoken(code) {
  return code.replaceAll("_", " ");
}

// Phrases with names in braces, as the report has them.
export function fill(phrase, values) {
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}

export function lookUp(table, key, otherwise) {
  return Object.hasOwn(table, key) ? table[key] : otherwise;
}

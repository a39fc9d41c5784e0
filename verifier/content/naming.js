// Names, labels and free text behind the ids, codes and commitments of the record.

import { isObject } from "../engine/canonical.js";
import { child, children, fill, localized, lookUp, number, optionalChild, spoken, text } from "./fields.js";

const SYSTEM = "system:";
export const DEVICE = "device";

// The member with a code; options may also be bare codes, which say nothing more.
function byCode(data, key, code) {
  const members = Array.isArray(data[key]) ? data[key] : [];
  return members.find((member) => isObject(member) && member.code === code) ?? {};
}

export class Naming {
  constructor({ log, positions, disclosures, times, words, language }) {
    Object.assign(this, { log, positions, disclosures, times, words, language });
  }

  person(user) {
    if (user.startsWith(SYSTEM)) {
      return `${user.slice(SYSTEM.length)} (system)`;
    }
    const known = this.positions.renamings.get(user) ?? this.positions.people.get(user);
    const name = known === undefined ? undefined : this.disclosures.get(known.commitment);
    return name || `${this.hidden(user)} (${user.slice(-8)})`;
  }

  client(client) {
    const reference = this.disclosures.get(text(child(client, "ref"), "commit"));
    if (reference !== undefined) {
      return reference;
    }
    const identity = text(client, "id");
    return `${this.hidden(identity)} (${identity.slice(-8)})`;
  }

  // Committed free text; empty where none was given.
  freeText(data, key) {
    const hidden = optionalChild(data, key);
    if (hidden === null) {
      return "";
    }
    const commitment = text(hidden, "commit");
    return this.disclosures.get(commitment) ?? this.hidden(this.positions.hidden.get(commitment) ?? "");
  }

  device(device) {
    const parts = children(device, "components")
      .flatMap((component) => [text(component, "component"), component.material])
      .filter((part) => typeof part === "string")
      .map(spoken)
      .join(", ");
    const label = text(device, "label");
    return parts ? `${label} (${parts})` : label;
  }

  template(reference) {
    return this.positions.templates.get(text(reference, "hash")) ?? {};
  }

  protocol(reference) {
    const title = localized(this.template(reference).title, this.language, text(reference, "id"));
    return `${title}, ${fill(this.words.version, { version: number(reference, "version") })}`;
  }

  item(template, code) {
    return localized(byCode(template, "items", code).label, this.language, spoken(code));
  }

  subject(template, code) {
    return code === DEVICE ? this.words.device : this.item(template, code);
  }

  // An answer in words: yes, an option's label, or a number with its unit.
  result(template, code, value) {
    if (value === null || value === undefined) {
      return "–";
    }
    if (isObject(value)) {
      if (Object.hasOwn(value, "components")) {
        return this.device(value);
      }
      const unit = text(value, "unit");
      return unit === "1" ? text(value, "value") : `${text(value, "value")} ${unit}`;
    }
    const answer = String(value);
    if (Object.hasOwn(this.words.answers, answer)) {
      return this.words.answers[answer];
    }
    const option = byCode(byCode(template, "items", code), "options", answer);
    return localized(option.label, this.language, spoken(answer));
  }

  auth(code) {
    return lookUp(this.words.auth, code, code);
  }

  hidden(subject) {
    const index = this.positions.erasures.get(subject);
    if (index === undefined) {
      return this.words.not_disclosed;
    }
    const when = this.times.moment(text(this.log.read(index), "at"));
    return fill(this.words.erased_on, { when: when.text, index });
  }
}

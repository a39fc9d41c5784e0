"""Names, labels and free text behind the ids, codes and commitments of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.report.content.anchored import Anchored
from compliance.report.content.fields import (
    JsonObject,
    child,
    children,
    localized,
    number,
    optional_child,
    spoken,
    text,
)
from compliance.report.content.indexing import Positions
from compliance.report.content.log import Log
from compliance.report.content.times import LocalTimes
from compliance.report.content.words import Words

_SYSTEM = "system:"

DEVICE = "device"
"""The item of an amendment that is of the device itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Everything needed to say in words what an entry says in codes."""

    log: Log
    positions: Positions
    disclosures: Mapping[str, str]
    times: LocalTimes
    words: Words
    language: str
    anchored: Anchored | None = None
    """What time-stamps say; nothing where the file has none."""

    def person(self, user: str) -> str:
        """Return a name; where it is not disclosed, what still tells two people apart."""
        if user.startswith(_SYSTEM):
            return f"{user.removeprefix(_SYSTEM)} (system)"
        known = self.positions.people.get(user)
        commitment = None if known is None else known.commitment
        if renamings := self.positions.renamings.get(user):
            commitment = renamings[max(renamings)]
        name = None if commitment is None else self.disclosures.get(commitment)
        return name or f"{self._hidden(user)} ({user[-8:]})"

    def client(self, client: JsonObject) -> str:
        reference = self.disclosures.get(text(child(client, "ref"), "commit"))
        if reference is not None:
            return reference
        identity = text(client, "id")
        return f"{self._hidden(identity)} ({identity[-8:]})"

    def free_text(self, data: JsonObject, key: str) -> str:
        """Return committed free text; empty where none was given."""
        hidden = optional_child(data, key)
        if hidden is None:
            return ""
        commitment = text(hidden, "commit")
        found = self.disclosures.get(commitment)
        if found is None:
            return self._hidden(self.positions.hidden.get(commitment, ""))
        return found

    def device(self, device: JsonObject) -> str:
        parts = ", ".join(
            spoken(part)
            for component in children(device, "components")
            for part in (text(component, "component"), component.get("material"))
            if isinstance(part, str)
        )
        label = text(device, "label")
        return f"{label} ({parts})" if parts else label

    def template(self, reference: JsonObject) -> JsonObject:
        """Return the published template a session names; empty if the audit lacks it."""
        return self.positions.templates.get(text(reference, "hash"), {})

    def protocol(self, reference: JsonObject) -> str:
        title = localized(
            self.template(reference).get("title"), self.language, otherwise=text(reference, "id")
        )
        version = self.words.version.format(version=number(reference, "version"))
        return f"{title}, {version}"

    def item(self, template: JsonObject, code: str) -> str:
        found = _by_code(template, "items", code)
        return localized(found.get("label"), self.language, otherwise=spoken(code))

    def subject(self, template: JsonObject, code: str) -> str:
        """Return what an amendment is of: an item, or the device itself."""
        return self.words.device if code == DEVICE else self.item(template, code)

    def phase(self, template: JsonObject, code: str) -> str:
        found = _by_code(template, "items", code).get("phase")
        return found if isinstance(found, str) else ""

    def result(self, template: JsonObject, code: str, value: object) -> str:
        """Return an answer in words: yes, an option's label, or a number with its unit."""
        if value is None:
            return "–"
        if isinstance(value, Mapping) and "components" in value:
            return self.device(value)
        if isinstance(value, Mapping):
            unit = text(value, "unit")
            # UCUM writes a plain count as the unit 1, which nobody wants to read.
            return text(value, "value") if unit == "1" else f"{text(value, 'value')} {unit}"
        answer = str(value)
        if answer in self.words.answers:
            return self.words.answers[answer]
        option = _by_code(_by_code(template, "items", code), "options", answer)
        return localized(option.get("label"), self.language, otherwise=spoken(answer))

    def auth(self, code: str) -> str:
        return self.words.auth.get(code, code)

    def _hidden(self, subject: str) -> str:
        index = self.positions.erasures.get(subject)
        if index is None:
            return self.words.not_disclosed
        when = self.times.moment(text(self.log.read(index), "at"))
        return self.words.erased_on.format(when=when.text, index=index)


def _by_code(data: JsonObject, key: str, code: str) -> JsonObject:
    """Return the member with a code; options may also be bare codes, which say nothing more."""
    members = data.get(key)
    if isinstance(members, list):
        for member in members:
            if isinstance(member, Mapping) and member.get("code") == code:
                return member
    return {}

"""Session blocks out of the entries that closed, aborted or signed a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compliance.ledger.tree import hash_leaf
from compliance.report.content.evidence import evidence_line
from compliance.report.content.fields import (
    JsonObject,
    child,
    children,
    number,
    optional_child,
    optional_text,
    text,
)
from compliance.report.content.log import author
from compliance.report.content.naming import DEVICE, Naming
from compliance.report.content.source import ContentUnreadable
from compliance.report.content.tracing import trace_load
from compliance.report.content.values import (
    AmendmentLine,
    DeviationLine,
    ItemLine,
    Moment,
    OverrideLine,
    SessionBlock,
    SessionState,
    SignatureLine,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyBlocks:
    """Reads each block when it is its turn and forgets it: a thousand need no more than one."""

    indices: Sequence[int]
    naming: Naming

    def __iter__(self) -> Iterator[SessionBlock]:
        return (read_block(index, self.naming) for index in self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def read_block(index: int, naming: Naming) -> SessionBlock:
    """Return the block of one session.

    Raises:
        ContentUnreadable: if the entry lacks what its kind demands.
    """
    entry = naming.log.read(index)
    data = child(entry, "data")
    amendments = read_amendments(index, naming)
    opened = child(data, "opened")
    return SessionBlock(
        number=index,
        state=_state(data),
        client=naming.client(child(data, "client")),
        protocol=naming.protocol(child(data, "template")),
        device=_device(naming.device(child(data, "device")), amendments),
        practitioner=naming.person(text(data, "practitioner")),
        opened=naming.times.moment(text(opened, "at")),
        opened_index=number(opened, "index"),
        started=_maybe_moment(data, "started_at", naming),
        finished=_maybe_moment(data, "finished_at", naming),
        closed=naming.times.moment(text(entry, "at")),
        items=_read_items(data, {line.code for line in amendments}, naming),
        overrides=read_overrides(data, naming),
        warnings=tuple(text(warning, "text") for warning in children(data, "warnings")),
        consent=_read_consent(data, naming),
        deviation=_read_deviation(data, naming),
        signature=_read_signature(child(data, "signature"), naming),
        amendments=amendments,
        leaf=hash_leaf(naming.log.body(index) or b"").hex(),
        bracket="" if naming.anchored is None else naming.anchored.bracket(index),
    )


def _device(recorded: str, amendments: Sequence[AmendmentLine]) -> str:
    """Return the device as recorded, and the one that an amendment put in its place."""
    newest = next((line for line in reversed(amendments) if line.code == DEVICE), None)
    return recorded if newest is None else f"{recorded} → {newest.new}"


def read_amendments(closed_index: int, naming: Naming) -> tuple[AmendmentLine, ...]:
    """Return the amendments of the range to one session, in the order they were made."""
    found = naming.positions.amendments.get(closed_index, ())
    if not found:
        return ()
    closing = naming.log.find(closed_index)
    # Without the closing entry the item's code has to do in place of its label.
    template = {} if closing is None else naming.template(child(child(closing, "data"), "template"))
    return tuple(_read_amendment(index, template, naming) for index in found)


def read_overrides(data: JsonObject, naming: Naming) -> tuple[OverrideLine, ...]:
    template = naming.template(child(data, "template"))
    return tuple(
        OverrideLine(
            label=naming.item(template, text(override, "item")),
            reason=naming.free_text(override, "reason"),
            who=naming.person(text(override, "by")),
            when=naming.times.moment(text(override, "at")),
        )
        for override in children(data, "overrides")
    )


def read_items(data: JsonObject, naming: Naming) -> tuple[ItemLine, ...]:
    """Return the items of a signed session as they were signed."""
    return _read_items(data, set(), naming)


def _state(data: JsonObject) -> SessionState:
    try:
        return SessionState(text(data, "state"))
    except ValueError as error:
        raise ContentUnreadable("a signed session is in an unknown state") from error


def _maybe_moment(data: JsonObject, key: str, naming: Naming) -> Moment | None:
    recorded = optional_text(data, key)
    return None if recorded is None else naming.times.moment(recorded)


def _read_items(data: JsonObject, amended: set[str], naming: Naming) -> tuple[ItemLine, ...]:
    template = naming.template(child(data, "template"))
    return tuple(_read_item(item, template, amended, naming) for item in children(data, "items"))


def _read_item(
    item: JsonObject, template: JsonObject, amended: set[str], naming: Naming
) -> ItemLine:
    code = text(item, "code")
    late = item.get("late") is True
    performed = _maybe_moment(item, "performed_at", naming)
    return ItemLine(
        code=code,
        label=naming.item(template, code),
        phase=text(item, "phase"),
        answer=naming.result(template, code, item.get("result")),
        evidence=_lines(item, "evidence", naming),
        who=naming.person(text(item, "by")),
        when=naming.times.moment(text(item, "at")),
        performed=performed if late else None,
        late=late,
        amended=code in amended,
    )


def _read_amendment(index: int, template: JsonObject, naming: Naming) -> AmendmentLine:
    entry = naming.log.read(index)
    data = child(entry, "data")
    code = text(data, "item")
    return AmendmentLine(
        index=index,
        closed_index=number(data, "closed_index"),
        code=code,
        label=naming.subject(template, code),
        old=naming.result(template, code, data.get("old")),
        new=naming.result(template, code, data.get("new")),
        old_evidence=_lines(data, "evidence_old", naming),
        new_evidence=_lines(data, "evidence_new", naming),
        reason=naming.free_text(data, "reason"),
        who=naming.person(author(entry)),
        when=naming.times.moment(text(entry, "at")),
        auth=naming.auth(text(child(data, "signature"), "auth")),
    )


def _lines(data: JsonObject, key: str, naming: Naming) -> tuple[str, ...]:
    return tuple(_line(one, naming) for one in children(data, key))


def _line(evidence: JsonObject, naming: Naming) -> str:
    said, load = evidence_line(evidence, naming.times), trace_load(evidence, naming)
    return f"{said}; {load}" if load else said


def _read_consent(data: JsonObject, naming: Naming) -> str:
    reference = optional_child(data, "consent")
    if reference is None:
        return naming.words.no_consent
    index = number(reference, "index")
    entry = naming.log.find(index)
    if entry is None:
        return f"{naming.words.entry} {index}"
    consent = child(entry, "data")
    return naming.words.consent_text.format(
        text=text(consent, "text_id"), version=consent.get("text_version"), index=index
    )


def _read_deviation(data: JsonObject, naming: Naming) -> DeviationLine | None:
    deviation = optional_child(data, "deviation")
    if deviation is None:
        return None
    return DeviationLine(
        what=naming.free_text(deviation, "what"),
        why=naming.free_text(deviation, "why"),
        corrective_action=naming.free_text(deviation, "corrective_action"),
    )


def _read_signature(signature: JsonObject, naming: Naming) -> SignatureLine:
    return SignatureLine(
        name=naming.person(text(signature, "by")),
        when=naming.times.moment(text(signature, "at")),
        meaning=text(signature, "meaning"),
        auth=naming.auth(text(signature, "auth")),
    )

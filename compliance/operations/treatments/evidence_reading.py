"""Turning what a tablet sends as evidence into the one form that is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from compliance.domain.evidence import (
    AFTER_KIND,
    BEFORE_KIND,
    Component,
    PackFacts,
    Problem,
    component_from_json,
    judge_lot,
    judge_pack,
    judge_recalled,
)
from compliance.domain.template import Item
from compliance.domain.words import CONTRAINDICATIONS, EvidenceKind
from compliance.errors import Refused
from compliance.operations.treatments.evidence_fields import FieldReader
from compliance.scanning.gs1 import parse_gs1
from compliance.store import recalls, things
from compliance.store.session import Tx
from compliance.store.sessions import SessionRow
from compliance.store.things import PackRow, ProductRow

MAX_PIECES: Final = 40

Piece = dict[str, Any]


class EvidenceRefused(Refused):
    """A pack, lot or product that may not be used; says why and what to do instead."""

    code = "evidence_refused"

    def __init__(self, item: str, value: object, problem: Problem) -> None:
        super().__init__(item, value, f"{problem.reason} {problem.fix}")
        self.problem_code = problem.code


class EvidenceReader:
    """Reads the evidence of one item of one session.

    It only reads; marking a pack as used is the step that records the answer.
    """

    def __init__(self, tx: Tx, row: SessionRow, item: Item, *, today: date) -> None:
        self._tx = tx
        self._row = row
        self._item = item
        self._from = FieldReader(item.code)
        self._today = today
        self._components = {
            raw["component"]: component_from_json(raw) for raw in row.device_components
        }

    def read(self, raw: object) -> tuple[Piece, ...]:
        """Return the canonical pieces.

        Raises:
            Refused: malformed, of a kind the item does not take, or naming
                nothing known; the message says what is allowed.
            EvidenceRefused: known, but not to be used.
        """
        if raw in (None, ()):
            return ()
        if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) > MAX_PIECES:
            raise Refused(self._item.code, raw, "evidence is no list", allowed="a list of pieces")
        if raw and self._item.evidence in (None, "consent"):
            raise Refused(self._item.code, raw, "takes no evidence", allowed="no evidence")
        pieces = tuple(self._piece(piece) for piece in raw)
        places = [(p["component"], p["kind"], str(p["ref"].get("code", ""))) for p in pieces]
        if len(set(places)) != len(places):
            raise Refused(self._item.code, raw, "names the same evidence twice")
        return pieces

    def _piece(self, raw: object) -> Piece:
        if not isinstance(raw, Mapping) or set(raw) != {"component", "kind", "ref"}:
            raise Refused(
                self._item.code, raw, "is no evidence", allowed='{"component", "kind", "ref"}'
            )
        component, kind, ref = raw["component"], raw["kind"], raw["ref"]
        wanted = self._wanted(component)
        if kind != wanted.value:
            raise Refused(
                f"{self._item.code}.kind", kind, "is not what is wanted", allowed=wanted.value
            )
        readers = {
            EvidenceKind.PACK: self._pack,
            EvidenceKind.LOT: self._lot,
            EvidenceKind.SHARPS: self._sharps,
            EvidenceKind.DISINFECTION: self._disinfection,
            EvidenceKind.RETURNED: self._returned,
            EvidenceKind.PRODUCT: self._product,
            EvidenceKind.CONTRAINDICATION: self._contraindication,
        }
        read = readers[wanted](ref)
        self._refuse_recalled(read)
        return {"component": component, "kind": kind, "ref": read}

    def _refuse_recalled(self, ref: Piece) -> None:
        """Nobody may use a lot that its maker took back, whenever it is entered."""
        if ref.get("lot"):
            notices = recalls.list_notices(self._tx, self._row.clinic_id)
            problem = judge_recalled(ref, notices)
            if problem is not None:
                raise EvidenceRefused(self._item.code, ref["lot"], problem)

    def _wanted(self, name: object) -> EvidenceKind:
        slot = self._item.evidence
        if slot in ("device_before", "device_after"):
            component = self._component(name)
            return (BEFORE_KIND if slot == "device_before" else AFTER_KIND)[component.mode]
        fixed = {
            "disinfectant": ("skin", EvidenceKind.DISINFECTION),
            "contraindications": ("client", EvidenceKind.CONTRAINDICATION),
        }.get(slot or "", ("product", EvidenceKind.PRODUCT))
        if name != fixed[0]:
            raise Refused(f"{self._item.code}.component", name, "is unknown", allowed=fixed[0])
        return fixed[1]

    def _component(self, name: object) -> Component:
        component = self._components.get(str(name))
        if component is None:
            raise Refused(
                f"{self._item.code}.component",
                name,
                "is no part of this device",
                allowed=", ".join(self._components),
            )
        return component

    def _pack(self, ref: object) -> Piece:
        code = ref.get("pack") or ref.get("code") if isinstance(ref, Mapping) else ref
        text = self._from.text("pack", code)
        pack = things.find_pack(self._tx, self._row.clinic_id, text)
        problem = judge_pack(
            None if pack is None else pack_facts(pack),
            device_id=self._row.device_id,
            session_id=self._row.session_id,
            today=self._today,
        )
        if problem is not None or pack is None:
            raise EvidenceRefused(self._item.code, text, problem or _unknown("pack"))
        return {
            "pack": pack.pack_id,
            "code": pack.code,
            "expires_on": pack.expires_on.isoformat(),
            "cycle": {"sterilizer": pack.sterilizer, "number": pack.cycle_number},
        }

    def _lot(self, ref: object) -> Piece:
        if isinstance(ref, str):
            scan = parse_gs1(ref)
            read = {
                "lot": scan.lot or "",
                "expires_on": scan.expires_on.isoformat() if scan.expires_on else None,
                "udi": scan.udi,
                "serial": scan.serial,
            }
        else:
            fields = self._from.fields(ref, {"lot", "expires_on"}, {"udi", "serial"})
            read = {
                "lot": self._from.text("lot", fields["lot"]),
                "expires_on": fields["expires_on"],
                "udi": self._from.optional("udi", fields.get("udi")),
                "serial": self._from.optional("serial", fields.get("serial")),
            }
        read["expires_on"] = self._from.date("expires_on", read["expires_on"])
        problem = judge_lot(read, today=self._today)
        if problem is None and read["serial"] is not None:
            problem = self._serial_problem(read)
        if problem is not None:
            raise EvidenceRefused(self._item.code, read["lot"], problem)
        return read

    def _serial_problem(self, ref: Piece) -> Problem | None:
        user = things.find_use(self._tx, self._row.clinic_id, "lot", serial_key(ref))
        if user is None or user == self._row.session_id:
            return None
        return Problem(
            code="lot_used",
            reason=f"The article with serial {ref['serial']} was used in another session.",
            rule="presterilized_lot",
            fix="Take a new one and scan it.",
        )

    def _sharps(self, ref: object) -> Piece:
        container = ref.get("container") if isinstance(ref, Mapping) else ref
        return {"container": self._from.text("container", container)}

    def _returned(self, ref: object) -> Piece:
        if ref not in ("", None, {}, self._row.device_id, {"device": self._row.device_id}):
            raise Refused(
                f"{self._item.code}.ref", ref, "is not this device", allowed=self._row.device_id
            )
        return {"device": self._row.device_id}

    def _disinfection(self, ref: object) -> Piece:
        fields = self._from.fields(ref, {"product", "contact_seconds"}, {"lot", "barrier"})
        product = self._find_product(fields["product"])
        if product is None or product.kind != "disinfectant":
            raise Refused(
                f"{self._item.code}.product",
                fields["product"],
                "is no disinfectant of this clinic",
                allowed="the code of a registered disinfectant",
            )
        use = "skin" if self._item.evidence == "disinfectant" else "surface"
        if use not in product.use:
            raise Refused(f"{self._item.code}.product", product.code, f"is not for use on {use}")
        needs_lot = use == "surface"
        return {
            "product": product.product_id,
            "name": product.name,
            "lot": self._from.text("lot", fields.get("lot"))
            if needs_lot or fields.get("lot")
            else None,
            "contact_seconds": self._from.seconds(fields["contact_seconds"]),
            "required_seconds": product.contact_seconds,
            "barrier": fields.get("barrier") in (True, "yes"),
        }

    def _product(self, ref: object) -> Piece:
        fields = self._from.fields(ref, {"lot"}, {"product", "name", "expires_on"})
        kind = (self._item.evidence or "").partition(":")[2]
        product = None
        if fields.get("product"):
            product = self._find_product(fields["product"])
            if product is None or product.kind != kind:
                raise Refused(
                    f"{self._item.code}.product",
                    fields["product"],
                    f"is no {kind} of this clinic",
                    allowed=f"the code of a registered {kind}",
                )
        expiry = fields.get("expires_on")
        return {
            "product": product.product_id if product else None,
            "name": product.name if product else self._from.text("name", fields.get("name")),
            "lot": self._from.text("lot", fields["lot"]),
            "expires_on": self._from.date("expires_on", expiry) if expiry else None,
        }

    def _find_product(self, name: object) -> ProductRow | None:
        """The product, unless it was out of use already when the session was opened."""
        text = self._from.text("product", name)
        product = things.find_product(self._tx, self._row.clinic_id, text)
        if product is None or product.archived_at is None:
            return product
        return product if product.archived_at > self._row.opened_at else None

    def _contraindication(self, ref: object) -> Piece:
        code = ref.get("code") if isinstance(ref, Mapping) else ref
        if code not in CONTRAINDICATIONS:
            raise Refused(
                f"{self._item.code}.ref",
                code,
                "is no contraindication of the list",
                allowed=", ".join(CONTRAINDICATIONS),
            )
        return {"code": code}


def pack_facts(pack: PackRow) -> PackFacts:
    """What the gate needs to know of a pack's row."""
    return PackFacts(
        pack_id=pack.pack_id,
        code=pack.code,
        state=pack.state,
        expires_on=pack.expires_on,
        device_id=pack.device_id,
        used_in=pack.used_in,
    )


def serial_key(ref: Mapping[str, Any]) -> str:
    """What makes an article the same article: identifier, lot and serial."""
    return f"{ref['udi'] or ''}|{ref['lot']}|{ref['serial']}"[:160]


def _unknown(what: str) -> Problem:
    return Problem(
        code=f"{what}_unknown",
        reason=f"This {what} is not known here.",
        rule="steam_pack",
        fix="Scan the label again.",
    )

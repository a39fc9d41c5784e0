"""The fields of evidence: what to scan, choose or confirm for each part of a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from compliance.domain.evidence import AFTER_KIND, BEFORE_KIND
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, ProductKind
from compliance.operations.things import ProductRow
from compliance.operations.treatments.loading import Loaded
from compliance.operations.treatments.usual import Usual
from compliance.web.tablet.wording import show_part


class Input(NamedTuple):
    """One input of a scan form, in the order its macro reads."""

    name: str
    label: str
    type: str
    """``text``, ``date``, ``number``, ``select``, ``checkbox`` or ``hidden``."""
    placeholder: str | None
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanForm:
    """The form for one piece of evidence."""

    component: str
    component_label: str
    kind: str
    kind_label: str
    inputs: tuple[Input, ...]
    button: str
    choices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Options of each select."""
    times: Mapping[str, int] = field(default_factory=dict)
    """The contact time each offered disinfectant demands, in seconds."""
    optional: frozenset[str] = frozenset()
    suffix: str = ""
    """Tells two forms for the same piece apart."""
    typed: ScanForm | None = None
    """The same by hand, for a label that cannot be scanned."""
    problem: str | None = None
    """Why what was entered here was refused."""

    def refused(self, sentence: str, entered: Mapping[str, str]) -> ScanForm:
        """The form again with the reason, on the one of two that was sent."""
        if self.typed is not None and "ref" not in entered:
            return replace(self, typed=replace(self.typed, problem=sentence))
        return replace(self, problem=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the fields offer: the clinic's products, and what was used last."""

    products: Sequence[ProductRow]
    usual: Usual

    def of_kind(self, kind: str, use: str | None = None) -> list[ProductRow]:
        return [
            product
            for product in self.products
            if product.kind == kind and (use is None or use in product.use)
        ]


Places = tuple[tuple[str, EvidenceKind], ...]


def wanted_places(loaded: Loaded, item: Item) -> Places:
    """Which pieces the item wants, by (component, kind)."""
    match item.evidence:
        case "device_before" | "device_after":
            kinds = BEFORE_KIND if item.evidence == "device_before" else AFTER_KIND
            return tuple((part.component, kinds[part.mode]) for part in loaded.facts.components)
        case "disinfectant":
            return (("skin", EvidenceKind.DISINFECTION),)
        case None | "contraindications" | "consent":
            return ()
        case _:
            return (("product", EvidenceKind.PRODUCT),)


def scan_form(
    item: Item, place: tuple[str, EvidenceKind], shelf: Shelf, entered: Mapping[str, str]
) -> ScanForm | None:
    """The form for one piece; None where the clinic has nothing to choose from.

    ``entered`` is what was typed and refused: it stays on the screen.
    """
    component, kind = place
    match kind:
        case EvidenceKind.PACK:
            form = _pack(component, entered)
        case EvidenceKind.LOT:
            form = _lot(component, entered)
        case EvidenceKind.SHARPS:
            form = _sharps(component, shelf, entered)
        case EvidenceKind.RETURNED:
            form = _returned(component)
        case EvidenceKind.DISINFECTION:
            use = "skin" if item.evidence == "disinfectant" else "surface"
            if not shelf.of_kind(ProductKind.DISINFECTANT, use):
                return None
            form = _disinfection(component, use, shelf, entered)
        case _:
            form = _product((item.evidence or "").partition(":")[2], shelf, entered)
    return form


def _pack(component: str, entered: Mapping[str, str]) -> ScanForm:
    return ScanForm(
        component=component,
        component_label=show_part(component),
        kind=EvidenceKind.PACK.value,
        kind_label="released sterile pack",
        inputs=(Input("ref", "Scan or type the pack's number", "text", None, entered.get("ref")),),
        button="Check",
    )


def _lot(component: str, entered: Mapping[str, str]) -> ScanForm:
    by_hand = ScanForm(
        component=component,
        component_label=show_part(component),
        kind=EvidenceKind.LOT.value,
        kind_label="typed from the package",
        inputs=(
            Input("lot", "Lot", "text", None, entered.get("lot")),
            Input("expires_on", "Use by", "date", None, entered.get("expires_on")),
        ),
        button="Save",
        suffix="-typed",
    )
    return ScanForm(
        component=component,
        component_label=show_part(component),
        kind=EvidenceKind.LOT.value,
        kind_label="sterile, single use",
        inputs=(Input("ref", "Scan the code on the package", "text", None, entered.get("ref")),),
        button="Check",
        typed=by_hand,
    )


def _sharps(component: str, shelf: Shelf, entered: Mapping[str, str]) -> ScanForm:
    usual = entered.get("container") or shelf.usual.container
    return ScanForm(
        component=component,
        component_label=show_part(component),
        kind=EvidenceKind.SHARPS.value,
        kind_label="thrown away as sharps",
        inputs=(Input("container", "Sharps container", "text", None, usual),),
        button="Discarded",
    )


def _returned(component: str) -> ScanForm:
    return ScanForm(
        component=component,
        component_label=show_part(component),
        kind=EvidenceKind.RETURNED.value,
        kind_label="goes back to the sterilization room",
        inputs=(),
        button="Sent back",
    )


def _disinfection(component: str, use: str, shelf: Shelf, entered: Mapping[str, str]) -> ScanForm:
    products = shelf.of_kind(ProductKind.DISINFECTANT, use)
    last = shelf.usual.refs.get((component, EvidenceKind.DISINFECTION.value), {})
    product = _chosen(products, entered.get("product"), last.get("product"))
    needs_barrier = use == "surface"
    inputs = [
        Input("product", "Disinfectant", "select", None, product.product_id),
        Input(
            "contact_seconds",
            "Contact time (s)",
            "number",
            None,
            entered.get("contact_seconds") or str(product.contact_seconds),
        ),
        Input("lot", "Lot", "text", None, entered.get("lot") or _lot_in_use(product, last)),
        Input("suggested_for", "", "hidden", None, product.product_id),
    ]
    if needs_barrier:
        ticked = "yes" if entered.get("barrier") else None
        inputs.append(Input("barrier", "A fresh barrier sheath is on", "checkbox", None, ticked))
    return ScanForm(
        component=component,
        component_label=show_part(component),
        kind=EvidenceKind.DISINFECTION.value,
        kind_label="disinfected, with a fresh barrier" if needs_barrier else "disinfectant used",
        inputs=tuple(inputs),
        button="Save",
        choices={
            "product": tuple(
                (each.product_id, f"{each.name} · {each.contact_seconds} s") for each in products
            )
        },
        times={
            each.product_id: each.contact_seconds
            for each in products
            if each.contact_seconds is not None
        },
        optional=frozenset() if needs_barrier else frozenset({"lot"}),
    )


def _lot_in_use(product: ProductRow, last: Mapping[str, Any]) -> str | None:
    """The bottle that is open is in use for days; another product has another lot."""
    return last.get("lot") if last.get("product") == product.product_id else None


def _product(kind: str, shelf: Shelf, entered: Mapping[str, str]) -> ScanForm:
    products = shelf.of_kind(kind)
    typed_name = Input("name", "Product", "text", None, entered.get("name"))
    lot = Input("lot", "Lot", "text", None, entered.get("lot"))
    expiry = Input("expires_on", "Use by", "date", None, entered.get("expires_on"))
    inputs: tuple[Input, ...] = (typed_name, lot, expiry)
    choices: dict[str, tuple[tuple[str, str], ...]] = {}
    if products:
        last = shelf.usual.refs.get(("product", EvidenceKind.PRODUCT.value), {})
        chosen = _chosen(products, entered.get("product"), last.get("product")).product_id
        if "product" in entered:
            chosen = entered["product"]
        choices["product"] = (
            *((each.product_id, each.name) for each in products),
            ("", "Another, by name"),
        )
        other = typed_name._replace(label="Name, if another")
        inputs = (Input("product", "Product", "select", None, chosen), lot, expiry, other)
    return ScanForm(
        component="product",
        component_label=show_part(kind),
        kind=EvidenceKind.PRODUCT.value,
        kind_label="product and lot",
        inputs=inputs,
        button="Save",
        choices=choices,
        optional=frozenset({"expires_on", "product"} | ({"name"} if products else set())),
    )


def _chosen(products: Sequence[ProductRow], *wanted: str | None) -> ProductRow:
    """The first wanted product that is offered, else the first one offered."""
    by_id = {product.product_id: product for product in products}
    return next((by_id[each] for each in wanted if each in by_id), products[0])

"""Devices, products, checklists and rules."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.domain.evidence import Component
from compliance.domain.template import Template
from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.ledger.entry import format_time
from compliance.operations.templates import find_template, list_templates
from compliance.operations.things import (
    AddDevice,
    AddProduct,
    add_device,
    add_product,
    find_device,
    list_devices,
    list_products,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_text_cursor
from compliance.web.api.presenting import show_item, show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.shapes import PageQuery
from compliance.web.api.schemas.things import (
    DeviceIn,
    DeviceListOut,
    DeviceOut,
    ProductIn,
    ProductListOut,
    ProductOut,
    TemplateListOut,
    TemplateOut,
)
from compliance.web.api.writing import Answer, Asking, Reply, read, write

TAG: Final = "Devices and products"
RULES: Final = "Checklists and rules"


@serve(
    "GET",
    "/devices",
    Call(needs=Action.READ_THINGS, query=PageQuery, gives=DeviceListOut, tag=TAG),
)
def get_devices(query: dict[str, Any]) -> Reply:
    """List the devices in use, by label"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_text_cursor(query.get("cursor")), query["limit"]
        rows = list_devices(tx, actor=asking.actor, after=after, limit=limit + 1)
        page, cursor = cut_page(rows, limit, lambda row: (row.label, row.device_id))
        return Answer(body={"items": [_device(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/devices",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=DeviceIn,
        gives=DeviceOut,
        status=201,
        tag=TAG,
        example={
            "code": "PEN-2",
            "label": "Pen 2",
            "components": [
                {"component": "handpiece", "mode": "disinfect_and_barrier"},
                {
                    "component": "cartridge",
                    "mode": "presterilized_single_use",
                    "material": "surgical_steel",
                },
            ],
        },
    ),
)
def post_device(body: dict[str, Any]) -> Reply:
    """Add a device with every part that touches the client"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = AddDevice(
            code=body["code"],
            label=body["label"],
            components=tuple(
                Component(
                    component=part["component"],
                    mode=ReprocessingMode(part["mode"]),
                    material=part["material"],
                )
                for part in body["components"]
            ),
            max_depth_mm=body.get("max_depth_mm"),
            settings=body.get("settings"),
        )
        return Answer(body=_device(add_device(tx, command, actor=asking.actor, now=asking.now)))

    return write(work, status=HTTPStatus.CREATED)


@serve("GET", "/devices/<code:device>", Call(needs=Action.READ_THINGS, gives=DeviceOut, tag=TAG))
def get_device(device: str) -> Reply:
    """Read one device, by id or code"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_device(find_device(tx, device, actor=asking.actor)))

    return read(work)


def _device(row: Any) -> dict[str, Any]:
    return {
        "id": row.device_id,
        "code": row.code,
        "label": row.label,
        "components": [dict(component) for component in row.components],
        "max_depth_mm": row.max_depth_mm,
        "settings": row.settings,
        "created_at": format_time(row.created_at),
        "archived_at": show_moment(row.archived_at),
    }


@serve("GET", "/products", Call(needs=Action.READ_THINGS, gives=ProductListOut, tag=TAG))
def get_products() -> Reply:
    """List all products in use, by kind and name"""

    def work(tx: Tx, asking: Asking) -> Answer:
        rows = list_products(tx, actor=asking.actor)
        return Answer(body={"items": [_product(row) for row in rows], "next_cursor": None})

    return read(work)


@serve(
    "POST",
    "/products",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=ProductIn,
        gives=ProductOut,
        status=201,
        tag=TAG,
        example={
            "code": "SKIN-30",
            "kind": "disinfectant",
            "name": "Skin spray",
            "contact_seconds": 30,
            "use": ["skin"],
        },
    ),
)
def post_product(body: dict[str, Any]) -> Reply:
    """Add a product; a disinfectant needs its contact time and its use"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = AddProduct(
            code=body["code"],
            kind=ProductKind(body["kind"]),
            name=body["name"],
            contact_seconds=body.get("contact_seconds"),
            use=tuple(dict.fromkeys(body["use"])),
            maker=body.get("maker"),
            listing=body.get("listing"),
            material=body.get("material"),
            open_days=body.get("open_days"),
        )
        row = add_product(tx, command, actor=asking.actor, now=asking.now)
        return Answer(body=_product(row))

    return write(work, status=HTTPStatus.CREATED)


def _product(row: Any) -> dict[str, Any]:
    return {
        "id": row.product_id,
        "code": row.code,
        "kind": row.kind,
        "name": row.name,
        "contact_seconds": row.contact_seconds,
        "use": list(row.use),
        "maker": row.maker,
        "listing": row.listing,
        "material": row.material,
        "open_days": row.open_days,
        "created_at": format_time(row.created_at),
        "archived_at": show_moment(row.archived_at),
    }


@serve("GET", "/templates", Call(needs=Action.READ_THINGS, gives=TemplateListOut, tag=RULES))
def get_templates() -> Reply:
    """List the newest version of each checklist"""

    def work(tx: Tx, asking: Asking) -> Answer:
        found = list_templates(tx, actor=asking.actor)
        items = [_template(template, hash_) for template, hash_ in found]
        return Answer(body={"items": items, "next_cursor": None})

    return read(work)


@serve(
    "GET",
    "/templates/<template:template>",
    Call(needs=Action.READ_THINGS, gives=TemplateOut, tag=RULES),
)
def get_template(template: str) -> Reply:
    """Read one checklist: `ID` for the newest version, or `ID@VERSION`"""

    def work(tx: Tx, asking: Asking) -> Answer:
        found, hash_ = find_template(tx, asking.actor.clinic_id, template)
        items = [
            {
                **show_item(item),
                "required_when": None
                if item.required_when is None
                else {"item": item.required_when[0], "is_": item.required_when[1]},
                "rule": item.rule,
            }
            for item in found.items
        ]
        return Answer(body={**_template(found, hash_), "items": items})

    return read(work)


def _template(template: Template, hash_: str) -> dict[str, Any]:
    return {
        "id": template.id,
        "version": template.version,
        "hash": hash_,
        "procedure": template.procedure,
        "title": dict(template.title),
        "interval_days": template.interval_days,
        "follow_up_days": template.follow_up_days,
    }

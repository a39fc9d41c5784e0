"""Adding one thing by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from compliance.domain.access import Action, Actor
from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.inventory.devices import AddDevice
from compliance.operations.inventory.families import Wanted, find_family
from compliance.operations.inventory.lots import AddLot
from compliance.operations.inventory.places import AddRoom, OpenContainer, search_rooms
from compliance.operations.inventory.products import AddProduct, list_products
from compliance.store.session import Tx
from compliance.web.context import page_values, services
from compliance.web.house.doors import asked_text, entitled, explain
from compliance.web.house.forms import (
    MATERIAL_CHOICES,
    MODE_CHOICES,
    PART_ROWS,
    ContainerForm,
    DeviceForm,
    LotForm,
    ProductForm,
    RoomForm,
)
from compliance.web.house.shelves import SHELVES, THINGS
from compliance.web.house.wording import FAMILY_WORDS, PRODUCT_KINDS

blueprint = Blueprint("house_making", __name__)

FORMS: Final[Mapping[str, type[FlaskForm]]] = MappingProxyType(
    {
        "devices": DeviceForm,
        "products": ProductForm,
        "lots": LotForm,
        "containers": ContainerForm,
        "rooms": RoomForm,
    }
)


@blueprint.get(f"{THINGS}/<family>/new")
def show_form(family: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    find_family(family)
    form = FORMS[family](formdata=None)
    _offer(form, actor)
    if family == "products" and asked_text("kind") in tuple(ProductKind):
        form.kind.data = asked_text("kind")
    if family == "lots":
        form.product.data = asked_text("product")
    return _page(family, form)


@blueprint.post(f"{THINGS}/<family>/new")
def add(family: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    found = find_family(family)
    form = FORMS[family]()
    _offer(form, actor)
    if not form.validate():
        return _page(family, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        command = _COMMANDS[family](form)
        with services().database.writing() as tx:
            row = found.add(tx, command, actor=actor, now=services().clock())
    except (Refused, Conflict, NotFound) as error:
        explain(form, error, beside="code")
        return _page(family, form), HTTPStatus.UNPROCESSABLE_ENTITY
    shelf = SHELVES[family]
    flash(f"{shelf.title(row)} is in the inventory.", "good")
    return redirect(f"{THINGS}/{family}/{shelf.thing_id(row)}", HTTPStatus.SEE_OTHER)


def _page(family: str, form: FlaskForm) -> str:
    words = FAMILY_WORDS[family]
    return render_template(
        "house/new_thing.html",
        page=page_values(words.add, section="things"),
        words=words,
        family=family,
        base=f"{THINGS}/{family}",
        form=form,
        parts=_part_rows(),
        modes=MODE_CHOICES,
        materials=MATERIAL_CHOICES,
    )


_USUAL_MODES: Final = (
    ReprocessingMode.DISINFECT_AND_BARRIER,
    ReprocessingMode.PRESTERILIZED_SINGLE_USE,
)
"""Of a pen: its handpiece, then its cartridge."""


def _part_rows() -> list[dict[str, str]]:
    """The rows of parts as they were typed, so that a refusal loses nothing."""
    usual = (*_USUAL_MODES, *[ReprocessingMode.STEAM] * PART_ROWS)
    return [
        {
            "name": request.form.get(f"part-{row}-name", ""),
            "mode": request.form.get(f"part-{row}-mode", usual[row].value),
            "material": request.form.get(f"part-{row}-material", ""),
        }
        for row in range(PART_ROWS)
    ]


def _offer(form: FlaskForm, actor: Actor) -> None:
    if not isinstance(form, LotForm | ContainerForm):
        return
    with services().database.reading() as tx:
        form.offer(
            offered_products(tx, actor) if isinstance(form, LotForm) else offered_rooms(tx, actor)
        )


def offered_products(tx: Tx, actor: Actor) -> list[tuple[str, str]]:
    """The products in use as choices, by kind and name."""
    return [
        (row.product_id, f"{PRODUCT_KINDS[ProductKind(row.kind)]}: {row.name}")
        for row in list_products(tx, actor=actor)
    ]


def offered_rooms(tx: Tx, actor: Actor) -> list[tuple[str, str]]:
    """The rooms in use as choices, by name."""
    return [(row.room_id, row.label) for row in search_rooms(tx, Wanted(limit=200), actor=actor)]


def _device(form: Any) -> AddDevice:
    names = form.part_names(request.form)
    modes = tuple(mode.value for mode in ReprocessingMode)
    for row, _ in names:
        mode = request.form.get(f"part-{row}-mode", "")
        if mode not in modes:
            raise Refused("components", mode, "has a part without its way of being made safe")
    return AddDevice(
        code=form.code.data,
        label=form.label.data,
        components=form.read_parts(request.form),
        max_depth_mm=(form.max_depth_mm.data or "").replace(",", ".") or None,
        settings=form.settings.data or None,
    )


def product_values(form: Any) -> dict[str, Any]:
    """What adding and changing a product have in common."""
    return {
        "name": form.name.data,
        "contact_seconds": form.contact_seconds.data,
        "use": tuple(form.use.data or ()),
        "maker": form.maker.data,
        "listing": form.listing.data,
        "material": form.material.data or None,
        "open_days": form.open_days.data,
    }


_COMMANDS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "devices": _device,
        "products": lambda form: AddProduct(
            code=form.code.data, kind=ProductKind(form.kind.data), **product_values(form)
        ),
        "lots": lambda form: AddLot(
            product=form.product.data,
            code=form.code.data,
            expires_on=form.expires_on.data,
            received_on=form.received_on.data,
            quantity=form.quantity.data,
        ),
        "containers": lambda form: OpenContainer(
            code=form.code.data, label=form.label.data, room=form.room.data or None
        ),
        "rooms": lambda form: AddRoom(code=form.code.data, label=form.label.data),
    }
)

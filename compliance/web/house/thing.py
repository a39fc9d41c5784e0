"""One thing: its facts, what can be done with it, its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.operations.inventory import devices, lots, places, products
from compliance.operations.inventory.entering import HistoryLine, read_thing_history
from compliance.operations.inventory.families import find_family
from compliance.store.session import Tx
from compliance.web.context import page_values, services, show_time
from compliance.web.house.doors import clinic_today, entitled, explain, say_refusal, show_day
from compliance.web.house.forms import (
    ContainerChangeForm,
    CountForm,
    DeviceChangeForm,
    LotChangeForm,
    OpenLotForm,
    ProductChangeForm,
    RoomChangeForm,
)
from compliance.web.house.making import offered_rooms, product_values
from compliance.web.house.shelves import SHELVES, THINGS, lot_state
from compliance.web.house.wording import FAMILY_WORDS, say_act, say_change

blueprint = Blueprint("house_thing", __name__)

ONE: Final = f"{THINGS}/<family>/<thing_id>"
_FORMS: Final[Mapping[str, type[FlaskForm]]] = MappingProxyType(
    {
        "devices": DeviceChangeForm,
        "products": ProductChangeForm,
        "lots": LotChangeForm,
        "containers": ContainerChangeForm,
        "rooms": RoomChangeForm,
    }
)


@blueprint.get(ONE)
def show_thing(family: str, thing_id: str) -> ResponseReturnValue:
    return _page(family, thing_id)


def _page(family: str, thing_id: str, **forms: FlaskForm) -> str:
    actor = entitled(Action.MANAGE_DEVICES)
    found, shelf = find_family(family), SHELVES[family]
    with services().database.reading() as tx:
        row = found.find(tx, thing_id, actor=actor)
        history = read_thing_history(tx, shelf.thing, shelf.thing_id(row), actor=actor)
        rooms = dict(offered_rooms(tx, actor)) if family == "containers" else {}
        stock = (
            lots.list_lots(tx, actor=actor, product=row.product_id) if family == "products" else []
        )
    form = forms.get("change") or _filled(family, row)
    if family == "containers":
        form.offer(tuple(rooms.items()))
    opening = forms.get("opening") or OpenLotForm(formdata=None, prefix="o-")
    if opening.opened_on.data is None and not opening.errors:
        opening.opened_on.data = clinic_today()
    return render_template(
        "house/thing.html",
        page=page_values(shelf.title(row), section="things"),
        words=FAMILY_WORDS[family],
        family=family,
        base=f"{THINGS}/{family}",
        here=f"{THINGS}/{family}/{shelf.thing_id(row)}",
        title=shelf.title(row),
        thing_id=shelf.thing_id(row),
        pairs=shelf.facts(row),
        standing=shelf.state(row),
        archived=row.archived_at is not None,
        can_open=family == "lots" and row.opened_on is None and row.archived_at is None,
        can_count=family == "lots" and row.archived_at is None,
        can_fill=family == "containers" and row.full_at is None and row.archived_at is None,
        is_disinfectant=family == "products" and row.kind == "disinfectant",
        stock=[
            {
                "code": lot.code,
                "href": f"{THINGS}/lots/{lot.lot_id}",
                "end": show_day(lot.last_day),
                "pieces": lot.quantity,
                "state": lot_state(lot),
            }
            for lot in stock
        ],
        history=[_line(line, rooms) for line in history],
        form=form,
        opening=opening,
        count=forms.get("count") or CountForm(formdata=None, prefix="c-"),
    )


def _line(line: HistoryLine, rooms: Mapping[str, str]) -> dict[str, Any]:
    return {
        "index": line.index,
        "act": say_act(line.kind),
        "when": show_time(line.at),
        "who": line.user,
        "changes": say_change(line, rooms),
    }


def _filled(family: str, row: Any) -> FlaskForm:
    """The form for setting right, with what stands there now."""
    form = _FORMS[family](formdata=None)
    for field in form:
        name = "room_id" if field.short_name == "room" else field.short_name
        if hasattr(row, name):
            value = getattr(row, name)
            field.data = list(value) if name == "use" else value
    return form


def _change_device(tx: Tx, thing_id: str, form: Any, actor: Actor) -> None:
    command = devices.ChangeDevice(
        device_id=thing_id,
        label=form.label.data,
        max_depth_mm=(form.max_depth_mm.data or "").replace(",", ".") or None,
        settings=form.settings.data,
    )
    devices.change_device(tx, command, actor=actor, now=services().clock())


def _change_product(tx: Tx, thing_id: str, form: Any, actor: Actor) -> None:
    command = products.ChangeProduct(product_id=thing_id, **product_values(form))
    products.change_product(tx, command, actor=actor, now=services().clock())


def _change_lot(tx: Tx, thing_id: str, form: Any, actor: Actor) -> None:
    lots.change_lot(
        tx,
        thing_id,
        expires_on=form.expires_on.data,
        received_on=form.received_on.data,
        actor=actor,
        now=services().clock(),
    )


def _change_container(tx: Tx, thing_id: str, form: Any, actor: Actor) -> None:
    places.change_container(
        tx,
        thing_id,
        label=form.label.data,
        room=form.room.data or None,
        actor=actor,
        now=services().clock(),
    )


def _change_room(tx: Tx, thing_id: str, form: Any, actor: Actor) -> None:
    places.rename_room(tx, thing_id, form.label.data, actor=actor, now=services().clock())


_CHANGES: Final[Mapping[str, Callable[[Tx, str, Any, Actor], None]]] = MappingProxyType(
    {
        "devices": _change_device,
        "products": _change_product,
        "lots": _change_lot,
        "containers": _change_container,
        "rooms": _change_room,
    }
)


@blueprint.post(f"{ONE}/change")
def change(family: str, thing_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    find_family(family)
    form = _FORMS[family]()
    if isinstance(form, ContainerChangeForm):
        with services().database.reading() as tx:
            form.offer(offered_rooms(tx, actor))
    if form.validate():
        try:
            with services().database.writing() as tx:
                _CHANGES[family](tx, thing_id, form, actor)
        except Refused as error:
            explain(form, error)
        else:
            return _done(family, thing_id, "Saved. The log keeps what was there before.")
    return _page(family, thing_id, change=form), HTTPStatus.UNPROCESSABLE_ENTITY


_ARCHIVING: Final[Mapping[str, tuple[Callable[..., None], Callable[..., None]]]] = MappingProxyType(
    {
        "devices": (devices.archive_device, devices.restore_device),
        "products": (products.archive_product, products.restore_product),
        "lots": (lots.archive_lot, lots.restore_lot),
        "containers": (places.archive_container, places.restore_container),
        "rooms": (places.archive_room, places.restore_room),
    }
)


@blueprint.post(f"{ONE}/archive")
def archive(family: str, thing_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    find_family(family)
    with services().database.writing() as tx:
        _ARCHIVING[family][0](tx, thing_id, actor=actor, now=services().clock())
    said = "Archived. No new session can choose it; every record that names it stays as it is."
    return _done(family, thing_id, said)


@blueprint.post(f"{ONE}/restore")
def restore(family: str, thing_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    find_family(family)
    with services().database.writing() as tx:
        _ARCHIVING[family][1](tx, thing_id, actor=actor, now=services().clock())
    return _done(family, thing_id, "It is in use again.")


@blueprint.post(f"{THINGS}/lots/<thing_id>/open")
def open_lot(thing_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = OpenLotForm(prefix="o-")
    if form.validate():
        try:
            with services().database.writing() as tx:
                lots.open_lot(
                    tx,
                    thing_id,
                    opened_on=form.opened_on.data,
                    actor=actor,
                    now=services().clock(),
                )
        except (Refused, Conflict) as error:
            explain(form, error, beside="opened_on")
        else:
            return _done("lots", thing_id, "The lot is entered as opened.")
    return _page("lots", thing_id, opening=form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{THINGS}/lots/<thing_id>/count")
def count_lot(thing_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = CountForm(prefix="c-")
    if form.validate():
        try:
            with services().database.writing() as tx:
                lots.count_lot(
                    tx, thing_id, form.quantity.data, actor=actor, now=services().clock()
                )
        except (Refused, Conflict) as error:
            explain(form, error, beside="quantity")
        else:
            return _done("lots", thing_id, "The count is entered.")
    return _page("lots", thing_id, count=form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{THINGS}/containers/<thing_id>/full")
def fill_container(thing_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    try:
        with services().database.writing() as tx:
            places.fill_container(tx, thing_id, actor=actor, now=services().clock())
    except Conflict as error:
        flash(say_refusal(error), "error")
        return redirect(f"{THINGS}/containers/{thing_id}", HTTPStatus.SEE_OTHER)
    return _done("containers", thing_id, "The container is entered as full. Open another one.")


def _done(family: str, thing_id: str, said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(f"{THINGS}/{family}/{thing_id}", HTTPStatus.SEE_OTHER)

"""The demo's sterilization room: packs registered and released each morning."""

from __future__ import annotations

from datetime import timedelta

from compliance.domain.access import Actor
from compliance.operations.demo.cast import ROLLERS
from compliance.operations.demo.stage import Stage
from compliance.operations.demo.supplies import Supplies
from compliance.operations.packs import (
    RegisterPack,
    list_waiting,
    register_pack,
    release_act,
    release_pack,
)
from compliance.operations.things import find_device
from compliance.store.things import PackRow


class SterilizationRoom:
    """The operator's work; every pack of a roller ends the wait of the visit before."""

    def __init__(self, stage: Stage, supplies: Supplies) -> None:
        self._stage = stage
        self._supplies = supplies
        self._cycle = 611
        self._number = 0

    def load_first(self) -> None:
        """A pack of each roller, so that the first visits find one."""
        self._load(list(ROLLERS), self._stage.arrive("operator"))

    def work_off(self) -> None:
        """Reprocess what came back since yesterday, and release it."""
        operator = self._stage.arrive("operator")
        waits = self._stage.read(lambda tx: list_waiting(tx, actor=operator))
        devices = {self._code_of(wait.device_id, operator) for wait in waits}
        if devices:
            self._load(sorted(devices), operator)

    def fill_shelf(self) -> None:
        """Packs in the states that visits leave out: a spare, an expired one, two unreleased."""
        operator = self._stage.arrive("operator")
        self._cycle += 1
        old = self._register(None, "Tweezers and bowl", operator, age=6, lasts=4)
        spare = self._register(None, "Stainless tray, spare", operator)
        for pack in (old, spare):
            self._release(pack, operator)
        self._register(None, "Comedone extractors, 2 pieces", operator)
        self._register(None, "Scissors and forceps", operator)

    def _load(self, devices: list[str], operator: Actor) -> None:
        self._cycle += 1
        packs = [self._register(device, f"1 x {device}", operator) for device in devices]
        self._stage.pass_time(minutes=self._stage.random.uniform(4, 8))
        for device, pack in zip(devices, packs, strict=True):
            self._release(pack, operator)
            self._supplies.packs[device] = pack.code

    def _register(
        self, device: str | None, contents: str, operator: Actor, *, age: int = 0, lasts: int = 90
    ) -> PackRow:
        self._stage.wait_a_moment()
        self._number += 1
        made_on = self._stage.today - timedelta(days=age)
        command = RegisterPack(
            code=f"P-{made_on:%y%m%d}-{self._number:03d}",
            device=device,
            contents=contents,
            sterilizer=f"Autoclave {1 + self._cycle % 2}",
            cycle_number=str(self._cycle),
            sterilized_on=made_on,
            expires_on=made_on + timedelta(days=lasts),
        )
        return self._stage.act(
            lambda tx: register_pack(tx, command, actor=operator, now=self._stage.now)
        )

    def _release(self, pack: PackRow, operator: Actor) -> None:
        grant = self._stage.grant(release_act(pack), operator, "operator")
        self._stage.act(
            lambda tx: release_pack(
                tx, pack.pack_id, grant=grant, actor=operator, now=self._stage.now
            )
        )

    def _code_of(self, device_id: str, operator: Actor) -> str:
        return self._stage.read(lambda tx: find_device(tx, device_id, actor=operator)).code

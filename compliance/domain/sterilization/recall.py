"""What a failed spore test takes back: loads, packs and clients, and what it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance.domain.sterilization.words import SporeOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A cycle of one sterilizer and what came of a spore test in it."""

    cycle_id: str
    sterilizer_id: str
    run_at: datetime
    """When the load ran; reading dates never move the window."""
    spore: SporeOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The loads since the run of the last valid negative test, which is not among them."""

    sterilizer_id: str
    since: datetime | None
    """None: there was never a valid negative test, so everything is taken back."""
    last_negative: str | None
    cycles: tuple[str, ...]
    """In order of their runs; loads after the failed one are among them until the recall ends."""


def recall_window(failed: RunFacts, runs: Iterable[RunFacts]) -> Window:
    """Compute which loads a failed test takes back.

    Everything since the **run** time of the last valid negative test that ran
    before the failed one; loads run after it, before it was read, included.
    Source: CDC MMWR 52(RR-17); NEHA BAMC 2024 section 8.11.3.
    """
    own = sorted(
        (run for run in runs if run.sterilizer_id == failed.sterilizer_id),
        key=lambda run: (run.run_at, run.cycle_id),
    )
    negatives = [
        run for run in own if run.spore is SporeOutcome.PASS and run.run_at < failed.run_at
    ]
    last = negatives[-1] if negatives else None
    cycles = [run.cycle_id for run in own if last is None or run.run_at > last.run_at]
    return Window(
        sterilizer_id=failed.sterilizer_id,
        since=None if last is None else last.run_at,
        last_negative=None if last is None else last.cycle_id,
        cycles=tuple(cycles),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPack:
    """A pack and, where it was opened, the session and client that met it."""

    pack_id: str
    cycle_id: str
    session_id: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """The worklist: what to pull and whom to call."""

    to_pull: tuple[str, ...]
    used: tuple[str, ...]
    sessions: tuple[str, ...]
    clients: tuple[str, ...]


def find_affected(window: Window, packs: Sequence[UsedPack]) -> Affected:
    """Sort the packs of the window into those to pull and those that met a client."""
    taken = set(window.cycles)
    inside = [pack for pack in packs if pack.cycle_id in taken]
    used = [pack for pack in inside if pack.session_id is not None]
    return Affected(
        to_pull=tuple(pack.pack_id for pack in inside if pack.session_id is None),
        used=tuple(pack.pack_id for pack in used),
        sessions=tuple(dict.fromkeys(p.session_id for p in used if p.session_id is not None)),
        clients=tuple(dict.fromkeys(p.client_id for p in used if p.client_id is not None)),
    )

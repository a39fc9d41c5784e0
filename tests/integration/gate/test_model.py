"""Sessions in any order of acts: none closes incomplete, none that ended changes.

What may close is judged by an oracle of this test's own, not by the gate.
"""

from __future__ import annotations

import itertools
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from auditing import audit
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from compliance.domain.gate import Blocked
from compliance.errors import ComplianceError
from compliance.operations.treatments.amending import AmendSession, amend_session
from compliance.operations.treatments.answering import undo_answer
from compliance.operations.treatments.closing import AbortSession, abort_session
from compliance.operations.treatments.notes import SignConsent, sign_consent
from givens import NOON, Clock, open_sqlite
from harbour import INK, House, answer, build_house, evidence_for, open_one, released_pack, step

SKIN = [{"component": "skin", "kind": "disinfection", "ref": {"product": "SKIN-60", "contact_seconds": 60}}]  # fmt: skip
SHORT = [{"component": "skin", "kind": "disinfection", "ref": {"product": "SKIN-60", "contact_seconds": 59}}]  # fmt: skip
BALM = [{"component": "product", "kind": "product", "ref": {"name": "Balm", "lot": "B9"}}]
SICK = [{"component": "client", "kind": "contraindication", "ref": "herpes"}]
DEPTH = {"value": "0.5", "unit": "mm"}

# Per item: the answers that complete it, and those that are taken and do not.
BEFORE: dict[str, tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]] = {
    "consultation_done": ([("yes", None)], [("no", None)]),
    "consent_signed": ([("yes", None)], [("no", None)]),
    "contraindications_screened": ([("none", None)], [("present", SICK)]),
    "steel_allergy": ([("no", None), ("yes", None)], []),
    "body_site": ([("face", None), ("neck", None)], []),
    "device_sterilized_before": ([("yes", "before")], [("yes", None), ("no", None)]),
    "gloves_worn": ([("yes", None)], [("no", None)]),
    "mask_worn": ([("yes", None)], [("no", None)]),
    "skin_disinfected_before": ([("yes", SKIN)], [("yes", SHORT), ("no", None)]),
    "needle_material": ([("titanium", None), ("surgical_steel", None)], []),
}
LATER: dict[str, tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]] = {
    "depth": ([(DEPTH, None)], []),
    "serum_applied": ([("none", None), ("applied", None)], []),
    "serum_lot": ([("yes", BALM)], [("yes", None)]),
    "skin_disinfected_after": ([("yes", SKIN)], [("no", None), ("yes", SHORT)]),
    "aftercare_product": ([("yes", BALM)], [("yes", None)]),
    "device_sterilized_after": ([("yes", "after")], [("yes", None), ("no", None)]),
    "reaction": ([("expected", None)], []),
    "aftercare_given": ([("yes", None)], [("no", None)]),
}
ITEMS = BEFORE | LATER
FIXED = {
    "device_sterilized_before",
    "device_sterilized_after",
    "gloves_worn",
    "mask_worn",
    "skin_disinfected_before",
    "skin_disinfected_after",
    "needle_material",
}


class Known:
    """What the oracle knows of one session."""

    def __init__(self, session_id: str, device: str) -> None:
        self.session_id = session_id
        self.device = device
        self.state = "draft"
        self.consent = False
        self.answers: dict[str, tuple[Any, bool]] = {}
        self.kept: object = None

    def complete(self, items: dict[str, Any]) -> bool:
        results = {code: result for code, (result, _) in self.answers.items()}
        for code in items:
            if code == "serum_lot" and results.get("serum_applied") != "applied":
                continue
            if code not in self.answers or not self.answers[code][1]:
                return False
        steel = results.get("needle_material") == "surgical_steel"
        allergic = results.get("steel_allergy") == "yes"
        return self.consent and not (steel and allergic)


class Clinic(RuleBasedStateMachine):
    """The acts of a small clinic, in any order, on one SQLite database."""

    house: ClassVar[House]
    clock: ClassVar[Clock]
    numbers: ClassVar[Any] = itertools.count()
    reached: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Known] = []
        self.packs: list[str] = []

    def now(self) -> Any:
        return self.clock.tick(seconds=1)

    @initialize(device=st.sampled_from(["TIP-1", "ROLLER-1"]), ready=st.booleans())
    def begin(self, device: str, ready: bool) -> None:
        self.open(device)
        if ready:
            self.answer_well(0)

    @rule(device=st.sampled_from(["TIP-1", "ROLLER-1"]))
    def open(self, device: str) -> None:
        session_id = open_one(
            self.house, self.now(), device=device, client=f"C-{next(self.numbers)}"
        )
        self.sessions.append(Known(session_id, device))

    @rule(which=st.integers(0, 3))
    def consent(self, which: int) -> None:
        known = self.session(which)
        command = SignConsent(
            session_id=known.session_id, text_id="microneedling_consent", ink_png=INK
        )
        with self.house.database.writing() as tx:
            if self.accepts(known):
                sign_consent(
                    tx,
                    command,
                    actor=self.house.practitioner,
                    now=self.now(),
                    keyring=self.house.keyring,
                )
                known.consent = True

    @rule(which=st.integers(0, 3), code=st.sampled_from(sorted(ITEMS)), choice=st.integers(0, 9))
    def answer(self, which: int, code: str, choice: int) -> None:
        """Mostly a good answer, sometimes a bad one."""
        good, bad = ITEMS[code]
        kinds = [*((each, True) for each in good), *((each, False) for each in bad)]
        (result, evidence), fits = kinds[choice % len(kinds)]
        self.give(self.session(which), code, result, evidence, fits=fits)

    @rule(which=st.integers(0, 3))
    def answer_well(self, which: int) -> None:
        """Everything that is asked for in the present state."""
        known = self.session(which)
        if not self.accepts(known):
            return
        self.consent(which)
        if known.device == "ROLLER-1" and not known.answers.get("device_sterilized_before"):
            self.release()
        for code, (good, _) in ITEMS.items():
            if code != "serum_lot" or known.answers.get("serum_applied", ("",))[0] == "applied":
                result, evidence = good[0]
                self.give(known, code, result, evidence, fits=True)

    @rule(which=st.integers(0, 3), code=st.sampled_from(sorted(ITEMS)))
    def undo(self, which: int, code: str) -> None:
        known = self.session(which)
        try:
            with self.house.database.writing() as tx:
                undo_answer(
                    tx, known.session_id, code, actor=self.house.practitioner, now=self.now()
                )
        except ComplianceError:
            return
        assert self.accepts(known)
        del known.answers[code]

    @rule(which=st.integers(0, 3))
    def start(self, which: int) -> None:
        known = self.session(which)
        may = known.state == "draft" and known.complete(BEFORE)
        assert self.tries("start", known) is may
        if may:
            known.state = "in_progress"

    @rule(which=st.integers(0, 3))
    def finish(self, which: int) -> None:
        known = self.session(which)
        may = known.state == "in_progress"
        assert self.tries("finish", known) is may
        if may:
            known.state = "treated"

    @rule(which=st.integers(0, 3))
    def close(self, which: int) -> None:
        known = self.session(which)
        may = known.state == "treated" and known.complete(ITEMS)
        assert self.tries("close", known) is may
        if may:
            known.state = "awaiting_reprocessing" if known.device == "ROLLER-1" else "closed"

    @rule(which=st.integers(0, 3))
    def go_on(self, which: int) -> None:
        """The next step that the state allows, so that runs reach the end."""
        self.answer_well(which)
        state = self.session(which).state
        {"draft": self.start, "in_progress": self.finish}.get(state, self.close)(which)

    @rule(which=st.integers(0, 3))
    def abort(self, which: int) -> None:
        known = self.session(which)
        command = AbortSession(
            session_id=known.session_id,
            what="it stopped",
            why="the client left",
            corrective_action="none needed",
            grant=None,
        )
        try:
            with self.house.database.writing() as tx:
                abort_session(
                    tx,
                    command,
                    actor=self.house.practitioner,
                    now=self.now(),
                    keyring=self.house.keyring,
                )
        except ComplianceError:
            assert known.state in ("closed", "aborted")
        else:
            assert known.state not in ("closed", "aborted")
            known.state = "aborted"

    @rule(which=st.integers(0, 3))
    def amend(self, which: int) -> None:
        known = self.session(which)
        command = AmendSession(
            session_id=known.session_id, item="body_site", result="neck", reason="typed wrongly"
        )
        try:
            with self.house.database.writing() as tx:
                amend_session(
                    tx,
                    command,
                    actor=self.house.practitioner,
                    now=self.now(),
                    keyring=self.house.keyring,
                )
        except ComplianceError:
            assert known.state not in ("closed", "aborted")
        else:
            assert known.state in ("closed", "aborted")

    @rule()
    def release(self) -> None:
        """A pack of the roller: it ends every wait that began before."""
        code = f"P-{next(self.numbers)}"
        released_pack(self.house, code, "ROLLER-1", self.now())
        self.packs.append(code)
        for known in self.sessions:
            if known.state == "awaiting_reprocessing":
                known.state = "closed"

    @invariant()
    def the_database_agrees_with_the_oracle(self) -> None:
        for known in self.sessions:
            state, answers = self.stored(known.session_id)
            assert state[0] == known.state
            self.reached.add(known.state)
            if known.state == "closed":
                assert known.complete(ITEMS)
                assert {row[0] for row in answers} >= FIXED
            if known.state in ("closed", "aborted"):
                known.kept = known.kept or (state, answers)
                assert known.kept == (state, answers)

    def teardown(self) -> None:
        result = audit(self.house)
        assert result.problems == ()

    def session(self, which: int) -> Known:
        return self.sessions[which % len(self.sessions)]

    def accepts(self, known: Known) -> bool:
        return known.state in ("draft", "in_progress", "treated")

    def tries(self, verb: str, known: Known) -> bool:
        try:
            step(self.house, verb, known.session_id, self.now())
        except Blocked as blocked:
            return not all(all(each.to_json().values()) for each in blocked.blockers)
        except ComplianceError:
            assert known.state in ("awaiting_reprocessing", "closed", "aborted")
            return False
        return True

    def give(self, known: Known, code: str, result: Any, evidence: Any, *, fits: bool) -> None:
        if evidence in ("before", "after"):
            pack = self.packs[-1] if self.packs else "none"
            evidence = evidence_for(known.device, evidence, pack=pack)
        try:
            answer(self.house, known.session_id, code, result, self.now(), evidence=evidence)
        except ComplianceError:
            # A used pack, an item out of turn: refused answers change nothing.
            return
        assert self.accepts(known)
        known.answers[code] = (result, fits)

    def stored(self, session_id: str) -> tuple[Any, list[Any]]:
        with self.house.database.reading() as tx:
            columns = "state, version, ended_at, closed_index, needle_material, late"
            state = tx.execute(
                text(f"SELECT {columns} FROM treatment_session WHERE session_id = :s"),
                {"s": session_id},
            ).one()
            answers = tx.execute(
                text(
                    "SELECT item, result, evidence, idx FROM session_answer"
                    " WHERE session_id = :s ORDER BY item"
                ),
                {"s": session_id},
            ).all()
        return tuple(state), [tuple(row) for row in answers]


def test_no_order_of_acts_closes_an_incomplete_session(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("model")
    shutil.copyfile(sqlite_template, folder / "model.sqlite3")
    database = open_sqlite(folder / "model.sqlite3")
    # What is tested is the order of acts; the crash test asks whether they reach the disk.
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = OFF")
    Clinic.house = build_house(database, folder, now=NOON)
    Clinic.clock = Clock(NOON + timedelta(minutes=1))
    Clinic.reached = set()
    run_state_machine_as_test(Clinic, settings=settings(max_examples=40, stateful_step_count=30))
    database.dispose()

    assert Clinic.reached >= {"draft", "in_progress", "treated", "closed", "aborted"}
    assert "awaiting_reprocessing" in Clinic.reached

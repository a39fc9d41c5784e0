"""What happened, in one sentence, and what is still to be done until it is over."""

from __future__ import annotations

from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import SterilizerState
from compliance.operations.sterilization.recalling import say_lot
from compliance.operations.sterilization.telling import Story
from compliance.operations.sterilization.worklist import Worklist
from compliance.web.context import show_time
from compliance.web.desk.wording import count_of

SAY_ARTICLE: Final = (
    "Who used this article of this lot is listed. A record that names no article number (GTIN) is"
    " found by the lot alone, and its line says so: better one client too many than one too few."
)
SAY_NO_ARTICLE: Final = (
    "The notice names no article number (GTIN), so everything with this lot number is taken back,"
    " whoever made it. A scanned code names the article."
)

Step = dict[str, Any]
"""title, text, state (done | now | later), and form (move | close) or None."""


def say_what_happened(found: Worklist, story: Story) -> str:
    """One sentence that anybody in the clinic can repeat."""
    row = found.recall
    if row.lot is not None:
        return (
            f"The maker took {say_lot(row.lot, row.gtin)} back; the notice was entered on"
            f" {show_time(row.opened_at)}, and nobody can use it since."
        )
    name = "the sterilizer" if found.sterilizer is None else found.sterilizer.code
    if story.test is None or story.load is None:
        return f"A spore test of {name} failed on {show_time(row.opened_at)}."
    read = (
        ""
        if story.test.read_at is None
        else f", and it was read on {show_time(story.test.read_at)}"
    )
    again = "" if row.positives == 1 else f" Since then {row.positives - 1} more failed."
    return (
        f"Spores grew in load {story.load.number} of {name}, which ran on"
        f" {show_time(story.test.run_at)}{read}.{again}"
    )


def say_window(found: Worklist, story: Story) -> tuple[str, ...]:
    """From when to when loads are taken back, and why exactly then."""
    row = found.recall
    if row.lot is not None:
        return (SAY_ARTICLE if row.gtin else SAY_NO_ARTICLE,)
    if row.since is None:
        begin = (
            "There was never a valid negative spore test, so everything it ever ran is taken back."
        )
    else:
        number = "" if story.negative is None else f" (load {story.negative.number})"
        begin = (
            f"Everything since {show_time(row.since)} is taken back: then ran the last load whose"
            f" valid spore test was negative{number}. The time of the run counts, not of the reading."
        )
    end = (
        "It goes on until a negative retest: what runs now is taken back as well."
        if row.until is None
        else f"It ends with {show_time(row.until)}, when the load of the negative retest ran."
    )
    return begin, end, "Rule: CDC MMWR 52(RR-17); NEHA Body Art Model Code 2024, 8.11.3."


def find_steps(found: Worklist, story: Story, actor: Actor) -> tuple[Step, ...]:
    """The next steps in their order; what is done stays visible."""
    steps = [] if found.recall.lot is not None else list(_machine_steps(found, story, actor))
    counts = found.counts
    if found.recall.lot is None:
        left = counts.packs_to_pull - counts.packs_looked_for
        steps.append(
            _step(
                "Pull the packs",
                "Every pack that nobody opened was scanned."
                if left <= 0
                else f"{count_of(left, 'pack is', 'packs are').capitalize()} still to be found on the shelves.",
                done=left <= 0,
            )
        )
    called = counts.clients_to_call
    steps.append(
        _step(
            "Tell the clients",
            "Every client was told."
            if called == 0
            else f"{count_of(called, 'client has', 'clients have').capitalize()} not been told yet.",
            done=called == 0,
        )
    )
    steps.append(_close_step(found, actor, ready=all(step["state"] == "done" for step in steps)))
    first = True
    for step in steps:
        if step["state"] == "later" and first:
            step["state"] = "now"
        first = first and step["state"] == "done"
    return tuple(steps)


def _step(title: str, text: str, *, done: bool, form: str | None = None) -> Step:
    return {"title": title, "text": text, "state": "done" if done else "later", "form": form}


def _machine_steps(found: Worklist, story: Story, actor: Actor) -> list[Step]:
    machine = found.sterilizer
    if machine is None:
        return []
    code, over = machine.code, found.recall.until is not None
    may = actor.may(Action.MANAGE_DEVICES) and not over
    retest = machine.state is SterilizerState.RETEST
    out = machine.state in (SterilizerState.SUSPENDED, SterilizerState.PRESTERILIZED_ONLY)
    retired = machine.state is SterilizerState.RETIRED
    second = found.recall.positives > 1
    cause = (
        " It failed twice: name the cause that was found and mended, or it stays out of use."
        if second and not over
        else ""
    )
    return [
        _step(
            "Out of use",
            f"{code} was suspended at once; nothing it runs can be released.",
            done=True,
        ),
        _step(
            "Begin the retest",
            f"Look for the cause, mend it, then let {code} run a test load.{cause}",
            done=over or retest or retired,
            form="retest" if may and out else None,
        ),
        _step(
            "Negative spore test",
            f"Run a load with a spore test and its control in {code}, and read both after incubation."
            " Nothing of that load is used before.",
            done=over or retired or story.proof is not None,
        ),
        _step(
            "Back into service",
            f"{code} is retired."
            if retired
            else f"{code} works again from the negative retest on.",
            done=over or retired,
            form="in_service" if may and retest and story.proof is not None else None,
        ),
    ]


def _close_step(found: Worklist, actor: Actor, *, ready: bool) -> Step:
    done = found.recall.state != "open"
    may = actor.may(Action.MANAGE_DEVICES) and not done
    text = "The recall is closed." if done else "Closing says that all of the above is done."
    return _step("Close the recall", text, done=done, form="close" if may and ready else None)

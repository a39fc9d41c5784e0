"""What is still to be done until a recall is over."""

from __future__ import annotations

from typing import Any

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import SterilizerState
from compliance.operations.sterilization.telling import Story
from compliance.operations.sterilization.worklist import Worklist
from compliance.web.desk.wording import count_of

Step = dict[str, Any]
"""title, text, state (done | now | later), and form (move | close) or None."""


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

"""Why each screen exists, in two sentences; shown folded at its head, or at its foot on the tablet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from flask import Flask, request

WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tablet.show": "Here is what is waiting for you: your open sessions, and what the sterilization"
        " room still holds. What is written down at the moment it happens is worth more than what is"
        " remembered in the evening.",
        "opening.show": "A session ties one client, one protocol and one device together before anything"
        " is touched. The warnings that matter appear here, while you can still choose otherwise.",
        "sessions.show": "Each answer is kept with who gave it and when, and a tick that something was"
        " sterile points at the pack or lot that proves it. So nobody has to take your word for it"
        " later, and the bar below tells you what is missing before it is too late to do it.",
        "closing.show_close": "Your signature says that this record is true and complete, and it is bound to"
        " exactly this version. After it nothing can be edited; corrections stand beside it.",
        "closing.show_abort": "Not every session can be completed, and a false tick would be worse than an"
        " honest end. What went wrong, why, and what was done about it stay in every report.",
        "notes.show_take_over": "A colleague may go on with a session, for whatever reason. Both names stay in"
        " the record, so everybody knows who did which part.",
        "notes.show_client": "A wrong client reference would send a recall to the wrong person. Both"
        " references stay in the history of this session.",
        "notes.show_consent": "The client reads exactly this text and signs it before the treatment. The"
        " signature is kept with the version of the text, so it is known later what was agreed to.",
        "sterilization.show": "A pack may be used only when somebody competent has released its load. What"
        " comes back from a treatment waits here until it is sterile again, and its session with it.",
        "sterilization.show_load": "What goes in is recorded before the run, when nobody knows yet how it ends."
        " So a failed run cannot be left out, and each pack leads back to its load.",
        "sterilization.show_reading": "What counts is what the chamber achieved, not what somebody set. The"
        " program's limits and the clinic's rules judge it, and every fault is named.",
        "sterilization.show_cycle": "This is everything that is known about one run, and what stands between it"
        " and its release. A load that failed, or that nobody released, never yields a usable pack.",
        "sterilization.show_cycle_release": "One signature says that you have judged this load, and its packs are"
        " made with it. If a spore test fails later, this is where the way to every client begins.",
        "sterilization.show_spore_test": "A spore test counts only with a control of the same lot that grew. Growth"
        " in the test takes the sterilizer out of use at once and opens a recall.",
        "sterilization.show_packs": "Packs of a load on the board are made with its release. Here are all of them,"
        " and the place for packs of a load that was run elsewhere.",
        "sterilization.show_release": "Releasing a pack says that you have judged its load by its readings and"
        " indicators. If a test fails later, this is where the way back to every client begins.",
        "recalls.show_recalls": "When something turns out not to have been sterile, everything it touched has"
        " to be found before anybody is harmed. Each recall stays here until every client was told.",
        "recalls.show_recall": "This list is computed from what was scanned, so it names whom it concerns and"
        " nobody else. Who was called when, and which packs were found, is kept as proof that it was done.",
        "recalls.show_search": "A question comes from a maker, an authority or a client, and the answer must not"
        " take a day. One field follows everything that was scanned, in both directions.",
        "desk_manager.show_day": "One answer stands on top: could an inspector come in now? Below it is"
        " everything that keeps the answer from being yes, so that it can be worked off today.",
        "desk_manager.show_sessions": "Every session of the clinic can be found here, whoever did it and however"
        " it ended. The filters are part of the address, so a list can be kept or sent to a colleague.",
        "desk_sessions.show_at_manager": "This is the whole record of one session, with every entry that"
        " led to it. Nothing here can be edited: what was wrong is amended, and the old value stays.",
        "desk_setting_right.show_stale": "A session that nobody ends is a treatment nobody vouches for. Complete"
        " it truthfully, or end it with a deviation; both are better than leaving it open.",
        "desk_wrong_device.show_device": "Whether a treatment was safe depends on the device that was really"
        " used. Setting it right asks for that device's own evidence, and keeps what was recorded before.",
        "desk_amending.show_form": "A closed record is evidence, so it is never changed, only corrected in the"
        " open. Whoever reads it sees the old value, the new one, your name and your reason.",
        "accesses.show_all": "Whoever lets somebody look is entitled to know at what. The list cannot be changed,"
        " and each inspector sees their own part of it.",
        "accesses.show_own": "What you open is noted, so that nobody can say later that you saw more or less"
        " than you did. The clinic sees the same list and can change nothing in it.",
        "challenge.show": "What you write here could not be known before you came. A report that holds it was"
        " drawn from the very record it went into, and not from one prepared beforehand.",
        "erasure.show_erasures": "People may ask that what you know about them be erased, and a law may"
        " demand it. Two persons decide it here, so that nobody can quietly remove a record that is in"
        " the way.",
        "erasure.show_erasure": "Whoever asked and whoever confirmed stay in the record, with the legal"
        " basis. What was done stays too, under a pseudonym, so every proof still holds.",
        "desk_reports.show_reports": "A report fixes what the record says on the day it is made, and anyone can"
        " check that nothing in it was changed or left out. Making one regularly means that later changes"
        " would show.",
        "desk_reports.show_report": "The file is the report; its fingerprint tells copies apart. Check it"
        " yourself with the same test that the inspector will use.",
        "desk_sessions.show_inspector": "You see what the clinic sees, and can change nothing. For"
        " evidence that needs no trust in this computer, ask for a signed report and check it on your own.",
        "desk_sessions.show_at_inspector": "Every entry about this session is listed with its place in the"
        " log. A signed report of the period proves that none was left out.",
        "desk_roots.show_root": "Every signature of this installation leads back to this one certificate."
        " Compare its fingerprint by another way than this page, and no later file can be forged unseen.",
        "verify.show_form": "A printed page can be made to say anything, so the file itself is judged. You"
        " need no account, and nothing about the file is kept.",
        "house_people.show_people": "Whoever acts here does so under their own name, so everybody needs an"
        " account of their own. Somebody who leaves is deactivated, and what they did keeps their name.",
        "house_clinic.show": "A name with a slip in it would stand on every report for ever. It can be set right"
        " by an entry that keeps the old one, so nobody can pass for a clinic that they never were.",
        "house_things.show_overview": "Evidence points at things: devices, products, lots, containers. What is"
        " kept here in order is what practitioners can scan in a second.",
        "sterilizers_board.show_board": "A sterilizer that nobody watches fails unseen. Here stands what is"
        " due on each, by the rule that says so, and what keeps its loads from being used.",
        "sterilizers_machine.show_machine": "Everything that happened to one sterilizer is listed with who did"
        " it and why. The way back into service leads through a retest, so that a promise is never enough.",
        "sterilizers_listing.show_cycles": "Every run of every sterilizer is here, also the failed ones and the"
        " ones that look wrong. The filters are part of the address, so a list can be kept or sent on.",
        "sterilizers_cycle.show_cycle": "A load is judged by what it achieved and not by what was set. Whoever"
        " accepts a run in spite of a flag does so by name and with a reason.",
        "sterilizers_imports.show_imports": "A machine's own log is better evidence than a copy by hand. The"
        " bytes are kept as they arrived, and no line of them is dropped without being named.",
        "sterilizers_rules.show_rules": "What you are held to stands in dated profiles, each with its source."
        " A record is judged by the rules of its own day, so that day's rules can be shown.",
        "sterilizers_tightening.show_choice": "A new county, association or insurer may ask for more than you do now."
        " What a profile would change is shown before you take it on, because there is no way back.",
        "house_protocols.show_templates": "A checklist decides what must be done before a session may close."
        " Each version is signed when it is put into use, and a session keeps the version it began with.",
        "house_thing.show_thing": "What is set right here counts from now on; records made before keep what they"
        " said then. The history below tells who changed what, so nobody has to remember it.",
        "house_person.show_person": "A role decides what somebody may do, and a licence how deep they may go."
        " Whoever leaves is switched off and never deleted: their name stays with what they signed.",
        "house_drafting.show_draft": "A draft lets you think before anybody works by it. What you publish from it"
        " is signed, and every session says by which version it was done.",
        "house_drafting.show_publish": "From this signature on the clinic treats by these words. An inspector sees"
        " who put them into use, when, and what was different before.",
        "house_protocols.show_version": "This is exactly what practitioners are asked, in this order. A published"
        " version never changes, so a record can always be read by the words of its day.",
        "house_protocols.show_comparison": "A checklist may grow stricter or looser with every version. Here you"
        " and an inspector see which words changed, side by side.",
        "first_run.show": "Everything recorded later is judged by the rules chosen here and signed under the root"
        " made here. The two accounts are apart because who looks after the machine should not run the clinic.",
        "root_sheet.show_sheet": "Whoever can change this computer could also change what it shows about itself."
        " A fingerprint on paper, kept elsewhere, is what they cannot change.",
        "trust.show": "Without a trusted certificate anybody in the network could read along or pretend to be this"
        " server. Each tablet learns it once, and then warns you if something is wrong.",
        "account.show": "Your password signs records in your name, and your PIN only tells the tablet who you"
        " are. Look here now and then whether every sign-in was yours.",
    }
)
"""By endpoint. A page that is not named shows nothing."""


def register_why(app: Flask) -> None:
    """Give every template ``why``: the two sentences of the page asked for, or nothing."""
    app.context_processor(_why)


def _why() -> dict[str, Any]:
    return {"why": WHY.get(request.endpoint or "", "")}

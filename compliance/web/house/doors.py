"""Who may set the house in order, what refusals say beside a field, and days as people mean them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, request
from flask_wtf import FlaskForm

from compliance.domain.access import Action, Actor
from compliance.errors import ComplianceError, Refused
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.web.context import current_actor, current_clinic, services, show_time
from compliance.web.tablet.wording import show_date


def entitled(action: Action) -> Actor:
    """The person acting, if their role includes the action.

    Raises:
        SignInRequired: nobody is signed in.
        NotPermitted: somebody is, whose role does not include it.
    """
    actor = current_actor()
    actor.require(action)
    return actor


def say_refusal(error: ComplianceError) -> str:
    """A refusal as a sentence for a screen."""
    if isinstance(error, Refused):
        allowed = f" Allowed: {error.allowed}." if error.allowed else ""
        return f"This {error.problem}.{allowed}"
    if isinstance(error, WrongSecret):
        return "This password is not right."
    if isinstance(error, TooManyAttempts):
        return f"Too many wrong attempts. Try again after {show_time(error.until)}."
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def explain(form: FlaskForm, error: ComplianceError, *, beside: str = "") -> None:
    """Put a refusal beside the field it is about, or on top of the form."""
    name = error.field.partition(".")[0] if isinstance(error, Refused) else beside
    for each in form:
        if each.short_name == (name or beside):
            each.errors = [*each.errors, say_refusal(error)]
            return
    prefix = f"{error.field}: " if isinstance(error, Refused) else ""
    form.form_errors.append(f"{prefix}{say_refusal(error)}")


def clinic_zone() -> ZoneInfo:
    return ZoneInfo(current_clinic().time_zone)


def clinic_today() -> date:
    return services().clock().astimezone(clinic_zone()).date()


def end_of(day: date | None) -> datetime | None:
    """The moment after a last day, in the clinic's zone: what an end that is not included means."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), clinic_zone())


def last_day(end: datetime | None) -> date | None:
    """The last day before an end that is not included."""
    if end is None:
        return None
    return (end - timedelta(milliseconds=1)).astimezone(clinic_zone()).date()


def show_day(day: date | None) -> str | None:
    return None if day is None else show_date(day)


def asked_text(name: str, *, most: int = 120) -> str:
    """A text from the address; a NUL has no business in one."""
    text = request.args.get(name, "").strip()[:most]
    if "\0" in text:
        abort(400)
    return text


def posted(form: FlaskForm) -> dict[str, Any]:
    """The data of a validated form without its CSRF token."""
    return {name: value for name, value in form.data.items() if name != "csrf_token"}

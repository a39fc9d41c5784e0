"""Emptying what the database keeps in plain words of a colleague who was erased."""

from __future__ import annotations

from sqlalchemy import func, literal, or_, select, update

from compliance.store.models.erasures import Erasure
from compliance.store.models.people import ApiToken, Login, SignInEvent, UserAccount
from compliance.store.models.staff import Invitation, Qualification, StaffDocument
from compliance.store.session import Tx

_NO_HASH = "!"
"""Stands where the hash of a password stood; none can ever match it."""


def is_account(tx: Tx, user_id: str) -> bool:
    return tx.scalar(select(func.count()).where(UserAccount.user_id == user_id)) == 1


def is_erased(tx: Tx, user_id: str) -> bool:
    """Whether a clinic's log says that this colleague was erased."""
    statement = select(func.count()).where(
        Erasure.subject_id == user_id, Erasure.state == "erased", Erasure.what == "user"
    )
    return bool(tx.scalar(statement))


def empty_account(tx: Tx, clinic_id: str, user_id: str, *, said: str) -> None:
    """Put ``said`` where the name stood, and nothing where a number, a scan or a secret stood.

    The rows stay: sessions and signatures go on naming the same person, by the same id.
    What the person's key sealed in the log's own tables is emptied by `empty_sealed`.
    """
    former = tx.scalar(select(UserAccount.username).where(UserAccount.user_id == user_id))
    name = f"erased-{user_id}"
    tx.execute(
        update(StaffDocument)
        .where(StaffDocument.clinic_id == clinic_id, StaffDocument.user_id == user_id)
        .values(sealed=b"")
    )
    tx.execute(
        update(Qualification)
        .where(Qualification.clinic_id == clinic_id, Qualification.user_id == user_id)
        .values(title=said, number="")
    )
    tx.execute(
        update(Invitation)
        .where(or_(Invitation.user_id == user_id, Invitation.username == former))
        .values(username=name, display_name="")
    )
    # Attempts to sign in are kept by the name that was typed.
    tx.execute(update(SignInEvent).where(SignInEvent.username == former).values(username=name))
    tx.execute(update(Login).where(Login.user_id == user_id).values(user_agent=""))
    tx.execute(update(ApiToken).where(ApiToken.user_id == user_id).values(label=""))
    tx.execute(
        update(UserAccount)
        .where(UserAccount.user_id == user_id)
        .values(
            username=name,
            display_name=said,
            password_hash=_NO_HASH,
            pin_hash=None,
            failed_count=0,
            locked_until=None,
        )
    )


def still_kept(tx: Tx, clinic_id: str) -> list[str]:
    """Colleagues who were erased and of whom a name, a number or a scan is still stored."""
    erased = (
        select(Erasure.subject_id)
        .where(Erasure.clinic_id == clinic_id, Erasure.state == "erased", Erasure.what == "user")
        .distinct()
    )
    named = select(UserAccount.user_id).where(
        UserAccount.user_id.in_(erased),
        UserAccount.username != literal("erased-") + UserAccount.user_id,
    )
    numbered = select(Qualification.user_id).where(
        Qualification.clinic_id == clinic_id,
        Qualification.user_id.in_(erased),
        Qualification.number != "",
    )
    scanned = select(StaffDocument.user_id).where(
        StaffDocument.clinic_id == clinic_id,
        StaffDocument.user_id.in_(erased),
        func.length(StaffDocument.sealed) > 0,
    )
    return sorted({row[0] for each in (named, numbered, scanned) for row in tx.execute(each)})

"""Passwords and PINs: what is accepted, how it is kept, how it is checked.

Argon2id with the smallest of the settings that OWASP recommends (19 MiB, two
passes, one lane): tens of milliseconds on a small server, so that a clinic's
shift change does not exhaust its memory. Nothing here touches the database;
callers hash and check *outside* of write transactions, which are one at a time.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass
from typing import Final, NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from compliance.errors import Refused

PasswordHash = NewType("PasswordHash", str)
"""An Argon2id hash of a password or PIN that passed the rules."""

SHORTEST_PASSWORD: Final = 10
"""Characters, inclusive."""

LONGEST_PASSWORD: Final = 200
"""Characters, inclusive; a limit only because hashing a megabyte would be a way to load the server."""

SHORTEST_PIN: Final = 6
LONGEST_PIN: Final = 12
"""Digits, inclusive."""

_COMMON: Final = frozenset(
    {
        "1234567890", "0123456789", "0987654321", "1111111111", "0000000000", "12345678910",
        "password12", "password123", "password1234", "passwordpassword", "qwertyuiop",
        "qwertzuiop", "qwerty12345", "1q2w3e4r5t", "1qaz2wsx3edc", "iloveyou123", "letmein123",
        "welcome123", "welcome1234", "administrator", "admin12345", "changeme123", "abc1234567",
        "abcdefghij", "football123", "sunshine123", "princess123", "monkey12345", "dragon12345",
    }
)  # fmt: skip

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

_DUMMY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$YXNlcHRyYWlsLWR1bW15MQ"
    "$q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
)
"""The hash of nothing, checked for people who do not exist, so that both answers take equally long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The outcome of one check, and the hash it was made against."""

    matches: bool
    against: str | None
    """The stored hash at the time of the check; a change since then voids the proof."""

    renewed: PasswordHash | None
    """The same secret hashed with today's setting, when the stored hash has an older one."""


def hash_password(password: str, *, username: str) -> PasswordHash:
    """Check a new password against the rules and hash it; tens of milliseconds.

    Raises:
        Refused: too short, too long, the username, or one of the most common ones.
    """
    text = _normal(password)
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise _refused(
            "password",
            "has the wrong length",
            f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
        )
    if text.casefold() == username.casefold():
        raise _refused("password", "is the username", "anything else")
    if text.casefold() in _COMMON:
        raise _refused("password", "is one of the first that are tried", "several unrelated words")
    return PasswordHash(_hasher.hash(text))


def hash_pin(pin: str) -> PasswordHash:
    """Check a new PIN against the rules and hash it; tens of milliseconds.

    Raises:
        Refused: not 6 to 12 digits, one digit only, or digits simply counted up or down.
    """
    if not (pin.isascii() and pin.isdigit() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN):
        raise _refused("pin", "is not a PIN", f"{SHORTEST_PIN} to {LONGEST_PIN} digits")
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    if steps <= {0} or steps <= {1} or steps <= {9}:
        raise _refused("pin", "is too easy to guess", "digits that do not repeat or count")
    return PasswordHash(_hasher.hash(pin))


def check_secret(stored: str | None, secret: str) -> Proof:
    """Check a password or PIN; takes equally long when there is nothing to check against."""
    text = _normal(secret)[: LONGEST_PASSWORD + 1]
    try:
        _hasher.verify(stored or _DUMMY, text)
    except (VerificationError, InvalidHashError):
        return Proof(matches=False, against=stored, renewed=None)
    if stored is None:
        return Proof(matches=False, against=None, renewed=None)
    outdated = _hasher.check_needs_rehash(stored)
    renewed = PasswordHash(_hasher.hash(text)) if outdated else None
    return Proof(matches=True, against=stored, renewed=renewed)


def _normal(text: str) -> str:
    # Keyboards spell the same letter in different ways; NIST SP 800-63B asks for one form.
    return unicodedata.normalize("NFKC", text)


def _refused(field: str, problem: str, allowed: str) -> Refused:
    # A refused secret is never repeated in a message: messages reach logs and screens.
    return Refused(field, "…", problem, allowed=allowed)

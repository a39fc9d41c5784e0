"""The one-time code with which the first clinic may be made from another machine.

It lies in ``DATA_DIR/first-run-code`` and is printed in the terminal where the server
was started: whoever reads either runs the server. Each start makes a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final

from compliance.keys.files import write_private

FILE: Final = "first-run-code"

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without letters and digits that are mistaken for each other when read aloud."""

_GROUPS: Final = 3
_GROUP: Final = 4
"""Twelve of thirty letters: 58 bits, and ten tries a minute are allowed."""

_LONGEST_INPUT: Final = 100


def issue_code(data_dir: Path) -> str:
    """Make a new code, which replaces an older one, and return it as it is printed."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    code = "-".join(groups)
    write_private(data_dir / FILE, code.encode("ascii"))
    return code


def withdraw_code(data_dir: Path) -> None:
    """Make the code worthless, after its use or when there is a clinic."""
    (data_dir / FILE).unlink(missing_ok=True)


def check_code(data_dir: Path, text: str) -> bool:
    """Whether the text is the present code; case, blanks and hyphens do not matter.

    Takes equally long whatever is wrong with it.
    """
    given = "".join(char for char in text[:_LONGEST_INPUT].upper() if char.isalnum())
    return hmac.compare_digest(_digest(given), _digest(_present(data_dir))) and bool(given)


def code_mark(data_dir: Path) -> str:
    """What a browser keeps to show that it gave the present code; empty when there is none."""
    code = _present(data_dir)
    return _digest(code).hex() if code else ""


def holds_mark(data_dir: Path, mark: str) -> bool:
    """Whether a browser gave the code that is valid now, not one of an earlier start."""
    present = code_mark(data_dir)
    return bool(present) and hmac.compare_digest(mark.encode(), present.encode())


def _present(data_dir: Path) -> str:
    try:
        return (data_dir / FILE).read_text(encoding="ascii").replace("-", "")
    except FileNotFoundError:
        return ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(b"aseptrail first run " + text.encode()).digest()

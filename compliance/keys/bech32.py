"""Bech32 (BIP 173, without its limit on length): the spelling of age's public and secret keys.

The checksum finds every slip of up to four characters in a key copied by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from compliance.errors import ComplianceError

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH: Final = 6


class BadSpelling(ComplianceError):
    """A text that is not Bech32: a slip of the pen, or not a key at all."""

    code = "bad_key_spelling"


def encode_bech32(prefix: str, data: bytes) -> str:
    """Spell the bytes in lower case under a prefix."""
    values = _regroup(data, 8, 5, pad=True)
    wanted = _polymod((*_spread(prefix), *values, *([0] * _CHECKSUM_LENGTH))) ^ 1
    checksum = [wanted >> 5 * (5 - at) & 31 for at in range(_CHECKSUM_LENGTH)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in (*values, *checksum))


def decode_bech32(prefix: str, text: str) -> bytes:
    """Read back what `encode_bech32` wrote, in all lower or all upper case.

    Raises:
        BadSpelling: for another prefix, mixed case, a wrong character or checksum.
    """
    lower = text.lower()
    if text not in (lower, text.upper()):
        raise BadSpelling("the key mixes capitals and small letters")
    head, _, tail = lower.rpartition("1")
    if head != prefix.lower():
        raise BadSpelling(f"the key does not begin with {prefix}1")
    if len(tail) < _CHECKSUM_LENGTH or any(letter not in _ALPHABET for letter in tail):
        raise BadSpelling("the key has a character that no key has, or is cut short")
    values = [_ALPHABET.index(letter) for letter in tail]
    if _polymod((*_spread(head), *values)) != 1:
        raise BadSpelling("the key has a slip in it: its checksum is wrong")
    return bytes(_regroup(values[:-_CHECKSUM_LENGTH], 5, 8, pad=False))


def _spread(prefix: str) -> tuple[int, ...]:
    codes = [ord(letter) for letter in prefix.lower()]
    return (*(code >> 5 for code in codes), 0, *(code & 31 for code in codes))


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, factor in enumerate(_GENERATOR):
            if top >> bit & 1:
                check ^= factor
    return check


def _regroup(values: Sequence[int], old: int, new: int, *, pad: bool) -> list[int]:
    """Cut a row of bits into groups of another width."""
    held, bits, out = 0, 0, []
    for value in values:
        held, bits = held << old | value, bits + old
        while bits >= new:
            bits -= new
            out.append(held >> bits & (1 << new) - 1)
        held &= (1 << bits) - 1
    if pad and bits:
        out.append(held << new - bits & (1 << new) - 1)
    elif not pad and (bits >= old or held):
        raise BadSpelling("the key has stray bits at its end")
    return out

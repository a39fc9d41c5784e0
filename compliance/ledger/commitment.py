"""Salted commitments: the log names a person without holding the name.

Without the salt the value cannot be guessed from the commitment; with it, anyone can check
the value. Destroying the salt is therefore erasure, and the tree still verifies.
"""

import hashlib
import hmac
from typing import Final

from compliance.ledger.canonical import JsonValue, NotCanonical, canonical_value_bytes

SALT_BYTES: Final = 32

# The prefix keeps a commitment from being mistaken for any other hash; its spelling is
# inside every commitment ever made and can never change.
_DOMAIN: Final = b"hyg/commit/v1\x00"


def commit(field: str, salt: bytes, value: JsonValue) -> bytes:
    """Return the 32-byte commitment to one field's value.

    Raises:
        NotCanonical: if the salt is not 32 bytes, the field holds a NUL or is not valid
            text, or the value lies outside the canonical subset.
    """
    if len(salt) != SALT_BYTES:
        raise NotCanonical("a commitment's salt is not 32 bytes long")
    if "\x00" in field:
        # The NUL ends the field; one inside would let two fields share a commitment.
        raise NotCanonical("a commitment's field name holds a NUL")
    try:
        name = field.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical("a commitment's field name is not valid text") from error
    return hashlib.sha256(_DOMAIN + name + b"\x00" + salt + canonical_value_bytes(value)).digest()


def verify_commitment(commitment: bytes, *, field: str, salt: bytes, value: JsonValue) -> bool:
    """Return whether the commitment is to this value, comparing in constant time.

    A field, salt or value that nothing can be committed to is simply not the one.
    """
    try:
        expected = commit(field, salt, value)
    except NotCanonical:
        return False
    return hmac.compare_digest(expected, commitment)

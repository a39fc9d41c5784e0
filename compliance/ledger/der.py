"""Writing values in DER, the encoding in which a value has one spelling."""

from __future__ import annotations

from typing import Final

OCTETS: Final = 0x04
OBJECT: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT_0: Final = 0xA0
CONTEXT_1: Final = 0xA1
CONTEXT_2: Final = 0xA2

VERSION_1: Final = bytes.fromhex("020101")
VERSION_3: Final = bytes.fromhex("020103")
SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")


def encode(tag: int, *parts: bytes) -> bytes:
    """Encode one value from its parts, which are encoded already (X.690 section 8.1)."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content

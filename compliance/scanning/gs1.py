"""GS1 element strings as they come out of a scanner: UDI, lot, expiry, serial.

Source: GS1 General Specifications; FDA UDI rule for which identifiers matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import biip
from biip.gs1_messages import GS1Message

from compliance.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a package's code says. ``udi`` is the device identifier (GTIN)."""

    udi: str | None
    lot: str | None
    expires_on: date | None
    serial: str | None


def parse_gs1(text: str) -> Scan:
    """Read a GS1 element string, bracketed or raw (FNC1 as 0x1D, symbology id allowed).

    Day 00 of an expiry means the last day of the month.

    Raises:
        Refused: when the text is no GS1 element string, with biip's reason.
    """
    if not 4 <= len(text) <= 200:
        raise Refused("scan", text, "is not a GS1 code", allowed="4 to 200 characters")
    try:
        message: GS1Message | None = (
            GS1Message.parse_hri(text) if text.startswith("(") else biip.parse(text).gs1_message
        )
    except Exception as error:
        # A scanner can deliver anything, and biip lets errors of several libraries out.
        raise Refused("scan", text, f"is not a GS1 code: {error}") from error
    if message is None:
        raise Refused("scan", text, "is not a GS1 element string", allowed="(01)…(17)…(10)…")
    values = {str(element.ai.ai): element for element in message.element_strings}
    expiry = values.get("17")
    return Scan(
        udi=values["01"].value if "01" in values else None,
        lot=values["10"].value if "10" in values else None,
        expires_on=None if expiry is None else expiry.date,
        serial=values["21"].value if "21" in values else None,
    )

"""How much a stranger's file may ask of us."""

from __future__ import annotations

from typing import Final

MAX_FILE_BYTES: Final = 128 * 1024 * 1024
"""Inclusive. A volume of 1 000 sessions has some 10 MB."""

MAX_SIGNATURES: Final = 20
"""Inclusive: the clinic's, countersignatures and time-stamps renewed over decades."""

MAX_ATTACHMENTS: Final = 200
"""Inclusive, counting the nodes of the tree that lists them."""

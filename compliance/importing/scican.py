"""SciCan (STATIM, BRAVO, STATCLAVE): not read until a real sample is seen.

The maker publishes that its machines keep cycle records and hand them out by USB,
network or printer. The layout of such a file is not published where we could find it.
"""

from __future__ import annotations

from typing import Final

from compliance.importing.unpublished import Unpublished

SCICAN: Final = Unpublished(
    "scican",
    "SciCan STATIM, BRAVO, STATCLAVE",
    "SciCan does not publish how its cycle records are laid out."
    " Set up a mapping for this sterilizer from one of its files.",
)

"""Looking once a minute, beside the reports, whether a backup is due."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from compliance.jobs.rounds import going_round

EVERY_SECONDS: Final = 60.0


def looking_after_backups(look: Callable[[], object] | None) -> AbstractContextManager[None]:
    """Call ``look`` at once and then every minute, in a thread, until the block ends.

    Args:
        look: makes a backup if one is due; nothing where none are wanted. What a backup
            that was cut off leaves is a part file without a name.
    """
    return going_round("backup", look, every_seconds=EVERY_SECONDS)

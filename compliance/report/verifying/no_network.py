"""A process that judges strangers' files talks to nobody, so it loads no way to.

pyHanko loads an HTTP client with everything else, for time-stamps that one asks for while
signing. Loading it takes a fifth of the time from pressing Enter to the verdict.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Final

_CLIENT: Final = "aiohttp"


class _NoClient(ModuleType):
    """Stands for the client: its classes can be named, as in annotations, and do nothing."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def leave_out_network() -> None:
    """Keep pyHanko from loading its HTTP client; to be called before it is imported.

    For a process of its own only: whatever else needs the client there would not find it.
    """
    sys.modules.setdefault(_CLIENT, _NoClient(_CLIENT))

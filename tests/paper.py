"""Reading what a report shows on paper, with another program than the one that made it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def words_of(path: Path) -> str:
    """Return the text of all pages, with single blanks between words."""
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())

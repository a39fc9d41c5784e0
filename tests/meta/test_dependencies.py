"""What is installed is what was locked, and what nobody looks after any more is not run."""

from __future__ import annotations

import re
import subprocess
import sys

from givens import ROOT

EVERYTHING = (
    "import sys, pkgutil, importlib, compliance\n"
    "for module in pkgutil.walk_packages(compliance.__path__, 'compliance.'):\n"
    "    if not module.name.endswith('__main__'):\n"
    "        importlib.import_module(module.name)\n"
    "print('oscrypto' in sys.modules)"
)
PINNED = re.compile(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}")


def test_every_locked_version_is_pinned_by_its_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    assert len(lines) > 50
    assert [line for line in lines if PINNED.match(line) is None] == []


def test_the_audit_asks_about_the_lock_and_nothing_else_needs_it() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert "pip-audit --require-hashes --disable-pip -r requirements.lock" in makefile
    for target in ("test", "check"):
        (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert "audit" not in recipe


def test_an_unmaintained_library_is_never_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"

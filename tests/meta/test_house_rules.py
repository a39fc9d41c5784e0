"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import compliance
from compliance.errors import ComplianceError
from compliance.ledger.canonical import canonical_value_bytes
from compliance.ledger.entry import ENTRY_VERSION, decode_entry, encode_entry
from compliance.ledger.tree import hash_leaf
from compliance.web.errors import STATUS
from givens import ROOT

PACKAGE = ROOT / "compliance"
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50
GOLDEN = ROOT / "tests" / "data" / "golden"


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def scripts() -> list[Path]:
    """Our own JavaScript; what others wrote lies in a folder called vendor."""
    found = [path for folder in ("static", "verifier") for path in (ROOT / folder).rglob("*.js")]
    return sorted(path for path in found if "vendor" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        pytest.param(
            r"\.commit\(|\.rollback\(",
            # The keys that seal personal data lie in a database file of their own.
            {"compliance/store/session.py", "compliance/keys/subjects.py"},
            id="only-session.py-commits",
        ),
        pytest.param(
            r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|\btime\.time\(",
            {"compliance/app.py"},
            id="time-is-passed-in",
        ),
        pytest.param(
            r"\bos\.environ\b|\bgetenv\(",
            # Commands that start the server or need no database read the environment themselves.
            {"compliance/app.py"}
            | {
                f"compliance/cli/{name}.py"
                for name in ("doctor", "root", "server", "serving", "verifying")
            },
            id="settings-come-in",
        ),
        pytest.param(r"^\s*assert ", set(), id="assert-vanishes-under-O"),
        pytest.param(r"\b(?:TODO|FIXME|XXX)\b", set(), id="nothing-is-left-for-later"),
    ],
)
def test_what_the_package_must_not_contain(pattern: str, allowed: set[str]) -> None:
    found = re.compile(pattern, re.MULTILINE)
    offenders = {name_of(p) for p in modules() if found.search(p.read_text(encoding="utf-8"))}

    assert offenders <= allowed


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, _lines(node)


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body; what the docstring and the signature take is not counted."""
    body = node.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(body) > 1:
        body = body[1:]
    return (node.end_lineno or node.lineno) - body[0].lineno + 1


def test_no_module_is_too_long_to_read() -> None:
    everything = [*modules(), *scripts()]
    long = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in everything}

    assert {name: lines for name, lines in long.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_too_long_to_read() -> None:
    long = {
        f"{name_of(path)}:{name}": lines
        for path in modules()
        for name, lines in functions(path)
        if lines > LONGEST_FUNCTION
    }

    assert long == {}


def errors() -> set[type[ComplianceError]]:
    for module in pkgutil.walk_packages(compliance.__path__, "compliance."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = {ComplianceError}
    waiting = [ComplianceError]
    while waiting:
        for error in waiting.pop().__subclasses__():
            if error not in found and error.__module__.startswith("compliance."):
                found.add(error)
                waiting.append(error)
    return found


def test_error_codes_are_unique_and_mapped() -> None:
    codes: dict[str, set[str]] = {}
    for error in errors():
        codes.setdefault(error.code, set()).add(f"{error.__module__}.{error.__qualname__}")

    assert {code: names for code, names in codes.items() if len(names) > 1} == {}
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)
    assert all(any(each in STATUS for each in error.__mro__) for error in errors())


def test_nothing_names_a_path_of_somebodys_machine() -> None:
    pattern = re.compile(r"(?<![\w./])/(?:home|root|Users|work)/[\w.-]+")
    written = [
        path
        for folder in ("compliance", "templates", "migrations", "docs", "tests", "bench")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".html", ".json", ".toml", ".css", ".mako"}
    ]
    offenders = {
        name_of(path): found.group()
        for path in written
        if (found := pattern.search(path.read_text(encoding="utf-8")))
    }

    assert offenders == {}


def golden(version: int) -> Any:
    return json.loads((GOLDEN / f"entry-v{version}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", range(1, ENTRY_VERSION + 1))
def test_every_hashed_version_has_a_golden_file_that_never_changes(version: int) -> None:
    kept = golden(version)

    for each in kept["entries"]:
        body = each["body"].encode()
        entry = decode_entry(0, body)
        assert hash_leaf(body).hex() == each["leaf_hash"]
        assert entry.leaf_hash.hex() == each["leaf_hash"]


def test_the_present_version_still_writes_the_golden_bytes() -> None:
    for each in golden(ENTRY_VERSION)["entries"]:
        parts = json.loads(each["body"])
        written = encode_entry(
            kind=parts["kind"],
            clinic=parts["clinic"],
            at=parts["at"],
            by=parts["by"],
            data=parts["data"],
        )
        assert written == each["body"].encode()


def test_the_golden_files_themselves_are_pinned() -> None:
    digest = hashlib.sha256(canonical_value_bytes(golden(1))).hexdigest()

    assert digest == GOLDEN_DIGEST


GOLDEN_DIGEST = "f5a5e522d8cb01f07614919e608395a920a136babcefd98029abf1afd44cf92c"
"""Never change this line: a difference means that old records would be judged by new rules."""

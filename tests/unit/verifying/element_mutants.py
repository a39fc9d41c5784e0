"""Sealed reports whose list of entries is spelt otherwise than it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography import x509

from compliance.ledger.canonical import canonical_bytes
from compliance.ledger.tree import hash_leaf
from compliance.report.payload import build_audit
from unit.verifying.building import parts_of
from unit.verifying.mutants import Maker, Mutant

GOLDEN: Final = Path(__file__).parents[2] / "data" / "golden"


def element_mutants(maker: Maker) -> Iterator[Mutant]:
    """Reports of version 3, each with something else where its entries should be."""
    audit = build_audit(parts_of(maker.clinic))
    for number, spelling in enumerate(_spellings(audit)):
        yield maker.of_bytes(f"elements {number}", spelling)


def old_reports(maker: Maker) -> Iterator[Mutant]:
    """Good reports of earlier versions, which are read for ever."""
    for version in ("v1", "v2"):
        root = x509.load_pem_x509_certificate((GOLDEN / f"report-{version}-root.pem").read_bytes())
        data = (GOLDEN / f"report-{version}.pdf").read_bytes()
        yield replace(maker.mutant(f"report {version}", data), roots=(root,))


def _spellings(audit: bytes) -> Iterator[bytes]:
    """Other things between the brackets of ``entries``, and other places for them."""
    content = json.loads(audit)
    bodies = [canonical_bytes(entry) for entry in content["entries"]]
    listed = b",".join(bodies)
    opened = audit.index(listed)
    before, after = audit[:opened], audit[opened + len(listed) :]
    first, second, *rest = bodies
    lists: tuple[tuple[bytes, ...], ...] = (
        (b" " + first, second, *rest),
        (first, second + b"\n", *rest),
        (first, b" ", second, *rest),
        (b"null", second, *rest),
        (b"5", second, *rest),
        (b'"' + first.replace(b'"', b'\\"') + b'"', second, *rest),
        (b"[" + first + b"]", second, *rest),
        (b'{"leaf":"ab"}', second, *rest),
        (b'{"leaf":"' + hash_leaf(first).hex().encode() + b'"}', second, *rest),
        (b'{"leaf":"' + hash_leaf(first).hex().upper().encode() + b'"}', second, *rest),
        (b'{"leaf": "' + hash_leaf(first).hex().encode() + b'"}', second, *rest),
        (first[:-1], second, *rest),
        (first + b"}", second, *rest),
        (first.replace(b'"v":1', b'"v":01'), second, *rest),
        (first.replace(b'"v":1', b'"v":1.5'), second, *rest),
        (first.replace(b'"v":1', b'"v": 1'), second, *rest),
        (first.replace(b'"v":1', b'"v":NaN'), second, *rest),
        (first.replace(b'"v":1', b'"v":"\xff"'), second, *rest),
        (first.replace(b'"v":1', b'"v":"\\ud800"'), second, *rest),
        (first.replace(b'"v":1', b'"v":"\\q"'), second, *rest),
        (first.replace(b'"v":1', b'"v":"\x01"'), second, *rest),
        (first.replace(b'"v":1', b'"v":' + b"[" * 70 + b"]" * 70), second, *rest),
        (second, first, *rest),
        (first, *rest),
        (first, first, second, *rest),
        (),
    )
    for elements in lists:
        yield before + b",".join(elements) + after
    entries = b'"entries":[' + listed + b"],"
    yield audit.replace(entries, b'"entries":[],' + entries)
    yield audit.replace(entries, entries + b'"entries":[],')
    yield audit.replace(entries, b'"entries":[],')
    yield audit.replace(entries, b'"entries":{},')
    yield audit.replace(entries, b"")
    for inner in (b'"entries":[]', b'"entries":[' + listed + b"]", b'"entries":[1,2]'):
        yield audit.replace(b'"clinic":{"demo"', b'"clinic":{' + inner + b',"demo"')

"""No damaged file is accepted and none raises, wherever the damage is."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter

import pikepdf
import pytest
from cryptography import x509

from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import Clinic, draw

Roots = list[x509.Certificate]
SEED = 20260502


def contents(report: bytes) -> tuple[int, int]:
    """Return where the hexadecimal digits of the seal lie, without the brackets."""
    found = re.search(rb"/Contents <([0-9A-F]+)>", report)
    assert found is not None
    return found.span(1)


def outcome(data: bytes, roots: Roots) -> Outcome:
    return verify_report(data, trust_roots=roots).outcome


def test_one_changed_byte_anywhere_is_noticed(report: bytes, roots: Roots) -> None:
    chance = random.Random(SEED)
    start, end = contents(report)
    value_end = start + len(report[start:end].rstrip(b"0"))
    # Most of the file is padding; the seal's own value and the rest get their share.
    places = [
        *(chance.randrange(start, value_end) for _ in range(250)),
        *(chance.randrange(value_end, end) for _ in range(100)),
        *(chance.choice([*range(start), *range(end, len(report))]) for _ in range(450)),
    ]
    seen: Counter[Outcome] = Counter()
    for place in places:
        damaged = bytearray(report)
        damaged[place] ^= 1 << chance.randrange(8)
        found = outcome(bytes(damaged), roots)
        assert found is not Outcome.ACCEPTED, place
        seen[found] += 1
    assert seen[Outcome.REJECTED] > 0.97 * len(places)


def test_one_changed_digit_of_the_seal_is_noticed(report: bytes, roots: Roots) -> None:
    chance = random.Random(SEED)
    start, end = contents(report)
    value_end = start + len(report[start:end].rstrip(b"0"))
    for _ in range(80):
        place = chance.randrange(start, value_end)
        others = [digit for digit in b"0123456789ABCDEF" if digit != report[place]]
        damaged = bytearray(report)
        damaged[place] = chance.choice(others)
        assert outcome(bytes(damaged), roots) is Outcome.REJECTED, place


def test_a_cut_off_file_is_noticed(report: bytes, roots: Roots) -> None:
    chance = random.Random(SEED)
    for length in [1, 5, len(report) - 1, *(chance.randrange(len(report)) for _ in range(40))]:
        assert outcome(report[:length], roots) is not Outcome.ACCEPTED, length


def test_removed_repeated_and_moved_stretches_are_noticed(report: bytes, roots: Roots) -> None:
    chance = random.Random(SEED)
    for _ in range(60):
        at, length = chance.randrange(len(report)), chance.randrange(1, 400)
        piece = report[at : at + length]
        for damaged in (
            report[:at] + report[at + length :],
            report[:at] + piece + report[at:],
            piece + report,
        ):
            assert outcome(damaged, roots) is not Outcome.ACCEPTED


def test_random_bytes_are_not_judged(roots: Roots) -> None:
    chance = random.Random(SEED)
    for length in (0, 1, 10, 5000):
        noise = chance.randbytes(length)
        assert outcome(noise, roots) is Outcome.CANNOT_BE_JUDGED
        assert outcome(b"%PDF-1.7\n" + noise, roots) is Outcome.CANNOT_BE_JUDGED


def test_an_encrypted_pdf_is_not_judged(
    roots: Roots, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("encrypted") / "e.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert outcome(path.read_bytes(), roots) is Outcome.CANNOT_BE_JUDGED


def test_a_bomb_in_the_cross_references_is_defused(roots: Roots) -> None:
    packed = zlib.compress(bytes(60_000_000), 9)
    head = b"%%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 3/W[1 4 1]/Root 2 0 R/Filter/FlateDecode/Length %d>>stream\n"
    pdf = head % len(packed) + packed + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    assert outcome(pdf, roots) is Outcome.CANNOT_BE_JUDGED


def test_deep_nesting_is_survived(roots: Roots, clinic: Clinic) -> None:
    pdf = draw(None)
    deep = pdf.replace(b"/Type /Catalog", b"/Type /Catalog /X " + b"[" * 20_000 + b"]" * 20_000)
    assert outcome(deep, roots) is Outcome.CANNOT_BE_JUDGED


def test_a_file_beyond_the_limit_is_not_read(
    roots: Roots, report: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compliance.report.verifying.verify.MAX_FILE_BYTES", len(report) - 1)
    verdict = verify_report(report, trust_roots=roots)
    assert verdict.outcome is Outcome.CANNOT_BE_JUDGED
    assert verdict.failed[0].code == "size"

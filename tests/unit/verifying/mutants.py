"""Good reports and all manner of bad ones, for comparing verdicts and not for judging one of them."""

from __future__ import annotations

import base64
import io
import json
import random
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.keys.checkpoints import start_memory
from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.ledger.policy import parse_policy
from compliance.ledger.proofs import RangeProof
from compliance.ledger.rotation import rotation_statement
from compliance.ledger.tree import root_hash
from compliance.report.payload import AuditParts, build_audit
from compliance.report.verifying.judging import fingerprint_of
from compliance.report.verifying.pins import Pins, read_list
from compliance.report.verifying.verdict import KnownCheckpoint
from unit.verifying.building import (
    CLINIC_ID,
    SIGNED_AT,
    Clinic,
    answers,
    draw,
    fill,
    parts_of,
    resign,
    seal,
    sign,
    treat,
)

PDFS = Path(__file__).parents[2] / "data" / "pdf"
SEED = 20260507

_ODD: Sequence[JsonValue] = (None, -1, {"x": 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A file to be judged, and what its judge holds."""

    name: str
    data: bytes
    roots: tuple[x509.Certificate, ...]
    known: tuple[KnownCheckpoint, ...] = ()
    challenge: str | None = None
    authorities: tuple[x509.Certificate, ...] = ()
    policy: bytes | None = None
    crls: tuple[bytes, ...] = ()
    """In PEM."""

    def pins(self) -> Pins:
        policy = None if self.policy is None else parse_policy(self.policy)
        crls = tuple(read_list(pem) for pem in self.crls)
        return Pins(authorities=self.authorities, policy=policy, crls=crls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Seals what the mutations compose, with the keys of one clinic."""

    clinic: Clinic
    folder: Path

    def mutant(self, name: str, data: bytes) -> Mutant:
        return Mutant(name=name, data=data, roots=(self.clinic.root.certificate,))

    def of_parts(self, name: str, parts: AuditParts) -> Mutant:
        return self.mutant(name, seal(parts, self.clinic, self.folder))

    def of_bytes(self, name: str, audit: bytes) -> Mutant:
        return self.mutant(name, sign(draw(audit), self.clinic, self.folder))

    def other_log(self, name: str) -> Clinic:
        """The same keys, with a signer that remembers nothing of the clinic's real log."""
        memory = self.folder / f"{name}-{secrets.token_hex(4)}.memory"
        start_memory(memory)
        keys = replace(self.clinic.keys, memory_path=memory)
        return Clinic(keys=keys, root=self.clinic.root)


def semantic_mutants(maker: Maker) -> Iterator[Mutant]:
    """Reports that the clinic itself sealed, each with something else about its content."""
    parts = parts_of(maker.clinic)
    yield maker.of_parts("good", parts)
    yield from _of_entries(maker, parts)
    yield from _of_quotes(maker, parts)
    yield from _of_statements(maker, parts)
    yield from _of_open_sessions(maker, parts)
    yield from _of_logs(maker)
    yield from _of_known(maker, parts)
    yield from _of_challenges(maker)
    yield from _of_rotations(maker)


def form_mutants(maker: Maker) -> Iterator[Mutant]:
    """Sealed reports whose ``audit.json`` is of another form."""
    audit = build_audit(parts_of(maker.clinic))
    content: dict[str, JsonValue] = json.loads(audit)
    for key in content:
        without = {name: value for name, value in content.items() if name != key}
        yield maker.of_bytes(f"without {key}", canonical_bytes(without))
        for number, odd in enumerate(_ODD):
            changed = canonical_bytes({**content, key: odd})
            yield maker.of_bytes(f"{key} is odd {number}", changed)
    for path in _inner_paths(content):
        for odd in (None, "x"):
            yield maker.of_bytes(f"{path} is {odd!r}", canonical_bytes(_put(content, path, odd)))
    for number, spelling in enumerate(_spellings(audit, content)):
        yield maker.of_bytes(f"spelling {number}", spelling)


def container_mutants(maker: Maker) -> Iterator[Mutant]:
    """Files whose PDF is odd, and files that are no reports."""
    audit = build_audit(parts_of(maker.clinic))
    good = sign(draw(audit), maker.clinic, maker.folder)
    yield maker.mutant("unsigned", draw(audit))
    yield maker.mutant("no attachment", sign(draw(None), maker.clinic, maker.folder))
    yield maker.mutant("encrypted", _encrypted())
    for number, content in enumerate(
        (b"", b"GIF89a", b"%PDF-1.7\n", b"%PDF-1.7\n/ByteRange\n%%EOF")
    ):
        yield maker.mutant(f"no report {number}", content)
    for number, tail in enumerate((b"\n", b"%", b"\x00", b"\n%%EOF\n", good[-500:])):
        yield maker.mutant(f"tail {number}", good + tail)
    at = good.index(b"/Contents <") + len(b"/Contents <")
    end = good.index(b">", at)
    yield maker.mutant("lower case", good[:at] + good[at:end].lower() + good[end:])
    yield maker.mutant("mixed case", good[:at] + good[at : at + 40].lower() + good[at + 40 :])
    yield replace(maker.mutant("no root", good), roots=())
    for path in sorted(PDFS.glob("*.pdf")):
        yield maker.mutant(path.stem, path.read_bytes())


def damaged_mutants(maker: Maker, counts: Mapping[str, int]) -> Iterator[Mutant]:
    """The good report with bytes changed, removed and repeated, anywhere that is looked at."""
    good = seal(parts_of(maker.clinic), maker.clinic, maker.folder)
    chance = random.Random(SEED)
    found = re.search(rb"/Contents <([0-9A-F]+)>", good)
    assert found is not None
    start, end = found.span(1)
    value_end = start + len(good[start:end].rstrip(b"0"))
    packed = range(good.index(b"stream\n"), good.index(b"endstream"))
    plain = [at for at in (*range(start), *range(end, len(good))) if at not in packed]
    for number in range(counts["bytes"]):
        damaged = bytearray(good)
        damaged[chance.choice(plain)] ^= 1 << chance.randrange(8)
        yield maker.mutant(f"byte {number}", bytes(damaged))
    for number in range(counts["padding"]):
        damaged = bytearray(good)
        damaged[chance.randrange(value_end, end)] = ord("1")
        yield maker.mutant(f"padding {number}", bytes(damaged))
    for number in range(counts["seal"]):
        damaged = bytearray(good)
        at = chance.randrange(start, value_end)
        damaged[at] = chance.choice([digit for digit in b"0123456789ABCDEF" if digit != good[at]])
        yield maker.mutant(f"seal {number}", bytes(damaged))
    for number in range(counts["stretches"]):
        at, length = chance.randrange(len(good)), chance.randrange(1, 400)
        piece = good[at : at + length]
        odd = (good[:at] + good[at + length :], good[:at] + piece + good[at:], good[:at])
        yield maker.mutant(f"stretch {number}", odd[number % 3])


def _of_entries(maker: Maker, parts: AuditParts) -> Iterator[Mutant]:
    entries, leaves = list(parts.entries), list(parts.leaf_hashes)
    count = len(entries)
    for at in range(count):
        fewer, fewer_leaves = entries[:at] + entries[at + 1 :], leaves[:at] + leaves[at + 1 :]
        shorter = replace(parts, entries=fewer, leaf_hashes=fewer_leaves, end=parts.end - 1)
        yield maker.of_parts(f"entry {at} removed", shorter)
        if at > 2:
            continue
        hidden: list[bytes | None] = [*entries[:at], None, *entries[at + 1 :]]
        yield maker.of_parts(f"entry {at} hidden", replace(parts, entries=hidden))
        twice = replace(
            parts,
            entries=[*entries[: at + 1], *entries[at:]],
            leaf_hashes=[*leaves[: at + 1], *leaves[at:]],
            end=parts.end + 1,
        )
        yield maker.of_parts(f"entry {at} twice", twice)
    for at in range(count - 1):
        swapped = [*entries[:at], entries[at + 1], entries[at], *entries[at + 2 :]]
        yield maker.of_parts(f"entries {at} swapped", replace(parts, entries=swapped))
    altered = (entries[0] or b"").replace(b"s-march-1", b"s-march-9")
    yield maker.of_parts("entry altered", replace(parts, entries=[altered, *entries[1:]]))


def _of_quotes(maker: Maker, parts: AuditParts) -> Iterator[Mutant]:
    context = list(parts.context)
    for at, quoted in enumerate(context):
        rest = [*context[:at], *context[at + 1 :]]
        yield maker.of_parts(f"quote {at} left out", replace(parts, context=rest))
        short = replace(quoted, proof=quoted.proof[:-1])
        long = replace(quoted, proof=(*quoted.proof, bytes(32)))
        other = replace(quoted, body=quoted.body.replace(b"2026", b"2025"))
        far = replace(quoted, index=quoted.index + 1000)
        for number, odd in enumerate((short, long, other, far)):
            yield maker.of_parts(f"quote {at} odd {number}", replace(parts, context=[*rest, odd]))
    yield maker.of_parts("quote twice", replace(parts, context=[*context, context[0]]))
    around = parts.range_proof
    for number, proof in enumerate(
        (
            RangeProof(left=around.left[:-1], right=around.right),
            RangeProof(left=around.left, right=(*around.right, bytes(32))),
            RangeProof(left=around.left[::-1], right=around.right),
            RangeProof(left=(), right=()),
        )
    ):
        yield maker.of_parts(f"proof {number}", replace(parts, range_proof=proof))
    for at, disclosed in enumerate(parts.disclosures):
        odd_value = replace(disclosed, value="Somebody else")
        odd_salt = replace(disclosed, salt=bytes(32))
        odd_field = replace(disclosed, field="note")
        for number, odd_one in enumerate((odd_value, odd_salt, odd_field)):
            others = [*parts.disclosures[:at], odd_one, *parts.disclosures[at + 1 :]]
            yield maker.of_parts(f"disclosure {at} {number}", replace(parts, disclosures=others))


def _of_statements(maker: Maker, parts: AuditParts) -> Iterator[Mutant]:
    note = parts.checkpoint
    for number, text in enumerate(
        (
            note.replace("21\n", "20\n", 1),
            note.replace("\n\n", "\n"),
            note[:-1],
            note + note.split("\n\n")[1],
            note[:-6] + "AAAA=\n",
            note.replace("— aseptrail", "- aseptrail"),
            "",
        )
    ):
        yield maker.of_parts(f"note {number}", replace(parts, checkpoint=text))
    for number, key in enumerate(("", "a+b", parts.note_key[:-2] + "AA", parts.note_key + "A")):
        yield maker.of_parts(f"key {number}", replace(parts, note_key=key))
    for number, signature in enumerate(
        ("", "AAAA", "!", parts.certificate_signature[:-4] + "AAAA")
    ):
        changed = replace(parts, certificate_signature=signature)
        yield maker.of_parts(f"key signature {number}", changed)
    root_pem = maker.clinic.root.certificate.public_bytes(Encoding.PEM).decode()
    for number, pem in enumerate((root_pem, "no certificate", parts.certificate_pem[:-40])):
        yield maker.of_parts(f"key certificate {number}", replace(parts, certificate_pem=pem))
    for key, value in (
        ("name", "Other"),
        ("slug", "o"),
        ("time_zone", "UTC"),
        ("demo", True),
        ("id", "x"),
    ):
        clinic = {**parts.clinic, key: value}
        yield maker.of_parts(f"clinic {key}", replace(parts, clinic=clinic))
    yield maker.of_parts("incarnation", replace(parts, incarnation=2))
    yield from _of_periods(maker, parts)
    step = parts.consistency[0]
    for number, odd in enumerate(
        (
            replace(step, root=bytes(32)),
            replace(step, size=3),
            replace(step, size=0),
            replace(step, proof=()),
            replace(step, size=parts.size, root=parts.root, proof=()),
        )
    ):
        yield maker.of_parts(f"step {number}", replace(parts, consistency=[odd]))


def _of_periods(maker: Maker, parts: AuditParts) -> Iterator[Mutant]:
    for number, change in enumerate(
        (
            {"from": "2026-02-01", "from_time": "2026-01-31T23:00:00.000Z"},
            {"to": "2026-04-30", "to_time": "2026-04-30T22:00:00.000Z"},
            {"to": "2026-03-10", "to_time": "2026-03-10T23:00:00.000Z"},
            {"from_time": "2026-03-01T00:00:00.000Z"},
            {"from": "2026-02-30"},
            {"to": "9999-12-31"},
            {"from": "0000-01-01"},
        )
    ):
        yield maker.of_parts(f"period {number}", replace(parts, period={**parts.period, **change}))
    for volume in ((1, 1), (1, 2), (2, 2), (2, 3)):
        yield maker.of_parts(f"volume {volume}", replace(parts, volume=volume))


def _of_open_sessions(maker: Maker, parts: AuditParts) -> Iterator[Mutant]:
    one = dict(parts.open_sessions[0])
    for number, listed in enumerate(
        (
            [],
            [one, one],
            [{**one, "state": "treated"}],
            [one, {**one, "session": "s-other", "opened_index": 3}],
            [one, {**one, "session": "s-other", "opened_index": 2000}],
            [{**one, "opened_index": 0}],
        )
    ):
        yield maker.of_parts(f"open {number}", replace(parts, open_sessions=listed))


def _of_logs(maker: Maker) -> Iterator[Mutant]:
    """The clinic writes another log: with an entry less, or with a session that should not close."""
    bodies = maker.clinic.bodies
    for at in range(len(bodies)):
        log = maker.other_log(f"without-{at}")
        log.bodies, log.disclosures = bodies[:at] + bodies[at + 1 :], maker.clinic.disclosures
        if at > 0:
            yield maker.of_parts(f"log without {at}", resign(parts_of(log), maker.clinic))
    march = datetime(2026, 3, 12, 9, tzinfo=UTC)
    for number, changed in enumerate(_closings()):
        log = maker.other_log(f"closing-{number}")
        fill(log)
        april = log.bodies[-4:]
        del log.bodies[-4:]
        treat(log, f"s-odd-{number}", march + timedelta(days=9), changed)
        log.bodies.extend(april)
        yield maker.of_parts(f"closing {number}", resign(parts_of(log), maker.clinic))


def _closings() -> Iterator[dict[str, JsonValue]]:
    yield {}
    for item in ("gloves_worn", "mask_worn", "needle_material", "anaesthetic"):
        for value in (None, "no", "yes", "brass"):
            yield {"items": answers(**{item: value})}
    yield {"items": answers(gloves_worn="no"), "overrides": [{"item": "gloves_worn"}]}
    yield {"items": answers(anaesthetic="yes", anaesthetic_lot="L-1")}
    yield {"template": {"id": "x", "version": 1, "hash": "00"}}
    yield {"opened": {"index": 2, "at": "2026-03-21T09:00:00.000Z"}}
    yield {"opened": {"index": 900, "at": "2026-03-21T09:00:00.000Z"}}
    yield {"session": "s-march-1"}
    yield {"items": "none"}
    yield {"overrides": None}
    pack: dict[str, JsonValue] = {"pack": "p-1", "code": "P-1"}
    returned: dict[str, JsonValue] = {"device": "d", "released_index": 3, "pack": "p-1"}
    nonsense: dict[str, JsonValue] = {"released_index": "x"}
    for ref in (pack, returned, nonsense):
        kind = "pack" if ref is pack else "returned"
        evidence: JsonValue = [{"component": "cartridge", "kind": kind, "ref": ref}]
        items: list[JsonValue] = [
            *answers(),
            {"code": "extra", "result": "yes", "evidence": evidence},
        ]
        yield {"items": items}


def _of_known(maker: Maker, parts: AuditParts) -> Iterator[Mutant]:
    good = maker.of_parts("known", parts)
    leaves = maker.clinic.leaves()
    fingerprint = fingerprint_of(maker.clinic.root.certificate)
    for number, (size, root, clinic_id) in enumerate(
        (
            (parts.size, parts.root, None),
            (2, root_hash(leaves[:2]), None),
            (10, root_hash(leaves[:10]), None),
            (4, root_hash(leaves[:4]), None),
            (10, bytes(32), None),
            (parts.size + 5, bytes(32), None),
            (parts.size, parts.root, "0190a000-0000-7000-8000-00000000ffff"),
        )
    ):
        known = KnownCheckpoint(
            clinic_id=clinic_id or str(parts.clinic["id"]),
            slug="lodz",
            root_fingerprint=fingerprint,
            size=size,
            root=root,
            note=parts.checkpoint,
            made_at=datetime(2026, 4, 20, tzinfo=UTC),
        )
        yield replace(good, name=f"known {number}", known=(known,))
        itself = replace(known, size=parts.size, root=parts.root, made_at=SIGNED_AT)
        yield replace(good, name=f"known {number} and itself", known=(known, itself))
        newer = replace(itself, size=500, made_at=SIGNED_AT + timedelta(days=1))
        yield replace(good, name=f"known {number} and newer", known=(newer, known))
        yield replace(good, name=f"known {number}, shown again", known=(newer, itself))


def _of_challenges(maker: Maker) -> Iterator[Mutant]:
    log = maker.other_log("challenged")
    fill(log)
    april = log.bodies[-4:]
    del log.bodies[-4:]
    at = datetime(2026, 3, 28, 9, tzinfo=UTC)
    log.append("inspection.challenge", at, {"challenge": "Ünten tag 17"})
    log.bodies.extend(april)
    good = maker.of_parts("challenge", resign(parts_of(log), maker.clinic))
    for number, challenge in enumerate(
        (None, "Ünten tag 17", " U\u0308nten\ttag  17", "other", "")
    ):
        yield replace(good, name=f"challenge {number}", challenge=challenge)


def _of_rotations(maker: Maker) -> Iterator[Mutant]:
    """The log says that another key signs from here on; the report is still by the first."""
    key = maker.clinic.keys.note_verifier_key
    sound = {
        "old_note_key": key,
        "note_key": key,
        "old_certificate_sha256": "00" * 32,
        "certificate_sha256": "11" * 32,
    }
    statement = rotation_statement(
        CLINIC_ID, note_keys=(key, key), certificates=("00" * 32, "11" * 32)
    )
    signature = base64.b64encode(maker.clinic.keys.note_private_key.sign(statement)).decode()
    changes: tuple[dict[str, JsonValue], ...] = (
        {},
        {"statement_signature": "AAAA"},
        {"statement_signature": "!"},
        {"old_note_key": "x"},
        {"note_key": "x"},
        {"note_key": None},
    )
    for number, change in enumerate(changes):
        log = maker.other_log(f"rotated-{number}")
        fill(log)
        april = log.bodies[-4:]
        del log.bodies[-4:]
        data: dict[str, JsonValue] = {**sound, "statement_signature": signature, **change}
        log.append("key.rotated", datetime(2026, 3, 28, 9, tzinfo=UTC), data)
        log.bodies.extend(april)
        yield maker.of_parts(f"rotation {number}", resign(parts_of(log), maker.clinic))


def _inner_paths(content: Mapping[str, JsonValue]) -> Iterator[tuple[str | int, ...]]:
    for key in ("clinic", "period", "range", "range_proof", "note_key_certificate"):
        inner = content[key]
        assert isinstance(inner, dict)
        for name in inner:
            yield (key, name)
    for key in ("context", "open_sessions", "disclosures", "consistency", "entries"):
        listed = content[key]
        assert isinstance(listed, list)
        first = listed[0]
        yield (key, 0)
        if isinstance(first, dict):
            for name in first:
                yield (key, 0, name)


def _put(
    content: Mapping[str, JsonValue], path: tuple[str | int, ...], value: JsonValue
) -> dict[str, JsonValue]:
    copied: dict[str, JsonValue] = json.loads(json.dumps(content))
    holder: JsonValue = copied
    for key in path[:-1]:
        holder = holder[key]  # type: ignore[index]  # The path was read off it.
    holder[path[-1]] = value  # type: ignore[index]  # As above.
    return copied


def _spellings(audit: bytes, content: Mapping[str, JsonValue]) -> Iterator[bytes]:
    yield json.dumps(content).encode()
    yield json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode()
    yield audit + b"\n"
    yield b"\xef\xbb\xbf" + audit
    yield audit.replace(b'"size":', b'"size": ', 1)
    yield audit.replace(b'{"anchors":[],', b'{"anchors":[],"anchors":[],', 1)
    yield audit.replace("ó".encode(), "o\u0301".encode())
    yield audit.replace("Ł".encode(), b"\\u0141")
    yield audit.replace("Ł".encode(), b"\\ud800")
    yield audit.replace("Ł".encode(), b"\xff")
    yield audit.replace(b'"incarnation":1', b'"incarnation":01')
    yield audit.replace(b'"incarnation":1', b'"incarnation":9007199254740993')
    yield audit.replace(b'"incarnation":1', b'"incarnation":-0')
    yield audit.replace(b'"incarnation":1', b'"incarnation":1.5')
    yield b"[" * 5000
    yield b"{}"
    yield b"[]"
    yield b""
    yield b"null"
    yield audit.replace(b"aseptrail/audit/3", b"aseptrail/audit/9")
    yield audit.replace(b"aseptrail/audit/3", b"aseptrail/audit/2")
    yield audit.replace(b"aseptrail/audit/3", b"aseptrail/audit/1")
    yield audit.replace(b"aseptrail/audit/3", b"aseptrail/session/1")
    yield audit.replace(b"aseptrail/audit/3", b"somebody/else")


def _encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()

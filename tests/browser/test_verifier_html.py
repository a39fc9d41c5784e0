"""The verifier in one HTML file: the verdicts of the command, field by field, with the network off.

The page is opened once from a disk. Every file goes through the same worker that the page uses.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browser.verifying_page import away_from_the_browser, opened_verifier
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser, Page, expect

from compliance.ledger.entry import format_time
from compliance.report.verifier_page import build_page, bundle, installed_sources
from compliance.report.verifying.verdict import Outcome, Verdict, checkpoint_to_json
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import SIGNED_AT, Clinic, make_clinic, parts_of, seal
from unit.verifying.element_mutants import element_mutants, old_reports
from unit.verifying.foreign_mutants import foreign_mutants
from unit.verifying.further_mutants import load_mutants, session_mutants
from unit.verifying.lasting_mutants import lasting_mutants
from unit.verifying.mutants import (
    Maker,
    Mutant,
    container_mutants,
    damaged_mutants,
    form_mutants,
    semantic_mutants,
)
from unit.verifying.outside_mutants import outside_mutants
from unit.verifying.renaming import renamed_mutants
from unit.verifying.revoking import BEFORE, Told, in_pem, make_list, revoked_mutants
from unit.verifying.traced_mutants import traced_mutants

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493

BATCH = 40
COUNTS = {"bytes": 80, "padding": 10, "seal": 60, "stretches": 30}

JUDGE = """async (requests) => {
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const verdicts = [];
  for (const request of requests) {
    const policy = request.policy === null ? null : Uint8Array.from(request.policy);
    const answer = await aseptrailJudge({...request, policy, bytes: bytesOf(request.bytes)});
    verdicts.push(JSON.stringify(answer.verdict));
  }
  return verdicts;
}"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verifier")


@pytest.fixture(scope="module")
def clinic(room: Path) -> Clinic:
    return make_clinic(room / "keys")


@pytest.fixture(scope="module")
def page(chromium: Browser, room: Path) -> Iterator[Page]:
    with opened_verifier(chromium, room) as opened:
        yield opened


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def judged_by_page(page: Page, mutants: Sequence[Mutant]) -> list[dict[str, Any]]:
    requests = [
        {
            "bytes": base64.b64encode(mutant.data).decode(),
            "roots": [pem(root) for root in mutant.roots],
            "authorities": [pem(certificate) for certificate in mutant.authorities],
            "policy": None if mutant.policy is None else list(mutant.policy),
            "crls": [crl.decode() for crl in mutant.crls],
            "known": [checkpoint_to_json(item) for item in mutant.known],
            "challenge": mutant.challenge,
        }
        for mutant in mutants
    ]
    return [json.loads(verdict) for verdict in page.evaluate(JUDGE, requests)]


def judged_by_command(mutant: Mutant) -> Verdict:
    return verify_report(
        mutant.data,
        trust_roots=mutant.roots,
        known=mutant.known,
        pins=mutant.pins(),
        challenge=mutant.challenge,
    )


def test_page_and_command_agree_field_by_field(page: Page, clinic: Clinic, room: Path) -> None:
    maker = Maker(clinic=clinic, folder=room)

    def judge_all() -> list[tuple[Mutant, Verdict]]:
        families = (
            semantic_mutants(maker),
            form_mutants(maker),
            element_mutants(maker),
            old_reports(maker),
            container_mutants(maker),
            outside_mutants(maker),
            revoked_mutants(maker),
            lasting_mutants(maker),
            foreign_mutants(maker),
            traced_mutants(maker),
            session_mutants(maker),
            load_mutants(maker),
            renamed_mutants(maker),
        )
        made = itertools.chain(*families, damaged_mutants(maker, COUNTS))
        return [(mutant, judged_by_command(mutant)) for mutant in made]

    judged = away_from_the_browser(judge_all)
    seen = dict.fromkeys(Outcome, 0)
    for start in range(0, len(judged), BATCH):
        batch = judged[start : start + BATCH]
        answers = judged_by_page(page, [mutant for mutant, _ in batch])
        for (mutant, verdict), found in zip(batch, answers, strict=True):
            seen[verdict.outcome] += 1
            assert found == verdict.to_json(), mutant.name
    # Enough of each kind, so that agreement says something.
    assert sum(seen.values()) >= 500
    assert seen[Outcome.ACCEPTED] >= 10
    assert seen[Outcome.REJECTED] >= 400
    assert seen[Outcome.CANNOT_BE_JUDGED] >= 10


def test_a_person_finds_the_verdict_and_the_next_visit_is_compared(
    page: Page, clinic: Clinic, room: Path
) -> None:
    report = room / "march.pdf"
    report.write_bytes(away_from_the_browser(lambda: seal(parts_of(clinic), clinic, room)))
    page.set_input_files("#file", report)
    expect(page.locator("#problem")).to_contain_text("nobody to trust")
    root = room / "ROOT.pem"
    root.write_bytes(clinic.root.certificate.public_bytes(Encoding.PEM))
    page.set_input_files("#root-file", root)
    expect(page.locator("#roots li")).to_have_count(1)

    page.set_input_files("#file", report)
    verdict = page.locator("#verdict")
    expect(verdict).to_have_attribute("data-outcome", "accepted")
    expect(verdict).to_contain_text("Level 0: not altered since the clinic sealed it")
    page.get_by_role("button", name="Check another file").click()
    expect(page.locator("#memory-count")).to_have_text("1 checkpoint")

    page.set_input_files("#file", report)
    expect(verdict).to_contain_text("Level 0: not altered since the clinic sealed it")
    page.get_by_role("button", name="Check another file").click()
    later = replace(parts_of(clinic), made_at=format_time(SIGNED_AT + timedelta(days=1)))
    report.write_bytes(away_from_the_browser(lambda: seal(later, clinic, room)))
    page.set_input_files("#file", report)
    expect(verdict).to_contain_text("Level 3: the same log as in a report met before")
    page.get_by_role("button", name="Check another file").click()

    damaged = room / "damaged.pdf"
    damaged.write_bytes(
        report.read_bytes().replace(b"Stand-in", b"Stand-up").replace(b"%%EOF", b"%%EOE", 1)
    )
    page.set_input_files("#file", damaged)
    expect(verdict).to_have_attribute("data-outcome", "rejected")


def test_a_list_of_revoked_certificates_is_kept_and_judged_by_until_it_is_removed(
    page: Page, clinic: Clinic, room: Path
) -> None:
    report, crl = room / "april.pdf", room / "CRL.pem"
    report.write_bytes(away_from_the_browser(lambda: seal(parts_of(clinic), clinic, room)))
    crl.write_bytes(in_pem(make_list(clinic, Told(BEFORE))))
    root = room / "ROOT.pem"
    root.write_bytes(clinic.root.certificate.public_bytes(Encoding.PEM))
    page.reload()
    page.set_input_files("#root-file", root)
    page.locator("#revoking summary").click()
    page.set_input_files("#list-file", root)
    expect(page.locator("#problem")).to_contain_text("is no list of revoked certificates in PEM")
    page.set_input_files("#list-file", crl)
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#lists li")).to_contain_text("It names 1 certificate.")

    page.set_input_files("#file", report)
    verdict = page.locator("#verdict")
    expect(verdict).to_have_attribute("data-outcome", "rejected")
    expect(page.locator("#result")).to_contain_text("it is revoked since")

    page.get_by_role("button", name="Check another file").click()
    page.get_by_role("button", name="Remove: List of").click()
    expect(page.locator("#lists li")).to_have_count(0)
    page.set_input_files("#file", report)
    expect(verdict).to_have_attribute("data-outcome", "accepted")
    page.get_by_role("button", name="Check another file").click()


def test_a_browser_without_ed25519_is_helped_out_by_hand(page: Page) -> None:
    chance = random.Random(20260507)
    cases: list[tuple[bytes, bytes, bytes, bool]] = []
    for number in range(12):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        message = chance.randbytes(number * 11)
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        place = chance.randrange(64)
        damaged = bytearray(signature)
        damaged[place] ^= 1 << chance.randrange(8)
        # The same number again, one group order higher: a second spelling that RFC 8032 forbids.
        higher = (int.from_bytes(signature[32:], "little") + GROUP_ORDER).to_bytes(32, "little")
        cases += [
            (public, signature, message, True),
            (public, bytes(damaged), message, False),
            (public, signature, message + b"x", False),
            (public, signature[:32] + higher, message, False),
            (chance.randbytes(32), signature, message, False),
        ]
    script = bundle(installed_sources().verifier, "engine/ed25519.js")
    found = page.evaluate(
        """async ([script, cases]) => {
          const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const { verifyEd25519ByHand } = new Function(`${script}return engine_ed25519;`)();
          return Promise.all(cases.map((parts) => verifyEd25519ByHand(...parts.map(bytesOf))));
        }""",
        [script, [[base64.b64encode(part).decode() for part in case[:3]] for case in cases]],
    )
    assert found == [case[3] for case in cases]


def test_nothing_can_leave_the_page(chromium: Browser, room: Path) -> None:
    file = room / "alone.html"
    file.write_text(build_page(installed_sources(), software="Aseptrail 0"), encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(file.as_uri())
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    attempt = "fetch('data:text/plain,x').then(() => 'left', () => 'kept')"
    assert page.evaluate(attempt) == "kept"
    assert any("Content Security Policy" in line for line in refused)
    context.close()

"""Time-stamp tokens: ours are accepted elsewhere, and nothing wrong counts."""

from __future__ import annotations

import random
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus
from timing_authorities import buy_authority, local_authority, stamp

from compliance.keys.storage import load_root
from compliance.keys.time_authority import BadQuery, answer_query
from compliance.ledger.timestamp import (
    BadToken,
    authority_name,
    check_signature,
    read_token,
    why_ignored,
)
from givens import NOON, Clock

MESSAGE = b"aseptrail/x\n3\nroot\n"


def test_openssl_accepts_a_token_of_the_local_authority(tmp_path: Path, clock: Clock) -> None:
    token = stamp(local_authority(tmp_path, NOON), MESSAGE, clock)
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "message").write_bytes(MESSAGE)
    at = str(int(NOON.timestamp()) + 60)
    over = ["-token_in", "-in", "token", "-data", "message"]
    done = subprocess.run(
        ["openssl", "ts", "-verify", *over, "-CAfile", "root/root.pem", "-attime", at],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "Verification: OK"), done.stderr


def test_another_client_accepts_an_answer_of_the_local_authority(
    tmp_path: Path, clock: Clock
) -> None:
    authority = local_authority(tmp_path, NOON)
    clock.tick(milliseconds=250)
    query = TimestampRequestBuilder().data(MESSAGE).build()

    answer = decode_timestamp_response(answer_query(authority, query.as_bytes(), clock=clock))

    root = load_root(tmp_path).certificate
    verifier = VerifierBuilder.from_request(query).add_root_certificate(root).build()
    assert verifier.verify_message(answer, MESSAGE)
    assert read_token(answer.time_stamp_token()).gen_time == clock()


def test_the_local_authority_says_in_its_name_that_it_is_not_independent(
    tmp_path: Path,
) -> None:
    assert "NOT INDEPENDENT" in authority_name(local_authority(tmp_path, NOON).certificate)


def test_the_local_authority_stays_the_same_one(tmp_path: Path) -> None:
    first = local_authority(tmp_path, NOON)
    assert local_authority(tmp_path, NOON + timedelta(days=9)).certificate == first.certificate


@pytest.mark.parametrize("query", [b"", b"\x30\x00", b"x" * 5000, b"\x30\x03\x02\x01\x01"])
def test_what_is_no_request_is_refused(tmp_path: Path, query: bytes, clock: Clock) -> None:
    with pytest.raises(BadQuery):
        answer_query(local_authority(tmp_path, NOON), query, clock=clock)


def test_a_request_over_a_weak_hash_is_not_granted(tmp_path: Path, clock: Clock) -> None:
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha1"},
                "hashed_message": b"x" * 20,
            },
        }
    )
    answer = answer_query(local_authority(tmp_path, NOON), query.dump(), clock=clock)
    assert decode_timestamp_response(answer).status == PKIStatus.REJECTION


def test_a_token_is_over_its_message_and_no_other(clock: Clock) -> None:
    token = read_token(stamp(buy_authority(NOON).authority, MESSAGE, clock))
    assert token.is_over(MESSAGE)
    assert not token.is_over(MESSAGE + b"\n")


def test_a_token_counts_for_who_pinned_its_authority_or_its_issuer(clock: Clock) -> None:
    bought, other = buy_authority(NOON), buy_authority(NOON)
    token = read_token(stamp(bought.authority, MESSAGE, clock))
    signer = token.find_signer()
    assert signer is not None
    check_signature(token, signer)

    assert why_ignored(token, signer, [bought.root]) is None
    assert why_ignored(token, signer, [other.root, bought.authority.certificate]) is None
    # The other authority has the same names, and another key.
    assert why_ignored(token, signer, [other.root]) == "nobody pinned its authority"
    assert why_ignored(token, signer, []) == "you pinned no authority"


def test_a_token_from_outside_the_validity_of_its_certificate_does_not_count(
    clock: Clock,
) -> None:
    bought = buy_authority(NOON)
    clock.tick(days=181)
    token = read_token(stamp(bought.authority, MESSAGE, clock))
    said = why_ignored(token, bought.authority.certificate, [bought.root])
    assert said == "a certificate of its authority was not valid at that time"


def test_a_certificate_that_is_for_other_things_too_makes_no_token_that_counts(
    clock: Clock,
) -> None:
    both = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)
    bought = buy_authority(NOON, purposes=both)
    token = read_token(stamp(bought.authority, MESSAGE, clock))
    said = why_ignored(token, bought.authority.certificate, [bought.root])
    assert said == "its certificate is not for time-stamping alone"


def test_the_signature_of_another_authority_of_the_same_name_is_found_out(
    clock: Clock,
) -> None:
    token = read_token(stamp(buy_authority(NOON).authority, MESSAGE, clock))
    with pytest.raises(BadToken, match="another certificate"):
        check_signature(token, buy_authority(NOON).authority.certificate)


def test_no_altered_byte_of_what_is_signed_passes_for_the_authoritys_word(clock: Clock) -> None:
    bought = buy_authority(NOON)
    data = stamp(bought.authority, MESSAGE, clock)
    good = read_token(data)
    chance = random.Random(7)
    for _ in range(400):
        place = chance.randrange(len(data))
        altered = bytearray(data)
        altered[place] ^= 1 << chance.randrange(8)
        try:
            token = read_token(bytes(altered))
            check_signature(token, bought.authority.certificate)
        except BadToken:
            continue
        # What nobody signs may differ, such as version numbers; what is said may not.
        said = (token.gen_time, token.imprint, token.serial, token.policy)
        assert said == (good.gen_time, good.imprint, good.serial, good.policy), place

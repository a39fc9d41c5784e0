"""A witness: it remembers the largest tree of each log it was shown and cosigns what continues it.

The protocol is https://c2sp.org/tlog-witness. State is a folder of its own::

    witness.key      Ed25519, mode 0600
    name             how the witness calls itself
    logs             verifier keys of the logs it takes, one a line
    seen/<hash>      size and root that were cosigned last, one file for each log

It needs no database of clinics and no account: an association or an inspectorate can run one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from compliance.errors import ComplianceError, Refused
from compliance.keys.files import write_private
from compliance.keys.spelling import private_pem
from compliance.keys.storage import KeysMissing
from compliance.ledger.cosignature import WitnessKey, cosign
from compliance.ledger.note import (
    BadNote,
    Checkpoint,
    check_name,
    decode_base64,
    parse_checkpoint,
    parse_verifier_key,
    signature_lines,
    verify_note,
)
from compliance.ledger.proofs import verify_consistency
from compliance.ledger.tree import EMPTY_ROOT, BadProof

MAX_REQUEST_BYTES: Final = 64 * 1024
"""Inclusive. The longest proof and a note with a hundred signatures stay below."""

MAX_PROOF: Final = 63
"""Hashes, inclusive."""

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
_TEXT: Final = "text/plain; charset=utf-8"
_SIZE: Final = "text/x.tlog.size"


class WitnessStateLost(ComplianceError):
    """What was cosigned last cannot be read; going on would sign a second history."""

    code = "witness_state_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the witness answers, as HTTP has it."""

    status: int
    content_type: str
    body: bytes


class _Refusal(Exception):
    def __init__(self, status: int, text: str, content_type: str = _TEXT) -> None:
        super().__init__(text)
        self.answer = Answer(status=status, content_type=content_type, body=f"{text}\n".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    old: int
    proof: tuple[bytes, ...]
    note: str
    text: str
    checkpoint: Checkpoint


def make_witness(folder: Path, *, name: str) -> WitnessKey:
    """Make a witness with a new key in an empty folder.

    Raises:
        Refused: if there is a witness already, or the name cannot be one.
    """
    if (folder / "witness.key").exists():
        raise Refused("folder", str(folder), "holds a witness already")
    try:
        check_name(name)
    except BadNote as error:
        raise Refused("name", name, "cannot be a key's name: no spaces and no plus sign") from error
    (folder / "seen").mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(folder / "name", f"{name}\n".encode())
    write_private(folder / "witness.key", private_pem(Ed25519PrivateKey.generate()))
    return Witness(folder).key


def trust_log(folder: Path, verifier: str) -> None:
    """Let the witness take a log from now on; a log it knows may have several keys.

    Raises:
        BadNote: if the key is malformed.
    """
    parse_verifier_key(verifier)
    path = folder / "logs"
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if verifier not in known:
        write_private(path, "".join(f"{line}\n" for line in (*known, verifier)).encode())


class Witness:
    """Answers requests from its folder. Threads and processes take turns."""

    def __init__(self, folder: Path) -> None:
        """Open a witness.

        Raises:
            KeysMissing: if there is none in the folder.
        """
        try:
            private = load_pem_private_key((folder / "witness.key").read_bytes(), password=None)
            name = (folder / "name").read_text(encoding="utf-8").strip()
        except FileNotFoundError as error:
            raise KeysMissing(f"there is no witness in {folder}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeysMissing("the key of the witness is of another kind")
        self._folder = folder
        self._private = private
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = WitnessKey(name=name, public_key=public)

    def logs(self) -> dict[str, list[str]]:
        """The verifier keys of the logs it takes, by origin; read anew, so that one can be added."""
        path = self._folder / "logs"
        found: dict[str, list[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            found.setdefault(parse_verifier_key(line)[0], []).append(line)
        return found

    def add_checkpoint(self, request: bytes, *, now: datetime) -> Answer:
        """Answer one ``add-checkpoint`` request; the new state is on the disk before the answer is.

        Raises:
            WitnessStateLost: if what was cosigned last cannot be read.
        """
        try:
            asked = _read(request)
            self._check_signer(asked)
            with self._turn():
                self._check_continuation(asked)
                line = cosign(asked.text, key=self.key, sign=self._private.sign, at=now)
                self._remember(asked.checkpoint)
        except _Refusal as refusal:
            return refusal.answer
        return Answer(status=200, content_type=_TEXT, body=line.encode())

    def _check_signer(self, asked: _Asked) -> None:
        verifiers = self.logs().get(asked.checkpoint.origin)
        if verifiers is None:
            raise _Refusal(404, "this log is not known here")
        for verifier in verifiers:
            try:
                verify_note(asked.note, verifier=verifier)
            except BadNote:
                continue
            break
        else:
            raise _Refusal(403, "no signature is by a known key of this log")
        if asked.old > asked.checkpoint.size:
            raise _Refusal(400, "the old size is larger than the checkpoint")

    def _check_continuation(self, asked: _Asked) -> None:
        checkpoint = asked.checkpoint
        size, root = self._seen(checkpoint.origin)
        if asked.old != size:
            raise _Refusal(409, str(size), _SIZE)
        if size == checkpoint.size and root != checkpoint.root:
            raise _Refusal(409, str(size), _SIZE)
        if size == 0:
            if asked.proof:
                raise _Refusal(422, "a proof from nothing is empty")
            return
        try:
            verify_consistency(
                first=size,
                second=checkpoint.size,
                first_root=root,
                second_root=checkpoint.root,
                proof=asked.proof,
            )
        except BadProof as error:
            raise _Refusal(422, f"the proof does not hold: {error}") from error

    def _seen(self, origin: str) -> tuple[int, bytes]:
        path = self._path(origin)
        if not path.exists():
            return 0, EMPTY_ROOT
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            told, size, root = content["origin"], int(content["size"]), content["root"]
            seen = size, bytes.fromhex(root)
        except (ValueError, KeyError, TypeError) as error:
            raise WitnessStateLost(f"{path.name} cannot be read: {error}") from error
        if told != origin:
            raise WitnessStateLost(f"{path.name} is about another log")
        return seen

    def _remember(self, checkpoint: Checkpoint) -> None:
        content = {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
        }
        write_private(self._path(checkpoint.origin), json.dumps(content).encode())

    def _path(self, origin: str) -> Path:
        return self._folder / "seen" / hashlib.sha256(origin.encode()).hexdigest()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        descriptor = os.open(self._folder / "seen.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _read(request: bytes) -> _Asked:
    if len(request) > MAX_REQUEST_BYTES:
        raise _Refusal(413, "the request is larger than any")
    try:
        head, parted, note = request.decode("utf-8").partition("\n\n")
        old, *proof = head.split("\n")
        hashes = tuple(decode_base64(line) for line in proof)
        text, _ = signature_lines(note)
        checkpoint = parse_checkpoint(text)
    except (BadNote, UnicodeDecodeError) as error:
        raise _Refusal(400, f"the request cannot be read: {error}") from error
    found = _OLD.fullmatch(old)
    if found is None or not parted or len(hashes) > MAX_PROOF:
        raise _Refusal(400, "a request is an old size, a proof, an empty line and a checkpoint")
    return _Asked(old=int(found[1]), proof=hashes, note=note, text=text, checkpoint=checkpoint)

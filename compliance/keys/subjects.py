"""Keys of persons: destroying one makes what the database holds about that person unreadable.

They lie in a file of their own, so that a backup of the database does not bring back
what was erased. What a file system or a disk keeps of overwritten blocks is outside our
reach; an installation that must answer for that encrypts its disk.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import unicodedata
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pysqlite3 import dbapi2

from compliance.errors import ComplianceError, Conflict
from compliance.keys.files import PRIVATE_FILE, make_private_folder, only_one, write_private

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
"""The length AES-GCM is specified for; random nonces are safe far beyond one person's data."""

_SEALED_V1: Final = b"\x01"
_BLIND_V1: Final = b"aseptrail/blind-index/v1\x00"

_BUSY_SECONDS: Final = 10


class SealBroken(ComplianceError):
    """Sealed bytes that this key does not open: another key, other surroundings, or altered."""

    code = "seal_broken"


class SubjectErased(Conflict):
    """Something was to be sealed for a person whose personal data was erased."""

    code = "subject_erased"


class SubjectKeys:
    """One random key per person and clinic; used by many threads and several processes."""

    def __init__(self, path: Path) -> None:
        make_private_folder(path.parent)
        # SQLite gives its journal the mode of the database file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        self._lock = threading.Lock()
        self._cache: dict[tuple[str, str], bytes] = {}
        self._seen_version = 0
        self._connection: Any = dbapi2.connect(
            str(path), timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        # A key is as durable as the first name sealed with it, and its bytes are
        # overwritten in the file when it is destroyed.
        for pragma in ("journal_mode=DELETE", "synchronous=FULL", "secure_delete=ON"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS subject_key ("
            " clinic_id TEXT NOT NULL, subject_id TEXT NOT NULL,"
            " key BLOB NOT NULL CHECK (length(key) = 32),"
            " PRIMARY KEY (clinic_id, subject_id)) WITHOUT ROWID"
        )
        # Whom a key was destroyed of is remembered, or the next free text about the
        # person would quietly make a new one.
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS erased_subject ("
            " clinic_id TEXT NOT NULL, subject_id TEXT NOT NULL,"
            " PRIMARY KEY (clinic_id, subject_id)) WITHOUT ROWID"
        )

    def key_for(self, clinic_id: str, subject_id: str) -> bytes:
        """Return the person's key of 32 bytes; a new one is on the disk before this returns.

        Raises:
            SubjectErased: the person's key was destroyed.
        """
        with self._lock:
            known = self._find(clinic_id, subject_id)
            if known is not None:
                return known
            if self._is_erased(clinic_id, subject_id):
                raise SubjectErased(
                    "the personal data of this person was erased, so nothing can be added to it"
                )
            # Another process may be first, so what is stored counts, not what was drawn.
            self._connection.execute(
                "INSERT INTO subject_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (clinic_id, subject_id, secrets.token_bytes(KEY_BYTES)),
            )
            stored = self._find(clinic_id, subject_id)
        if stored is None:
            raise SealBroken("the key was destroyed while it was being made")
        return stored

    def find(self, clinic_id: str, subject_id: str) -> bytes | None:
        """Return the person's key, or nothing if there is none or it was destroyed."""
        with self._lock:
            return self._find(clinic_id, subject_id)

    def destroy(self, clinic_id: str, subject_id: str) -> None:
        """Forget the person's key for good; repeating it changes nothing.

        The deleted bytes are overwritten where they stood, and the file is then written
        anew, so that no free page of it holds what an earlier version left behind.
        """
        subject = (clinic_id, subject_id)
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute(
                    "DELETE FROM subject_key WHERE clinic_id = ? AND subject_id = ?", subject
                )
                self._connection.execute(
                    "INSERT INTO erased_subject VALUES (?, ?) ON CONFLICT DO NOTHING", subject
                )
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._cache.pop(subject, None)
            self._connection.execute("VACUUM")

    def erased(self, clinic_id: str) -> list[str]:
        """The persons of a clinic whose keys were destroyed."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT subject_id FROM erased_subject WHERE clinic_id = ? ORDER BY subject_id",
                (clinic_id,),
            ).fetchall()
        return [row[0] for row in rows]

    def close(self) -> None:
        """Close the file and forget the keys in memory."""
        with self._lock:
            self._cache.clear()
            self._connection.close()

    def _is_erased(self, clinic_id: str, subject_id: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM erased_subject WHERE clinic_id = ? AND subject_id = ?",
            (clinic_id, subject_id),
        ).fetchone()
        return row is not None

    def _find(self, clinic_id: str, subject_id: str) -> bytes | None:
        # The version changes when another connection wrote: a key that the command line
        # destroyed must not live on in the web process.
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen_version:
            self._cache.clear()
            self._seen_version = version
        cached = self._cache.get((clinic_id, subject_id))
        if cached is not None:
            return cached
        row = self._connection.execute(
            "SELECT key FROM subject_key WHERE clinic_id = ? AND subject_id = ?",
            (clinic_id, subject_id),
        ).fetchone()
        if row is None:
            return None
        self._cache[clinic_id, subject_id] = bytes(row[0])
        return bytes(row[0])


def seal(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Encrypt with AES-256-GCM; only the same associated bytes open it again."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _SEALED_V1 + nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        SealBroken: if the key or the associated bytes are others, or a byte was changed.
    """
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if not sealed.startswith(_SEALED_V1):
            raise SealBroken("sealed in a way this version does not know")
        return AESGCM(key).decrypt(nonce, body, associated)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("the sealed bytes do not open") from error


def blind_index_key(folder: Path) -> bytes:
    """Return the installation's key for blind indexes, making it on first use."""
    path = folder / "blind-index.key"
    with only_one(folder):
        if not path.exists():
            write_private(path, secrets.token_bytes(KEY_BYTES))
        return path.read_bytes()


def blind_index(key: bytes, clinic_id: str, field: str, value: str) -> bytes:
    """Return 32 bytes by which an equal value is found again and from which none is guessed.

    Spellings that differ only in Unicode composition are equal; upper case, spaces and
    the like are the caller's to unify.
    """
    parts = (clinic_id, field, unicodedata.normalize("NFC", value))
    # Each part is preceded by its length: no two triples share their bytes.
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (p.encode() for p in parts))
    return hmac.new(key, _BLIND_V1 + message, hashlib.sha256).digest()

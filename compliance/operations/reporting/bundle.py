"""The evidence bundle: the signed files and the same facts machine readable, in one archive."""

from __future__ import annotations

import hashlib
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from compliance.errors import Conflict
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.seal import root_fingerprint
from compliance.operations.reporting.workshop import Workshop
from compliance.report.verifying.attachment import read_own_audit

_PACKED: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time an archive can state. What is in it says when it was made; so the same
files always give the same archive."""

_MODE: Final = 0o644 << 16

_CHUNK: Final = 1 << 20

_README: Final = """\
Aseptrail evidence bundle
=========================

What is in it
-------------
{files}
ROOT.pem      the root certificate of the installation that signed them
SHA256SUMS    the SHA-256 of every file here

*.audit.json is the very content that is embedded and signed in the PDF of the same name: the
entries of the clinic's log, each a JSON text, with the proof that they are in it. Its form is
described in docs/record-format.md of the software.

How to check it
---------------
1. The files are whole:                 sha256sum -c SHA256SUMS
2. The root certificate is the clinic's. Compare its fingerprint with the sheet you hold, or ask
   by another way than the one this bundle came by:

   SHA-256 {fingerprint}

3. Each PDF is genuine. Only the PDF is signed; judge it, not the loose JSON:

{commands}

   0 means accepted, 1 rejected, 2 cannot be judged. The verdict says what it does not prove.
   Anybody can do the same in a browser: open /verify of any Aseptrail and drop the PDF there.
"""


class TwoFilesOfOneName(Conflict):
    """Two files for one bundle have the same name."""

    code = "bundle_names"


def write_bundle(workshop: Workshop, files: Sequence[Path], output: Path) -> str:
    """Pack signed files with their ``audit.json`` and return the SHA-256 of the archive in hex.

    The archive appears under its name whole, or not at all.

    Args:
        workshop: whose root certificate goes into it.
        files: signed files of this installation, the report or its index first.
        output: replaced if it exists.

    Raises:
        TwoFilesOfOneName: if two of the files cannot lie side by side.
        KeysMissing: if the installation has no root.
    """
    names = [path.name for path in files]
    if len(set(names)) != len(names):
        raise TwoFilesOfOneName("two files of the bundle have the same name")
    beside = output.with_name(f".{output.name}.{secrets.token_hex(8)}")
    try:
        with zipfile.ZipFile(beside, "w") as archive:
            _fill(archive, workshop, files)
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)
    return _hash_file(output)


def _fill(archive: zipfile.ZipFile, workshop: Workshop, files: Sequence[Path]) -> None:
    sums: dict[str, str] = {}
    for path in files:
        sums[path.name] = _add_file(archive, path)
        name = f"{path.stem}.audit.json"
        sums[name] = _add(archive, name, read_own_audit(path))
    sums["ROOT.pem"] = _add(archive, "ROOT.pem", export_root_pem(workshop.keys_folder))
    readme = _readme(workshop, [path.name for path in files])
    sums["README.txt"] = _add(archive, "README.txt", readme.encode())
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    _add(archive, "SHA256SUMS", lines.encode())


def _readme(workshop: Workshop, names: Sequence[str]) -> str:
    listed = "\n".join(f"{name}\n{Path(name).stem}.audit.json" for name in names)
    digits = root_fingerprint(workshop.keys_folder)
    return _README.format(
        files=listed,
        fingerprint=" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
        commands="\n".join(f"   compliance verify {name} --trust ROOT.pem" for name in names),
    )


def _entry(name: str, packing: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_PACKED)
    # Unix, so that the permissions below are read as such; the same on every machine.
    entry.create_system = 3
    entry.external_attr = _MODE
    entry.compress_type = packing
    return entry


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> str:
    archive.writestr(_entry(name, zipfile.ZIP_DEFLATED), content)
    return hashlib.sha256(content).hexdigest()


def _add_file(archive: zipfile.ZipFile, path: Path) -> str:
    """Copy a PDF piece by piece, as it is: its streams are packed already."""
    digest = hashlib.sha256()
    with (
        path.open("rb") as source,
        archive.open(_entry(path.name, zipfile.ZIP_STORED), "w", force_zip64=True) as target,
    ):
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Judging a stranger's file in a process of its own, which may be slow, greedy or crash.

The parent never opens the file. It sends the roots and checkpoints over a pipe and
reads back the verdict, followed by the signed ``audit.json``, which it checks again.
"""

from __future__ import annotations

import gc
import json
import logging
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cryptography import x509

import compliance
from compliance.report.payload import AuditFile, NotAnAudit, parse_audit
from compliance.report.verifying.limits import MAX_FILE_BYTES
from compliance.report.verifying.no_network import leave_out_network
from compliance.report.verifying.pins import PinFiles, pin_files_from_json
from compliance.report.verifying.verdict import (
    Check,
    KnownCheckpoint,
    Outcome,
    Verdict,
    checkpoint_from_json,
    checkpoint_to_json,
    verdict_from_json,
)

_PACKAGE_PARENT: Final = str(Path(compliance.__file__).parent.parent)

# Isolated mode ignores the environment and the current folder, so that neither can slip the
# worker another package; where ours lies is therefore told explicitly, and searched last.
_START: Final = (
    "import runpy, sys; sys.path.append(sys.argv[1]); "
    "runpy.run_module('compliance.report.verifying.worker', run_name='__main__')"
)


def verify_in_subprocess(
    path: Path,
    *,
    trust_pems: Sequence[bytes],
    known: Sequence[KnownCheckpoint] = (),
    pins: PinFiles | None = None,
    challenge: str | None = None,
    seconds: int = 60,
    memory_bytes: int = 1 << 30,
) -> Verdict:
    """Judge a file as `verify_report` does, but within limits. Never raises for what the file holds.

    Args:
        path: the file; it must not change meanwhile.
        trust_pems: the certificate authorities the inspector holds, in PEM.
        known: checkpoints kept from reports accepted earlier.
        challenge: what the inspector had entered on the spot.
        pins: whose word outside the clinic is taken; they must be readable.
        seconds: of the clock and of the processor, whichever is used up first.
        memory_bytes: of address space, the program itself included.
    """
    request = {
        "path": str(path.resolve()),
        "trust": [pem.decode("ascii", errors="replace") for pem in trust_pems],
        "known": [checkpoint_to_json(item) for item in known],
        "pins": (pins or PinFiles()).to_json(),
        "challenge": challenge,
        "seconds": seconds,
        "memory_bytes": memory_bytes,
    }
    try:
        return _read_answer(_ask(json.dumps(request).encode(), seconds))
    except subprocess.TimeoutExpired:
        return _unfinished(f"Reading it took longer than {seconds} seconds.")
    except subprocess.CalledProcessError as error:
        return _unfinished(f"Reading it ended with code {error.returncode}, beyond the limits.")
    except (ValueError, KeyError, TypeError, NotAnAudit):
        # A worker that a file has taken over could answer anything; an answer that does
        # not hang together is none.
        return _unfinished("Reading it gave no usable answer.")


def _ask(request: bytes, seconds: int) -> bytes:
    # The command is made of constants of this module; the file's name goes through the pipe.
    command = [sys.executable, "-I", "-c", _START, _PACKAGE_PARENT]
    done = subprocess.run(  # noqa: S603
        command,
        input=request,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=True,
    )
    return done.stdout


def _read_answer(output: bytes) -> Verdict:
    line, _, canonical = output.partition(b"\n")
    verdict = verdict_from_json(json.loads(line))
    audit: AuditFile | None = parse_audit(canonical) if canonical else None
    if verdict.outcome is Outcome.ACCEPTED and audit is None:
        raise ValueError("an accepted report has an audit")
    return verdict.with_audit(audit)


def _unfinished(reason: str) -> Verdict:
    check = Check(
        code="limits", name="The file can be read within limits", holds=False, reason=reason
    )
    return Verdict(
        outcome=Outcome.CANNOT_BE_JUDGED,
        level=None,
        checks=(check,),
        sentence=f"This file cannot be judged. {reason}",
    )


def main() -> None:
    """Answer one request on standard input; the entry point of the worker process."""
    request: dict[str, Any] = json.load(sys.stdin)
    _limit(request["seconds"], request["memory_bytes"])
    # A process that judges one file and ends has no use for looking for cycles in the
    # million values of a large record; that would take a third of its time.
    gc.disable()
    logging.disable(logging.CRITICAL)
    leave_out_network()
    # Imported after the limits: the libraries, too, are to live within them.
    from compliance.report.verifying.verify import verify_report

    with Path(request["path"]).open("rb") as file:
        # One byte beyond the limit is enough for the verdict that it is exceeded.
        data = file.read(MAX_FILE_BYTES + 1)
    verdict = verify_report(
        data,
        trust_roots=[x509.load_pem_x509_certificate(pem.encode()) for pem in request["trust"]],
        known=[checkpoint_from_json(item) for item in request["known"]],
        pins=pin_files_from_json(request["pins"]).read(),
        challenge=request["challenge"],
    )
    sys.stdout.buffer.write(json.dumps(verdict.to_json()).encode() + b"\n")
    if verdict.audit is not None:
        sys.stdout.buffer.write(verdict.audit.canonical)
    sys.stdout.flush()


def _limit(seconds: int, memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    # It reads one file and writes to a pipe: it has no business creating files or cores.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()

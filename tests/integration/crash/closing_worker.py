"""Closes sessions with several threads, and says so after each commit; the test kills it.

Arguments: the database, the file with the work, the file for what
was acknowledged.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from compliance.domain.access import Actor, Auth, Role
from compliance.operations.once import Keyed, RequestKey, answer_once
from compliance.operations.treatments.closing import CloseSession, close_session
from compliance.store.session import Database
from givens import NOON, open_sqlite

THREADS = 8


def close_one(database: Database, actor: Actor, session_id: str) -> int:
    """Close as the API does: the act and the kept answer are one transaction."""
    key = f"close-{session_id}"
    request = RequestKey(clinic_id=actor.clinic_id, principal=actor.user_id, route="close", key=key)
    with database.writing() as tx:

        def produce() -> dict[str, Any]:
            command = CloseSession(session_id=session_id, grant=None, idempotency_key=key)
            return {"index": close_session(tx, command, actor=actor, now=NOON).index}

        keyed = Keyed(request=request, body={"session": session_id})
        answer, _ = answer_once(tx, keyed, produce, now=NOON)
    return int(answer["index"])


def main(path: str, work: str, acknowledged: str) -> None:
    plan = json.loads(Path(work).read_text(encoding="utf-8"))
    actor = Actor(
        user_id=plan["user"],
        clinic_id=plan["clinic"],
        roles=frozenset({Role.PRACTITIONER}),
        auth=Auth.TOKEN,
    )
    database = open_sqlite(Path(path))
    out = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def run(session_id: str) -> None:
        index = close_one(database, actor, session_id)
        # One short write each, so that a kill never leaves half a line of two threads.
        os.write(out, f"{session_id} {index}\n".encode())

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, plan["sessions"]))


if __name__ == "__main__":
    main(*sys.argv[1:])

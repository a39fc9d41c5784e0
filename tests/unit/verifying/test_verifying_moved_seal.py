"""A seal that is written once more later in the file does not cover what was changed before that."""

from __future__ import annotations

import io
from typing import Any

from cryptography import x509
from pyhanko.pdf_utils.generic import NameObject, NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import SimpleSigner

from compliance.report.verifying.verify import verify_report
from unit.verifying.building import rejected_for
from unit.verifying.test_verifying_countersigned import countersign, inspector, inviting

__all__ = ["inspector", "inviting"]


def test_a_seal_moved_behind_an_edit_is_noticed(
    inviting: bytes, inspector: SimpleSigner, roots: list[x509.Certificate]
) -> None:
    # The edit and a copy of the seal's own dictionary go into one increment, so that the seal
    # seems to belong to the revision that already has the edit.
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(inviting))
    fields = [field.get_object() for field in writer.root["/AcroForm"]["/Fields"]]
    seal = next(field.raw_get("/V") for field in fields if field["/T"] == "Seal")
    writer.mark_update(seal.reference)
    page = writer.root["/Pages"]["/Kids"][0]
    number: Any = NumberObject
    page[NameObject("/Rotate")] = number(90)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)

    verdict = verify_report(countersign(out.getvalue(), inspector), trust_roots=roots)

    assert rejected_for(verdict) == "changes"

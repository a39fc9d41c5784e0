"""What the calls that set a session right take."""

from __future__ import annotations

from compliance.operations.reporting.single import CLIENT_COPY, INSPECTION
from compliance.web.api.fields import CODE_PATTERN, Anything, Asked, Choice, Text
from compliance.web.api.schemas.shapes import PIECES


def _device() -> Text:
    return Text(1, 40, pattern=CODE_PATTERN, allowed="the id or code of a device", required=True)


class RightDeviceIn(Asked):
    """The device that is really used."""

    device_id = _device()


class DeviceAmendmentIn(Asked):
    """The device that was really used, with what is known of it."""

    device_id = _device()
    evidence_before = Anything(PIECES, allow_none=True)
    evidence_after = Anything(PIECES, allow_none=True)
    reason = Text(3, 2000, required=True)


class SessionFileIn(Asked):
    """Whom the file is for."""

    purpose = Choice((INSPECTION, CLIENT_COPY), required=True)

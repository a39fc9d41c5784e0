"""What the calls about the clinic itself take and answer."""

from __future__ import annotations

from compliance.operations.clinics import LANGUAGES, LONGEST_NAME
from compliance.web.api.fields import Asked, Choice, Shown, Text
from compliance.web.api.schemas.shapes import Flag, Word, Words


class ClinicIn(Asked):
    """What the clinic is called from now on; what is left out stays."""

    name = Text(1, LONGEST_NAME)
    language = Choice(LANGUAGES)


class ClinicOut(Shown):
    """The clinic of the token."""

    id = Word(format="uuid")
    slug = Word()
    name = Word()
    language = Word(enum=list(LANGUAGES))
    time_zone = Word()
    demo = Flag()
    profiles = Words()

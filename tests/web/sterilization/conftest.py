"""The tablet's fixtures by the same names: the whole app over a founded clinic."""

from __future__ import annotations

from web.tablet import conftest as at_the_tablet

secrets = at_the_tablet.secrets
app = at_the_tablet.app
house = at_the_tablet.house
tablet = at_the_tablet.tablet
room = at_the_tablet.room

"""What each address shows an inspector, as a stable word and in plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

WHAT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sessions": "The list of sessions",
        "session": "A session",
        "session_history": "The history of a session",
        "signature": "The client’s signature in a session",
        "challenges": "The challenges",
        "own_accesses": "The list of what was read",
        "reports": "The list of reports",
        "report": "A report’s page",
        "report_file": "A signed report",
        "report_volume": "A volume of a signed report",
        "signed_list": "A signed list of a recall or a search",
        "signed_lists": "The signed lists of recalls and searches",
        "recalls": "The list of recalls",
        "recall": "A recall",
        "recall_sessions": "Whom a recall concerns",
        "recall_packs": "The packs of a recall",
        "recall_spared": "Whom a recall does not concern",
        "search": "The search for who met what",
        "devices": "The list of devices",
        "device": "A device",
        "packs": "The list of packs",
        "pack": "A pack",
        "waiting": "What waits for sterilization",
        "lots": "The list of lots",
        "lot": "A lot",
        "products": "The list of products",
        "templates": "The list of checklists",
        "template": "A checklist",
        "clinic": "The clinic's name and rules",
        "profile": "The rules that hold",
        "sterilizers": "The list of sterilizers",
        "sterilizer": "A sterilizer",
        "cycles": "The list of cycles",
        "cycle": "A cycle",
        "indicators": "The list of indicators",
        "loads": "The list of loads",
        "load": "A load",
    }
)
"""Words are kept in rows for ever: one is added, none is given another meaning."""

ENDPOINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "desk_sessions.show_inspector": "sessions",
        "desk_sessions.show_at_inspector": "session",
        "sessions.show": "session",
        "notes.show_ink": "signature",
        "aftercare.show_history": "session_history",
        "challenge.show": "challenges",
        "accesses.show_own": "own_accesses",
        "desk_reports.show_reports": "reports",
        "desk_reports.show_report": "report",
        "desk_reports.download_report": "report_file",
        "desk_reports.download_volume": "report_volume",
        "recalls.download_list": "signed_list",
        "recalls.show_recalls": "recalls",
        "recalls.show_recall": "recall",
        "recalls.download": "recall",
        "recalls.show_search": "search",
        "api.get_inspector_accesses": "own_accesses",
        "api.get_sessions": "sessions",
        "api.get_session": "session",
        "api.get_history": "session_history",
        "api.get_challenges": "challenges",
        "api.get_reports": "reports",
        "api.get_report": "report",
        "api.get_pdf": "report_file",
        "api.get_volume": "report_volume",
        "api.get_recalls": "recalls",
        "api.get_signed_lists": "signed_lists",
        "api.get_signed_list": "signed_list",
        "api.get_recall": "recall",
        "api.get_recall_sessions": "recall_sessions",
        "api.get_recall_packs": "recall_packs",
        "api.get_recall_not_affected": "recall_spared",
        "api.get_meetings": "search",
        "api.get_devices": "devices",
        "api.get_device": "device",
        "api.get_packs": "packs",
        "api.get_pack": "pack",
        "api.get_waiting": "waiting",
        "api.get_lots": "lots",
        "api.get_lot": "lot",
        "api.get_products": "products",
        "api.get_templates": "templates",
        "api.get_template": "template",
        "api.get_clinic": "clinic",
        "api.get_effective_profile": "profile",
        "api.get_sterilizers": "sterilizers",
        "api.get_sterilizer": "sterilizer",
        "api.get_cycles": "cycles",
        "api.get_cycle": "cycle",
        "api.get_indicators": "indicators",
        "api.get_loads": "loads",
        "api.get_load": "load",
    }
)
"""An address that is missing here is noted by its endpoint, so that nothing goes unnoted."""

OPEN_ROOMS: Final = frozenset(
    {
        "account",
        "api_docs",
        "auth",
        "desk_roots",
        "first_run",
        "health",
        "house_joining",
        "root_sheet",
        "static",
        "trust",
        "verify",
    }
)
"""Blueprints that show nothing of a clinic's record: open to anybody, or about oneself."""

OPEN_ENDPOINTS: Final = frozenset({"api.get_openapi"})

HREFS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "session": "/manager/sessions/",
        "session_history": "/manager/sessions/",
        "signature": "/manager/sessions/",
        "report": "/reports/",
        "report_file": "/reports/",
        "report_volume": "/reports/",
        "signed_list": "/recalls/lists/",
        "recall": "/recalls/",
    }
)
"""Where a manager sees the same thing; its id follows."""

WAYS: Final[Mapping[str, str]] = MappingProxyType(
    {"page": "On a page", "file": "As a file", "api": "By a program"}
)

_FILTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "client": "client",
        "client_ref": "client",
        "from": "first day",
        "to": "last day",
        "late": "late entries",
        "lot": "lot",
        "material": "material",
        "pack": "pack",
        "practitioner": "practitioner",
        "q": "a search word",
        "state": "state",
        "sterilizer": "sterilizer",
        "inspector": "inspector",
    }
)


def is_open(endpoint: str) -> bool:
    """Whether an address shows nothing of a clinic's record."""
    return endpoint.partition(".")[0] in OPEN_ROOMS or endpoint in OPEN_ENDPOINTS


def say_what(what: str) -> str:
    """In plain words; what is not known here is told by its address."""
    return WHAT.get(what, what)


def say_asked(asked: str) -> str:
    """The filters in plain words: ``client,kind=lot`` is “by client, kind lot”."""
    words: dict[str, None] = {}
    for part in filter(None, asked.split(",")):
        name, _, value = part.partition("=")
        if name not in ("ref", "format"):
            words[f"{_FILTERS.get(name, name)} {value}".strip()] = None
    return f"by {', '.join(words)}" if words else ""

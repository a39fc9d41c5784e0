"""The self-contained page that judges reports: put together from the sources in ``verifier/``.

The result is one HTML file without a network. Its small modules are laid one after another, each
in a scope of its own; nothing is minified, so that whoever doubts the page can read it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import compliance
from compliance.domain.rules import STRICTER
from compliance.errors import ComplianceError
from compliance.report.content.english import ENGLISH
from compliance.report.content.german import GERMAN
from compliance.report.content.room_words import RoomWords
from compliance.report.content.single import STEPS
from compliance.report.content.words import Words
from compliance.report.verifying.limits import MAX_FILE_BYTES

FILE_NAME: Final = "aseptrail-verify.html"

_GENERATED: Final = "content/generated.js"
_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(
    r"^export (?=(?:async function|function\*?|class|const) (\w+))", re.MULTILINE
)
_FONT_FACE: Final = re.compile(r"@font-face \{[^}]*\}\n", re.DOTALL)
_SHEETS: Final = ("tokens", "base", "components", "desk")
_FONTS: Final = (("400", "IBMPlexSans-Regular.woff2"), ("600 700", "IBMPlexSans-SemiBold.woff2"))
_POLICY: Final = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
    "worker-src blob:; font-src data:; base-uri 'none'; form-action 'none'"
)


class BrokenPage(ComplianceError):
    """The sources of the page do not fit together; a mistake of ours and never of a user."""

    code = "broken_verifier_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSources:
    """Where the parts of the page lie."""

    verifier: Path
    """The folder with ``engine``, ``content`` and ``page``."""

    static: Path
    """The folder with the style sheets and typefaces of the product's own pages."""


def installed_sources() -> PageSources:
    """Return the parts that came with this installation."""
    package = Path(compliance.__file__).parent
    # They lie in the wheel's package, or beside it in a checkout.
    root = package if (package / "verifier").is_dir() else package.parent
    return PageSources(verifier=root / "verifier", static=root / "static")


def build_page(sources: PageSources, *, software: str) -> str:
    """Return the page; the same sources give the same bytes.

    Args:
        sources: they are read anew each time.
        software: name and version, shown on the page.

    Raises:
        BrokenPage: if a module names another that does not exist, or uses a form of import
            or export that is not known here.
    """
    worker = bundle(sources.verifier, "page/worker.js")
    page = bundle(sources.verifier, "page/main.js")
    script = (
        f'"use strict";\n(() => {{\nfunction makeWorker() {{\n"use strict";\n{worker}'
        f"page_worker.listen();\n}}\n{page}page_main.start(makeWorker);\n}})();\n"
    )
    style = _style(sources)
    for text in (script, style):
        if re.search(r"</(?:script|style)|<!--", text, re.IGNORECASE):
            raise BrokenPage("a source holds what would end its element early")
    template = (sources.verifier / "page" / "page.html").read_text(encoding="utf-8")
    return _fill(
        template,
        {
            "policy": _POLICY.format(script=_digest(script), style=_digest(style)),
            "software": software,
            "megabytes": str(MAX_FILE_BYTES // (1024 * 1024)),
            "style": style,
            "script": script,
        },
    )


def _fill(template: str, values: Mapping[str, str]) -> str:
    # In one pass, so that braces inside a value are never taken for a place to fill.
    def value(match: re.Match[str]) -> str:
        return values[match.group(1)]

    return re.sub(r"\{\{(\w+)\}\}", value, template)


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def bundle(folder: Path, entry: str) -> str:
    """Return a module and all it imports as one script, each under a name made of its path.

    Raises:
        BrokenPage: as `build_page`.
    """
    done: dict[str, str] = {}
    _add(folder, entry, done, ())
    return "".join(done.values())


def _add(folder: Path, name: str, done: dict[str, str], path: tuple[str, ...]) -> None:
    if name in done:
        return
    if name in path:
        raise BrokenPage(f"{name} imports itself through {path[-1]}")
    source = _source(folder, name)
    for match in _IMPORT.finditer(source):
        _add(folder, _resolve(name, match.group(2)), done, (*path, name))
    done[name] = _scope(name, source)


def _scope(name: str, source: str) -> str:
    """Return a module as a function that is called at once and gives its exports."""

    def taken(match: re.Match[str]) -> str:
        return f"const {{{match.group(1)}}} = {_variable(_resolve(name, match.group(2)))};\n"

    exported = _EXPORT.findall(source)
    body = _EXPORT.sub("", _IMPORT.sub(taken, source))
    if re.search(r"^(?:import|export)\b", body, re.MULTILINE):
        raise BrokenPage(f"{name} imports or exports in a form that is not known")
    return (
        f"const {_variable(name)} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
    )


def _source(folder: Path, name: str) -> str:
    if name == _GENERATED:
        return _generated()
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BrokenPage(f"there is no module {name}") from error


def _resolve(importer: str, target: str) -> str:
    parts = importer.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name.removesuffix(".js"))


def _generated() -> str:
    """The words of reports, which the page shares with the PDF."""
    words = {"en": _words(ENGLISH), "de": _words(GERMAN)}
    steps = {language: dict(each) for language, each in STEPS.items()}
    values = {"WORDS": words, "STEPS": steps, "STRICTER": dict(STRICTER)}
    return "".join(f"export const {name} = {_literal(one)};\n" for name, one in values.items())


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).replace("<", "\\u003c")


def _words(words: Words | RoomWords) -> dict[str, Any]:
    return {each.name: _plain(getattr(words, each.name)) for each in fields(words)}


def _plain(value: object) -> object:
    if isinstance(value, RoomWords):
        return _words(value)
    return dict(value) if isinstance(value, Mapping) else value


def _style(sources: PageSources) -> str:
    css = sources.static / "css"
    own = (sources.verifier / "page" / "verifier.css").read_text(encoding="utf-8")
    sheets = "".join(
        _FONT_FACE.sub("", (css / f"{name}.css").read_text(encoding="utf-8")) for name in _SHEETS
    )
    paper = (css / "print.css").read_text(encoding="utf-8")
    faces = "".join(_faces(sources.static / "vendor" / "fonts"))
    return f"{faces}{sheets}{own}@media print {{\n{paper}}}\n"


def _faces(folder: Path) -> Iterator[str]:
    for weight, name in _FONTS:
        data = base64.b64encode((folder / name).read_bytes()).decode("ascii")
        yield (
            f'@font-face {{ font-family: "IBM Plex Sans"; font-weight: {weight}; '
            f'src: url("data:font/woff2;base64,{data}") format("woff2"); }}\n'
        )

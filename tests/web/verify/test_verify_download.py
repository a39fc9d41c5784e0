"""The verifier as one file, for anybody who asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from compliance.report.verifier_page import BrokenPage, PageSources, build_page, installed_sources
from harbour import House


def test_a_stranger_downloads_the_page_and_never_opens_it_here(app: Flask, house: House) -> None:
    stranger = app.test_client()
    assert b'href="/verify.html"' in stranger.get("/verify").data
    answer = stranger.get("/verify.html")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.data.startswith(b"<!doctype html>")


def test_the_page_is_the_same_however_often_it_is_made() -> None:
    sources = installed_sources()
    assert build_page(sources, software="a") == build_page(sources, software="a")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param('import { x } from "./missing.js";\n', "no module", id="missing"),
        pytest.param('import x from "./worker.js";\n', "form that is not known", id="default"),
        pytest.param('import { x } from "./worker.js";\n', "imports itself", id="circle"),
        pytest.param("// </script>\n", "end its element", id="markup"),
    ],
)
def test_sources_that_do_not_fit_together_are_refused(
    tmp_path: Path, source: str, said: str
) -> None:
    page = tmp_path / "page"
    page.mkdir()
    for name in ("worker.js", "main.js"):
        (page / name).write_text(source, encoding="utf-8")
    (page / "verifier.css").write_text("", encoding="utf-8")
    own = PageSources(verifier=tmp_path, static=installed_sources().static)
    with pytest.raises(BrokenPage, match=said):
        build_page(own, software="a")

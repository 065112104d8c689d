"""Where a sign-in may lead, and above all where not."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.web.safe_next import PAGE_PATHS, safe_next
from tests.support.needs import SHARED


@pytest.mark.parametrize(
    "wanted", ["/", "/demo", "/?id=Abc_1-2", "/demo?id=x", "/stage/Abc_1-2", "/vote/x", "/join/Abc"]
)
def test_a_page_of_the_app_is_kept(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "demo",
        "//evil.example",
        "/\\evil.example",
        "/demo/",
        "/demo\n",
        "/Demo",
        "/demo?id=",
        "/demo?id=a&id=b",
        "/demo?id=a#x",
        "/demo?id=%2F",
        "/?id=" + "a" * 65,
        "/auth/sign-out",
        "/nowhere",
        "/stage/",
        "/stage/a/state",
        "/stage/a/",
        "/stage/a?id=b",
        "/stage/..",
        "/stage/a\n",
        "/vote/" + "a" * 65,
        "/Vote/a",
        "/shown/logo",
        "https://localhost/demo",
    ],
)
def test_anything_else_is_the_first_page(wanted: str | None) -> None:
    assert safe_next(wanted) == "/"


@pytest.mark.shared_data
def test_no_known_open_redirect_survives() -> None:
    lines = (Path(SHARED) / "data" / "openredirects.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 500
    for line in lines:
        spellings = (line, unquote(line), unquote(unquote(line)), quote(line), f"/{line}")
        for spelling in (*spellings, f"/demo?id={line}", f"/stage/{line}"):
            assert safe_next(spelling) == "/"


def test_the_list_of_pages_is_that_of_the_navigation() -> None:
    navigation = (Path(__file__).parents[3] / "pages" / "navigation.py").read_text(encoding="utf-8")
    assert {"/", *(f"/{path}" for path in re.findall(r'url_path="([^"]*)"', navigation))} == PAGE_PATHS


@given(st.text())
def test_what_passes_is_always_a_page_of_the_app(wanted: str) -> None:
    for spelling in (wanted, f"/{wanted}", f"/stage/{wanted}", f"/vote/{wanted}", f"/join/{wanted}"):
        kept = safe_next(spelling)
        assert kept.partition("?")[0] in PAGE_PATHS or re.fullmatch(r"/(stage|vote|join)/[A-Za-z0-9_-]+", kept)

"""What Streamlit's own frontend makes of hostile text: nothing is fetched, although no policy forbids it here."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Final

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.hostile_markdown import DIRECTIVES, IMAGES, hostile
from tests.support.serving import serving
from tests.support.streamlit_script import running_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from starlette.requests import Request

pytestmark = pytest.mark.browser

PATIENCE_SECONDS: Final = 20.0

SCRIPT: Final = """
import json
from pathlib import Path

import streamlit as st

from core.markdown import as_label, as_plain, neutralise

payloads = json.loads(Path("payloads.json").read_text("utf-8"))
surface = st.query_params["surface"]
for number, text in enumerate(payloads):
    with st.container(key=f"payload-{number}"):
        match surface:
            case "raw":
                st.markdown(text)
            case "answer":
                st.markdown(neutralise(text))
            case "messages":
                st.error(neutralise(text))
                st.caption(neutralise(text))
            case "streamed":
                for end in range(4, len(text[:80]), 9):
                    st.markdown(neutralise(text[:end]))
            case "labels":
                label = as_label(text)
                st.button(label, key=f"button-{number}")
                st.text_input(label, key=f"input-{number}", help=as_plain(text))
                st.metric(label, label)
                st.tabs([label])
                st.expander(label)
                st.markdown(as_plain(text))
                if number < 8:
                    st.toast(as_plain(text), duration="infinite")
st.text("all of it is drawn")
"""

FOUND: Final = """() => {
  const inText = (it) => it.closest("[class*=st-key-payload]")
  const isShown = (it) => {
    const url = new URL(it.href)
    const named = url.protocol === "mailto:" ? url.pathname : url.host
    return ["http:", "https:", "mailto:"].includes(url.protocol) && it.textContent.includes(named)
  }
  const links = [...document.querySelectorAll("a[href]")]
    .filter((it) => inText(it) && !it.closest("[data-testid=stHeaderActionElements]"))
  return {
    hidden: links.filter((it) => !isShown(it)).map((it) => it.getAttribute("href")),
    marks: [...document.querySelectorAll(
      "img,video,audio,iframe,form,style,h1,h2,.stMarkdownBadge,.stMarkdownShimmer,.stMarkdownColoredText,[role=img]"
    )].filter((it) => inText(it) && it.closest("[data-testid=stMarkdownContainer],[data-testid=stCaptionContainer]"))
      .map((it) => it.outerHTML.slice(0, 300)),
  }
}"""


class Canary:
    """A server that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heard_end = threading.Event()

    async def answer(self, request: Request) -> PlainTextResponse:
        if request.url.path == "/end":
            self.heard_end.set()
        else:
            self.asked.append(request.url.path)
        return PlainTextResponse("heard", headers={"access-control-allow-origin": "*"})


@pytest.fixture(scope="module")
def canary() -> Canary:
    return Canary()


@pytest.fixture(scope="module")
def canary_url(canary: Canary) -> Iterator[str]:
    with serving(Starlette(routes=[Route("/{path:path}", canary.answer)])) as url:
        yield url


@pytest.fixture(scope="module")
def script_url(canary_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("script")
    (folder / "payloads.json").write_text(json.dumps(hostile(canary_url)), encoding="utf-8")
    with running_script(folder, SCRIPT) as url:
        yield url


def draw(page: Page, url: str, canary: Canary, canary_url: str, surface: str) -> dict[str, list[str]]:
    """Draw all payloads on one surface, and wait until the canary heard a request made after them."""
    canary.asked.clear()
    canary.heard_end.clear()
    page.goto(f"{url}/?surface={surface}")
    page.get_by_text("all of it is drawn").wait_for()
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached")
    page.wait_for_load_state("networkidle")
    page.evaluate("(url) => fetch(url)", f"{canary_url}/end")
    assert canary.heard_end.wait(PATIENCE_SECONDS)
    found: dict[str, list[str]] = page.evaluate(FOUND)
    return found


@pytest.mark.parametrize("surface", ["answer", "messages", "streamed", "labels"])
def test_hostile_text_fetches_nothing_and_imitates_nothing(
    page: Page, script_url: str, canary: Canary, canary_url: str, surface: str
) -> None:
    found = draw(page, script_url, canary, canary_url, surface)
    assert canary.asked == []
    assert found == {"hidden": [], "marks": []}


def test_without_neutralising_the_canary_is_asked(
    page: Page, script_url: str, canary: Canary, canary_url: str
) -> None:
    found = draw(page, script_url, canary, canary_url, "raw")
    assert len(set(canary.asked)) > len(IMAGES) // 2
    assert len(found["marks"]) > len(DIRECTIVES) // 2
    assert found["hidden"]

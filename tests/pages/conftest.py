"""The pages in Streamlit's own test runner, with real services on an emulator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from streamlit.testing.v1 import AppTest

from core.emulator.directory import BUSINESS_USER
from tests.support.signed_in import services_on, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1.element_tree import Button

    from core.emulator.emulator import Emulator
    from core.services import Services

NAVIGATION: Final = Path(__file__).parents[2] / "pages" / "navigation.py"
RUN_SECONDS: Final = 20.0


@pytest.fixture
def services(emulator: Emulator, tmp_path: Path) -> Iterator[Services]:
    """Demo mode, answering without delay."""
    with services_on(emulator, tmp_path) as running:
        yield running


@pytest.fixture
def app(services: Services, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app as the signed-in business user sees it."""
    # Streamlit puts the page in the place of the main module; processes that are spawned later would run it.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    session = sign_in(services, BUSINESS_USER)
    app = AppTest.from_file(str(NAVIGATION), default_timeout=RUN_SECONDS)
    app.user = {"session_id": session.id}
    return app


def said(app: AppTest) -> str:
    """Everything the page says, as one text."""
    elements = [*app.markdown, *app.caption, *app.error, *app.info, *app.subheader, *app.code]
    return "\n".join(str(element.value) for element in elements)


def button(app: AppTest, label: str) -> Button:
    """The first button with this label."""
    return next(element for element in app.button if element.label == label)

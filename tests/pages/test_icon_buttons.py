"""A row of icons to click on; that clicks arrive is shown in a browser."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pages.components import icon_buttons
from pages.components.icon_buttons import IconButton

if TYPE_CHECKING:
    import pytest


def test_a_click_does_what_its_icon_says_and_one_on_what_cannot_be_clicked_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(icon_buttons, "_row", drawn.update)
    shorter = IconButton("Shorter", "compress", partial(done.append, "shorter"))
    earlier = IconButton("Move earlier", "arrow_back", partial(done.append, "earlier"), disabled=True)
    icon_buttons.icon_buttons([shorter, earlier], key="tools-a__b")
    for name in ("Move earlier", "Shorter", "Made up", None):
        monkeypatch.setattr("streamlit.session_state", {drawn["key"]: {"clicked": name}})
        drawn["on_clicked_change"]()
    assert done == ["shorter"]

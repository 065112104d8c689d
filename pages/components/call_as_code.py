"""A call as code to take along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.deployments.as_code import Language, as_code
from pages.components.readable import choice

if TYPE_CHECKING:
    from core.deployments.parameters import Call
    from pages.components.session import Visitor

_HIGHLIGHTED: Final = {Language.PYTHON: "python", Language.CURL: "bash", Language.CSHARP: "csharp"}


def draw_code(visitor: Visitor, call: Call, *, key: str) -> None:
    """Draw a button that shows how to make ``call`` without a key; nothing is written before it is pressed."""
    if st.button("Code", icon=":material/code:", type="tertiary", key=key):
        _draw(visitor, call)


@st.dialog("This call as code", width="large")
def _draw(visitor: Visitor, call: Call) -> None:
    language = st.segmented_control(
        "Language",
        list(Language),
        default=Language.PYTHON,
        format_func=choice,
        key="code-language",
        required=True,
        label_visibility="collapsed",
    )
    st.caption("It holds no token: it asks for one as whoever runs it.")
    st.code(
        as_code(call, visitor.services.lessons, language),
        language=_HIGHLIGHTED[language],
        wrap_lines=True,
        height=360,
    )

"""A failure as people read it: what happened, what to do, what to copy, which number to quote."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from core.markdown import neutralise


class Failure(Protocol):
    """What an error of core and an error stored with a run have in common."""

    @property
    def title(self) -> str:
        """What happened."""

    @property
    def remedy(self) -> str:
        """What to do, and who can do it."""

    @property
    def command(self) -> str:
        """What to copy, or ""."""

    @property
    def reference(self) -> str:
        """The number to quote."""


def draw_failure(failure: Failure, *, kept: str = "") -> None:
    """Draw ``failure``; ``kept`` says what was not lost by it."""
    remedy = " ".join(part for part in (neutralise(failure.remedy), kept) if part)
    st.error(
        f"{remedy}\n\nReference **{failure.reference}**",
        title=neutralise(failure.title),
        icon=":material/error:",
    )
    if failure.command:
        st.caption("Send this to whoever gives access:")
        st.code(failure.command, language=None, wrap_lines=True)

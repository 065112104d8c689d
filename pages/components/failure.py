"""A failure as people read it: what happened, what to do, what to copy, which number to quote."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

import streamlit as st

from core.access.requesting import Trouble
from core.errors import OutOfService
from core.identity.credential_failures import WAITING
from core.markdown import as_label, as_plain
from pages.components.reader import clock_time
from pages.components.steady_place import steady_place

if TYPE_CHECKING:
    from core.storage.records import RunError

_COUNTED_SECONDS: Final = 300
"""Longer waits are said as a time of day; nobody watches them run down."""


class Failure(Trouble, Protocol):
    """What an error of core and an error stored with a run have in common, and who can help."""

    @property
    def who(self) -> str:
        """Who can do it, or ""."""


def draw_failure(failure: Failure | None, *, kept: str = "") -> None:
    """Draw ``failure``, if there is one, without moving what follows; ``kept`` says what was not lost by it."""
    with steady_place(failure):
        if failure is None:
            return
        remedy = " ".join(part for part in (as_plain(failure.remedy), kept) if part)
        who = f"Who can do it: **{as_label(failure.who)}** · " if failure.who else ""
        st.error(
            f"{remedy}\n\n{who}Reference **{failure.reference}**",
            title=as_label(failure.title),
            icon=":material/error:",
        )
        draw_command(failure.cause, failure.command, failure.remedy)


def draw_command(cause: str, command: str, remedy: str) -> None:
    """Draw what carries out a remedy, ready to copy: a command, an address, or a code with the address it is for."""
    if not command:
        return
    is_address = command.startswith("https://")
    address = command if is_address else _address_in(remedy) if cause == WAITING else ""
    what = "address where it is done" if is_address else "code to enter" if address else "command for it"
    st.caption(f"The {what}:")
    st.code(command, language=None, wrap_lines=True)
    if address:
        st.link_button(f"Open {as_label(urlsplit(address).netloc)}", address, icon=":material/open_in_new:")


def draw_wait(error: RunError) -> None:
    """Say until when there is no use in trying; a short wait runs down visibly."""
    if error.retry_at is None or error.retry_at <= datetime.now(UTC):
        st.empty()
        return
    why = "Nothing is sent to it" if error.kind == OutOfService.__name__ else "The deployment asks to wait"
    if (error.retry_at - datetime.now(UTC)).total_seconds() > _COUNTED_SECONDS:
        st.caption(f":material/hourglass: {why} until {clock_time(error.retry_at)}.")
    else:
        st.fragment(_count_down, run_every=1.0)(why, error.retry_at)


def _address_in(remedy: str) -> str:
    found = re.search(r"https?://\S+", remedy)
    return found[0] if found else ""


def _count_down(why: str, retry_at: datetime) -> None:
    seconds = math.ceil((retry_at - datetime.now(UTC)).total_seconds())
    if seconds > 0:
        st.caption(f":material/hourglass: {why} for {seconds} s more, until {clock_time(retry_at)}.")
    else:
        st.caption(":material/check: It can be asked again.")

"""Cards while they are made: each drawn as it is born, until all deployments have ended."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.errors import SignInAgain
from core.markdown import as_label
from pages.components.failure import draw_failure, draw_wait
from pages.components.growing_answer import SENDING_SECONDS, frame_seconds
from pages.components.interruptible import let_be_interrupted
from pages.components.reader import clock_time
from pages.components.same_tab_link import same_tab_link
from pages.components.still_readable import StillReadable
from pages.components.taglines.cards import draw_text_and_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator
    from streamlit.elements.lib.grid_container import GridContainer

    from core.storage.records import RunError
    from core.taglines.board import Board
    from core.taglines.generation import GenerationView, Part, Watched
    from pages.components.session import Visitor

_LOOK_SECONDS: Final = 0.1
"""How long a look may block, and so how long Stop may wait."""
_SKELETON_PIXELS: Final = 175
_ACTIONS_PIXELS: Final = 101
"""As high as the buttons of a card, which come when all cards are there."""


class Newborns:
    """The cells of a grid in which the cards of one generation appear; ``there`` names cards that are drawn already.

    Cells for all that are wanted are drawn at once, so that nothing moves when the cards come.
    """

    def __init__(self, board: Board, grid: GridContainer, generation: Watched) -> None:
        self.generation = generation
        self._board = board
        self._grid = grid
        self._there = {card.id for card in board.cards}
        born = sum(card.id in self._there for card in generation.view().cards)
        self._cells = [self._cell() for _ in range(max(0, generation.wanted - born))]
        self._drawn = 0

    def draw(self, view: GenerationView) -> None:
        """Draw the cards that are new in ``view``."""
        new = [card for card in view.cards if card.id not in self._there]
        for place, card in enumerate(new[self._drawn :], self._drawn):
            if place == len(self._cells):
                self._cells.append(self._cell())
            with self._cells[place].container():
                draw_text_and_facts(self._board, card)
                st.skeleton(_ACTIONS_PIXELS)
        self._drawn = len(new)

    def _cell(self) -> DeltaGenerator:
        with self._grid.cell():
            place = st.empty()
        with place.container():
            st.skeleton(_SKELETON_PIXELS)
        return place


def draw_progress(place: DeltaGenerator, view: GenerationView, board: Board) -> None:
    """Draw how far each deployment is; by its number where the board hides names."""
    said = " · ".join(
        f"{as_label(part.deployment_label) if board.shows_deployments else f'Deployment {number}'}: {_stage(part)}"
        for number, part in enumerate(view.parts, 1)
    )
    place.markdown(f":shimmer[{said}]")


def draw_report(view: GenerationView, board: Board, *, is_mine: bool) -> None:
    """Draw what a generation has to tell: what failed, what was left out, what stands in.

    What to do about a failure, and names that the board hides, are only for who asked for the cards.
    """
    if view.is_replayed:
        st.warning(
            "No deployment answered. These are taglines of a stored answer to the same brief, each with its time.",
            title="Shown again, not new",
            icon=":material/history:",
        )
    if view.is_interrupted:
        st.warning(
            "The app was stopped or broke down while it made them. Those that were finished are on the board; ask "
            "again for more.",
            title="The making of cards was interrupted",
            icon=":material/power_off:",
        )
    if is_mine:
        _draw_failures(view, board)
    else:
        _draw_failures_of_another(view.parts, names=board.shows_deployments)
    names = is_mine or board.shows_deployments
    for notice in (*view.notices, *(notice for part in view.parts if names for notice in part.notices)):
        _draw_notice(notice)


def watch(visitor: Visitor, board: Board, newborns: list[Newborns], progress: DeltaGenerator) -> None:
    """Draw cards until one of the generations has ended, or the board is not the visitor's to read any more.

    Then the page is to be drawn anew.
    """
    version = -1
    before: list[GenerationView] = []
    readable = StillReadable(partial(visitor.services.taglines.role, visitor.user, board.id))
    while readable.look():
        views = [each.generation.view() for each in newborns]
        for each, view in zip(newborns, views, strict=True):
            each.draw(view)
        if any(view.finished for view in views):
            # The rerun that follows throws away what was not sent yet.
            time.sleep(SENDING_SECONDS)
            return
        if views != before:
            draw_progress(progress, views[-1], board)
        before = views
        let_be_interrupted()
        frame_ends_at = time.monotonic() + frame_seconds(visitor.services.live.running_count, 0)
        version = newborns[-1].generation.wait_beyond(max(version, views[-1].version), _LOOK_SECONDS)
        time.sleep(max(0.0, frame_ends_at - time.monotonic()))


def _draw_notice(notice: str) -> None:
    said, *more = notice.split("\n")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f":material/info: {as_label(said)}", width="content")
        if more:
            with st.popover("Which", type="tertiary"):
                st.markdown("\n".join(f"- {as_label(text)}" for text in more))


def _draw_failures(view: GenerationView, board: Board) -> None:
    failures = _failures(view.parts)
    for labels, error in failures:
        st.caption(f"**{as_label(', '.join(labels))}**")
        draw_failure(error, kept="The other cards are kept." if view.cards else "Your brief is kept.")
        draw_wait(error)
    if any(error.kind == SignInAgain.__name__ for _, error in failures):
        same_tab_link("Sign in again", f"/auth/sign-in?next=/taglines?id={board.id}", key="taglines-sign-in-again")
    if failures:
        st.page_link("access.py", label="See what you can use: My access", icon=":material/verified_user:")


def _draw_failures_of_another(parts: Sequence[Part], *, names: bool) -> None:
    for labels, error in _failures(parts):
        # Titles may name the deployment, too.
        title = f"{', '.join(labels)}: {error.title}" if names else "Not every deployment that was asked answered."
        st.error(
            f"Who asked for the cards was told what to do. Reference **{error.reference}**",
            title=as_label(title),
            icon=":material/error:",
        )


def _failures(parts: Sequence[Part]) -> list[tuple[list[str], RunError]]:
    """Why deployments gave nothing, or no more: once for all that have the same reason."""
    told: dict[tuple[str, str, str], tuple[list[str], RunError]] = {}
    for part in parts:
        if part.error is not None:
            reason = (part.error.title, part.error.remedy, part.error.command)
            told.setdefault(reason, ([], part.error))[0].append(part.deployment_label)
    return list(told.values())


def _stage(part: Part) -> str:
    if part.waiting_until is not None and not part.has_ended:
        return f"busy, asked again at {clock_time(part.waiting_until)}"
    cards = f"{part.cards} " + ("card" if part.cards == 1 else "cards")
    return f"{part.stage}{f', {cards}' if part.cards else ''}"

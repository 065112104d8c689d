"""What taglines are wanted for: the brief, its details on demand, Generate and Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from core.taglines.brief import LONGEST_OF, MOST_CARDS, MOST_DETAIL, MOST_TEXT, Brief
from core.taglines.languages import LANGUAGES
from pages.components.call_as import draw_call_as
from pages.components.kept_failure import attempt
from pages.components.readable import choice, emphasis, main_label
from pages.components.steady_place import steady_place
from pages.components.taglines import asking, choices

if TYPE_CHECKING:
    from core.taglines.board import Board
    from pages.components.session import Visitor

MOST_WORDS: Final = 2_000
EXAMPLES: Final = {
    "A slogan for a bakery that never closes.": ":material/bakery_dining:",
    "A line for a night train to Lisbon.": ":material/train:",
    "A claim for a bank that answers its phone.": ":material/account_balance:",
}


def draw_form(visitor: Visitor, board: Board | None, *, is_making: bool) -> None:
    """Draw it; ``board`` is the open one, on which the cards go."""
    as_set = choices.brief_as_set()
    wanted = max(as_set.count, len(as_set.deployment_ids))
    with st.container(border=True, key="taglines-form"):
        brief, tone = st.columns([3, 1])
        brief.text_area(
            "Brief",
            key=choices.TEXT,
            height=68,
            max_chars=MOST_TEXT,
            placeholder="Write a tagline for an ice cream brand:",
            persist_state="session",
        )
        tone.segmented_control("Tone", choices.TONES, format_func=choice, key=choices.TONE, persist_state="session")
        _draw_variables()
        with st.container(horizontal=True, vertical_alignment="center", key="taglines-actions"):
            # Both at their places, whether or not cards are made: none is left over from before.
            st.button(
                main_label(f"Generate {wanted}", is_disabled=is_making),
                type=emphasis(),
                icon=":material/auto_awesome:",
                shortcut="Mod+Enter",
                on_click=asking.generate,
                args=(visitor, board),
                disabled=is_making,
                key="taglines-generate",
            )
            st.button(
                "Stop",
                icon=":material/stop:",
                shortcut="Esc",
                on_click=_stop,
                args=(visitor, board),
                disabled=not is_making,
                key="taglines-stop",
            )
            count = choices.details_set()
            with st.popover(
                f"Details ({count})" if count else "Details", icon=":material/tune:", key="taglines-details"
            ):
                _draw_details(visitor)


def draw_brief_to_read(visitor: Visitor, board: Board) -> None:
    """The brief for somebody who may only look at the board."""
    brief = board.brief
    longest = f"at most {brief.longest} {brief.longest_unit}" if brief.longest else ""
    said = [
        brief.filled_text,
        brief.product,
        brief.audience and f"for {brief.audience}",
        brief.tone,
        brief.language,
        longest,
        brief.must_have and f"with {', '.join(brief.must_have)}",
        brief.banned and f"without {', '.join(brief.banned)}",
    ]
    with st.container(border=True, key="taglines-brief-to-read"):
        st.markdown(" · ".join(as_label(part) for part in said if part))
        st.caption(f":material/share: {as_label(board.owner_name)} shared this board with you, to look at.")
        st.button(
            "Copy the brief into a board of your own",
            icon=":material/content_copy:",
            on_click=asking.copy_brief,
            args=(visitor, board),
            key="taglines-copy-brief",
        )


def draw_invitation(visitor: Visitor) -> None:
    """The first screen of an empty page."""
    with st.container(horizontal_alignment="center", key="taglines-invitation"):
        st.space("small")
        st.header("From a brief to a board, in one click", text_alignment="center", anchor=False)
        st.caption(
            "Generate asks several deployments at once. Shortlist, edit, show on stage, let people vote. "
            "Or begin with one of these.",
            text_alignment="center",
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            for example, icon in EXAMPLES.items():
                st.button(
                    example,
                    icon=icon,
                    on_click=asking.generate,
                    args=(visitor, None, example),
                    key=f"taglines-example-{icon}",
                )


def _stop(visitor: Visitor, board: Board) -> None:
    attempt(lambda: visitor.services.taglines.stop(visitor.user, board.id))


def _draw_variables() -> None:
    """One field for each ``{{variable}}`` of the brief."""
    names = Brief(str(st.session_state.get(choices.TEXT) or "")).variable_names
    with steady_place(names, horizontal=True):
        for name in names:
            label = as_label(name.replace("_", " "))
            st.text_input(label, key=f"{choices.VARIABLE}{name}", persist_state="session", width=240)


def _draw_details(visitor: Visitor) -> None:
    left, right = st.columns(2)
    with left:
        _draw_text("Product", choices.PRODUCT, "Frost & Co")
        _draw_text("Tone in your own words", choices.OWN_TONE, "In place of the choice outside")
        _draw_text("Must have", choices.MUST_HAVE, "Words, with commas between")
        with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
            most = LONGEST_OF["characters"]
            st.number_input(
                "At most",
                1,
                most,
                key=choices.key_of(choices.LONGEST),
                placeholder="no limit",
                persist_state="session",
            )
            st.selectbox(
                "Counted in",
                list(LONGEST_OF),
                key=choices.key_of(choices.UNIT),
                label_visibility="collapsed",
                persist_state="session",
                width=130,
            )
    with right:
        _draw_text("Audience", choices.AUDIENCE, "Grown-ups")
        chosen = st.session_state.get(choices.key_of(choices.LANGUAGE))
        st.selectbox(
            "Language",
            list(dict.fromkeys([*LANGUAGES, *filter(None, [chosen])])),
            index=None,
            key=choices.key_of(choices.LANGUAGE),
            accept_new_options=True,
            placeholder="As the brief",
            persist_state="session",
        )
        _draw_text("Banned", choices.BANNED, "Words, with commas between")
        st.number_input(
            "How many",
            1,
            MOST_CARDS,
            key=choices.key_of(choices.COUNT),
            help="Each deployment writes at least one.",
            persist_state="session",
        )
    catalogue = visitor.services.catalogue
    st.pills(
        "Deployments",
        [deployment.id for deployment in catalogue],
        selection_mode="multi",
        format_func=lambda identifier: choice(as_label(catalogue.find(identifier).label)),
        key=choices.key_of(choices.DEPLOYMENTS),
        persist_state="session",
        wrap=True,
    )
    draw_call_as(visitor)


def _draw_text(label: str, key: str, placeholder: str) -> None:
    most = MOST_WORDS if key in {choices.MUST_HAVE, choices.BANNED} else MOST_DETAIL
    st.text_input(label, key=choices.key_of(key), max_chars=most, placeholder=placeholder, persist_state="session")

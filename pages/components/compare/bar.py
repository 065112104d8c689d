"""Around a comparison: its title and tags, earlier ones, sharing, going on, running it again, deleting it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from core.runs.pausing import PAUSED
from pages.components.compare import asking
from pages.components.compare.export import draw_export, draw_opener
from pages.components.compare.reading import draw_what_changed
from pages.components.copy_button import copy_button
from pages.components.kept_failure import attempt
from pages.components.own_address import own_address
from pages.components.reader import date_and_time
from pages.components.same_tab_link import same_tab_link

if TYPE_CHECKING:
    from core.comparisons.reading import Reading
    from core.runs.comparison import Comparison
    from pages.components.session import Visitor

_IN_SIGHT: Final = 7
"""So many earlier comparisons are listed without scrolling; of more, the next one peeps out."""
_LIST_PIXELS: Final = 395


def draw_title(visitor: Visitor) -> None:
    """Draw the page's title, with the way to earlier comparisons and to a new one."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="compare-title"
    ):
        st.title("Compare", anchor=False, width="content")
        with st.container(horizontal=True, width="content"):
            headings = visitor.services.comparing.comparisons(visitor.user)
            # Another key closes it once another comparison is open: it would stand before what was chosen.
            with st.popover("Recent", icon=":material/history:", key=f"compare-recent-{asking.opened_id()}"):
                # What stands below stays in sight, however many there are.
                with st.container(height=_LIST_PIXELS if len(headings) > _IN_SIGHT else "content", border=False):
                    for heading in headings:
                        tags = "".join(f" :gray-badge[{as_label(tag)}]" for tag in heading.tags)
                        when = as_label(date_and_time(heading.updated_at))
                        st.button(
                            f"{as_label(heading.title)}{tags} :gray[{when}]",
                            type="tertiary",
                            on_click=asking.open_comparison,
                            args=(heading.id,),
                            key=f"compare-open-{heading.id}",
                        )
                draw_opener(visitor)
            st.button("New", icon=":material/add:", shortcut="Alt+N", on_click=asking.begin_anew, key="compare-new")


def draw_bar(visitor: Visitor, reading: Reading) -> None:
    """Draw what the open comparison is called and what can be done with all of it."""
    comparison = reading.comparison
    is_owner = comparison.owner == visitor.user.key
    tags = "".join(f" :gray-badge[{as_label(tag)}]" for tag in comparison.tags)
    shared = " :blue-badge[:material/share: Shared]" if comparison.is_shared else ""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="compare-bar"
    ):
        st.subheader(f"{as_label(comparison.title)}{tags}{shared}", anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            if is_owner:
                _draw_going_on(visitor, comparison)
                _draw_sharing(visitor, comparison)
            draw_export(reading)
            if is_owner:
                _draw_more(visitor, comparison)
    with st.container():
        _draw_what_is_special(comparison, is_owner=is_owner)
    draw_what_changed(visitor, reading)


def _draw_what_is_special(comparison: Comparison, *, is_owner: bool) -> None:
    _draw_notices(comparison, of_a_pause=True)
    if is_owner and not comparison.is_running and any(notice.startswith(PAUSED) for notice in comparison.notices):
        # What pauses a comparison is nearly always a sign-in that ended while nobody looked. While other columns go
        # on it waits: a new sign-in ends the session that they are asked in.
        again = f"/auth/sign-in?next=/compare?id={comparison.id}"
        same_tab_link("Sign in again", again, key="compare-sign-in-again", width="content")
    if comparison.is_running_elsewhere:
        st.info("It goes on in another copy of the app. Open it again in a minute to see more of it.")
    if comparison.owner == asking.FROM_A_FILE:
        st.caption(":material/description: Opened from a file. What it says is not checked, and it is not kept here.")
    elif not is_owner:
        st.caption(
            ":material/share: Shared with you. You see the answers of deployments that you may use yourself. "
            "Run compares the same as you, in a comparison of your own."
        )


def draw_how_it_was_measured(comparison: Comparison) -> None:
    """Draw what is to be known about the figures."""
    _draw_notices(comparison, of_a_pause=False)


def _draw_notices(comparison: Comparison, *, of_a_pause: bool) -> None:
    for notice in comparison.notices:
        if notice.startswith(PAUSED) is of_a_pause:
            st.caption(f":material/info: {as_label(notice)}")


def _draw_going_on(visitor: Visitor, comparison: Comparison) -> None:
    missing = 0 if comparison.goes_on else len(comparison.missing())
    # The same buttons at the same places, whether or not it goes on: none is left over from before.
    if missing:
        st.button(
            f"Continue ({missing} missing)",
            icon=":material/resume:",
            help="Asks for what is missing, failed or was stopped. Answers that came are not asked for again.",
            on_click=_resume,
            args=(visitor, comparison.id),
            key="compare-continue",
        )
    else:
        st.empty()
    st.button(
        "Run again",
        icon=":material/replay:",
        help="Exactly the same once more, as a new comparison.",
        on_click=asking.run_again,
        args=(visitor, comparison),
        disabled=comparison.goes_on,
        key="compare-again",
    )


def _draw_sharing(visitor: Visitor, comparison: Comparison) -> None:
    with st.popover("Share", icon=":material/share:", key="compare-share"):
        key = f"compare-shared-{comparison.id}-{comparison.is_shared}"
        share = partial(
            visitor.services.comparing.share, visitor.user, comparison.id, is_shared=not comparison.is_shared
        )
        st.toggle(
            "Anybody who can sign in may read it", comparison.is_shared, key=key, on_change=attempt, args=(share,)
        )
        st.caption(
            "A reader sees answers only of deployments that they may use themselves, and sees none of your votes."
        )
        if comparison.is_shared:
            address = own_address(f"?{asking.COMPARISON}={comparison.id}")
            copy_button(address, key="compare-link", label="Copy the link")


def _draw_more(visitor: Visitor, comparison: Comparison) -> None:
    comparing, user = visitor.services.comparing, visitor.user
    with st.popover("More", icon=":material/more_horiz:", help="Title, tags, delete", key="compare-more"):
        title_key, tags_key = f"compare-title-{comparison.id}", f"compare-tags-{comparison.id}"
        st.text_input(
            "Title",
            comparison.title,
            key=title_key,
            on_change=lambda: attempt(
                lambda: comparing.rename(user, comparison.id, str(st.session_state[title_key]))
            ),
        )
        st.multiselect(
            "Tags",
            sorted({*comparison.tags, *_known_tags(visitor)}),
            comparison.tags,
            key=tags_key,
            accept_new_options=True,
            placeholder="Type a word and press Enter",
            help="To find comparisons, and to sum up blind votes of one kind.",
            on_change=lambda: attempt(lambda: comparing.tag(user, comparison.id, st.session_state[tags_key])),
        )
        is_sure = st.checkbox("Delete it, with its answers and votes, for everybody", key="compare-sure")
        st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not is_sure,
            on_click=_delete,
            args=(visitor, comparison.id),
            key="compare-delete",
        )


def _known_tags(visitor: Visitor) -> set[str]:
    return {tag for heading in visitor.services.comparing.comparisons(visitor.user) for tag in heading.tags}


def _resume(visitor: Visitor, comparison_id: str) -> None:
    attempt(
        lambda: visitor.services.comparing.resume(visitor.user, visitor.session.id, visitor.identities, comparison_id)
    )


def _delete(visitor: Visitor, comparison_id: str) -> None:
    def delete() -> None:
        visitor.services.comparing.delete(visitor.user, comparison_id)
        asking.close()

    attempt(delete)

"""From a click on the page Compare to core, with failures kept for the page to show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.comparisons.interchange import comparison_from_json
from core.errors import NotFound
from core.runs.comparison_plan import MOST_DEPLOYMENTS
from pages.components.compare import choices
from pages.components.compare.restoring import set_from
from pages.components.drawer_keys import renew
from pages.components.kept_failure import attempt, keep_failure
from pages.components.parameter_controls import set_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.runs.comparison import Comparison
    from core.runs.comparison_plan import Plan
    from core.runs.live_comparison import LiveComparison
    from pages.components.session import Visitor

COMPARISON: Final = "id"
"""Names the open comparison in the address."""
CALLS_WITHOUT_ASKING: Final = 20

FROM_A_FILE: Final = ("", "")
"""Stands as the owner of a comparison that was read from an exported file: nobody's here."""

_OPEN: Final = "compare-open"
_READ: Final = "compare-read-from-a-file"
_SET_FROM: Final = "compare-set-from"
_UNCONFIRMED: Final = "compare-unconfirmed"


@dataclass(frozen=True, slots=True)
class Wish:
    """A comparison that was asked for."""

    plan: Plan
    title: str = ""
    tags: tuple[str, ...] = ()
    previous_id: str = ""


def opened(visitor: Visitor) -> tuple[Comparison | None, LiveComparison | None]:
    """The comparison that the address names, or that was open before another page was, and how it goes on.

    An address that leads nowhere is left, with a sentence, so that the page can be used.
    """
    identifier = st.query_params.get(COMPARISON) or st.session_state.get(_OPEN)
    if not identifier:
        return st.session_state.get(_READ), None
    comparing = visitor.services.comparing
    try:
        # Looked up first: what ends in between is then in the comparison, whole.
        live = comparing.live(visitor.user, identifier)
        comparison = comparing.comparison(visitor.user, identifier)
    except NotFound as failure:
        close()
        keep_failure(failure)
        return None, None
    st.query_params[COMPARISON] = st.session_state[_OPEN] = identifier
    if st.session_state.get(_SET_FROM) != identifier:
        st.session_state[_SET_FROM] = identifier
        set_from(visitor, comparison.plan)
    return comparison, live


def run(visitor: Visitor, previous: Comparison | None) -> None:
    """Compare what stands on the page; of many calls, only after another question."""

    def begin_or_ask() -> None:
        plan = choices.plan_as_set(visitor)
        if previous is None or previous.owner == FROM_A_FILE:
            begin_unless_costly(visitor, Wish(plan))
        else:
            begin_unless_costly(visitor, Wish(plan, tags=previous.tags, previous_id=previous.id))

    attempt(begin_or_ask)


def run_example(visitor: Visitor, prompt: str) -> None:
    """Compare an example with the chosen deployments side by side."""
    st.session_state[choices.PROMPT] = prompt
    st.session_state[choices.KIND] = choices.Kind.DEPLOYMENTS
    run(visitor, None)


def run_again(visitor: Visitor, comparison: Comparison) -> None:
    """Compare exactly the same once more."""
    wish = Wish(comparison.plan, comparison.title, comparison.tags, comparison.id)
    attempt(lambda: begin_unless_costly(visitor, wish))


def begin_unless_costly(visitor: Visitor, wish: Wish) -> None:
    """Begin, or keep the wish until it was confirmed."""
    if wish.plan.calls() > CALLS_WITHOUT_ASKING:
        st.session_state[_UNCONFIRMED] = wish
    else:
        begin(visitor, wish)


def begin(visitor: Visitor, wish: Wish) -> None:
    """Begin and open it."""
    st.session_state.pop(_UNCONFIRMED, None)
    identifier = visitor.services.comparing.start(
        visitor.user,
        visitor.session.id,
        visitor.identities,
        wish.plan,
        title=wish.title,
        tags=wish.tags,
        previous_id=wish.previous_id,
    )
    st.session_state[_SET_FROM] = identifier
    open_comparison(identifier)


def unconfirmed() -> Wish | None:
    """What was asked for and is not begun yet."""
    wish: Wish | None = st.session_state.get(_UNCONFIRMED)
    return wish


def forget_wish() -> None:
    """It is not wanted after all."""
    st.session_state.pop(_UNCONFIRMED, None)


def opened_id() -> str:
    """The id of the comparison that is open, or "" while none is or it was read from a file."""
    return str(st.session_state.get(_OPEN, ""))


def open_comparison(identifier: str) -> None:
    """Go to another comparison."""
    st.query_params[COMPARISON] = st.session_state[_OPEN] = identifier


def open_file(visitor: Visitor, data: bytes) -> None:
    """Look at a comparison that was exported as JSON. It is shown, not stored."""

    def read() -> None:
        comparison = replace(comparison_from_json(data), owner=FROM_A_FILE, is_shared=False, previous_id="")
        close()
        st.session_state[_READ] = comparison
        set_from(visitor, comparison.plan)

    attempt(read)


def close() -> None:
    """Leave the open comparison; it stays under its address."""
    st.query_params.clear()
    st.session_state.pop(_READ, None)
    st.session_state.pop(_OPEN, None)
    st.session_state.pop(_SET_FROM, None)


def begin_anew() -> None:
    """An empty page; the chosen deployments stay."""
    close()
    st.session_state[choices.PROMPT] = st.session_state[choices.SECOND_PROMPT] = ""


def prefill(
    visitor: Visitor, prompt: str, system: str, parameters: Mapping[str, float | int | str], deployment_id: str
) -> None:
    """Set the page for a prompt that was asked elsewhere: its deployment, and those that were chosen here before."""
    close()
    state = st.session_state
    kept = {name: state.get(choices.key_of(name)) for name in (choices.REPEATS, choices.BLIND)}
    renew(choices.PAGE, *choices.IN_SETTINGS)
    state.update({choices.key_of(name): value for name, value in kept.items() if value is not None})
    state[choices.KIND] = choices.Kind.DEPLOYMENTS
    state[choices.PROMPT] = prompt
    state[choices.key_of(choices.SYSTEM)], state[choices.key_of(choices.HAS_OWN)] = system, False
    set_parameters(choices.key_of(choices.PARAMETER), parameters)
    others = state.get(choices.DEPLOYMENTS) or visitor.to_begin_with
    state[choices.DEPLOYMENTS] = list(dict.fromkeys([deployment_id, *others]))[:MOST_DEPLOYMENTS]

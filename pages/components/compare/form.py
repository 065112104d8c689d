"""What is compared: prompt, deployments, settings, Run and Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.errors import KeylessError
from core.markdown import as_label
from pages.components.compare import asking, choices
from pages.components.compare.choices import Kind
from pages.components.compare.settings import draw_settings, draw_sweep
from pages.components.kept_failure import attempt
from pages.components.readable import choice, emphasis, main_label
from pages.components.steady_place import steady_place

if TYPE_CHECKING:
    from core.runs.comparison import Comparison
    from pages.components.session import Visitor

EXAMPLES: Final = {
    "Write a tagline for an ice cream brand:": ":material/icecream:",
    "Explain in two sentences why the sky is blue.": ":material/wb_sunny:",
    "Answer a customer whose parcel is a week late.": ":material/mail:",
}


def draw_form(visitor: Visitor, comparison: Comparison | None) -> None:
    """Draw it; ``comparison`` is the open one, which the next one is held against."""
    kind = st.session_state[choices.KIND]
    is_running = comparison is not None and comparison.owner == visitor.user.key and comparison.goes_on
    with st.container(border=True, key="compare-form"):
        st.segmented_control(
            "What tells the columns apart",
            choices.kinds_for(visitor),
            format_func=choice,
            key=choices.KIND,
            required=True,
            persist_state="session",
            label_visibility="collapsed",
        )
        _draw_prompts(kind)
        catalogue = visitor.services.catalogue
        st.pills(
            "Deployments",
            [deployment.id for deployment in catalogue],
            selection_mode="multi",
            format_func=lambda identifier: choice(as_label(catalogue.find(identifier).label)),
            key=choices.DEPLOYMENTS,
            persist_state="session",
            wrap=True,
        )
        with steady_place(kind is Kind.SETTING):
            if kind is Kind.SETTING:
                draw_sweep(visitor)
        with st.container(horizontal=True, vertical_alignment="center", key="compare-actions"):
            st.button(
                main_label("Run", is_disabled=is_running),
                type=emphasis(),
                icon=":material/play_arrow:",
                shortcut="Mod+Enter",
                on_click=asking.run,
                args=(visitor, comparison),
                disabled=is_running,
                key="compare-run",
            )
            st.button(
                "Stop",
                icon=":material/stop:",
                shortcut="Esc",
                on_click=_stop,
                args=(visitor, comparison),
                disabled=not is_running,
                key="compare-stop",
            )
            draw_settings(visitor, kind)
            st.caption(_calls(visitor), width="content")


def draw_invitation(visitor: Visitor) -> None:
    """The first screen of an empty page: one click to a comparison."""
    with st.container(horizontal_alignment="center", key="compare-invitation"):
        st.space("small")
        st.subheader("One prompt, side by side", text_alignment="center", anchor=False)
        st.caption(
            "Who answers faster, cheaper, better? Write a prompt above, or try one of these.", text_alignment="center"
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            for example, icon in EXAMPLES.items():
                st.button(
                    example,
                    icon=icon,
                    on_click=asking.run_example,
                    args=(visitor, example),
                    key=f"compare-example-{icon}",
                )


def _stop(visitor: Visitor, comparison: Comparison) -> None:
    attempt(lambda: visitor.services.comparing.stop(visitor.user, comparison.id))


def _draw_prompts(kind: Kind) -> None:
    placeholder = next(iter(EXAMPLES))
    if kind is not Kind.PROMPTS:
        st.text_area(
            "Prompt", key=choices.PROMPT, height=96, required=True, placeholder=placeholder, persist_state="session"
        )
        return
    first, second = st.columns(2)
    with first:
        st.text_area(
            "Prompt A", key=choices.PROMPT, height=96, required=True, placeholder=placeholder, persist_state="session"
        )
    with second:
        st.text_area(
            "Prompt B",
            key=choices.SECOND_PROMPT,
            height=96,
            required=True,
            placeholder="Write a playful tagline for an ice cream brand:",
            persist_state="session",
        )


def _calls(visitor: Visitor) -> str:
    """What Run would do, or what is missing for it."""
    if not str(st.session_state.get(choices.PROMPT) or "").strip():
        return ""
    try:
        plan = choices.plan_as_set(visitor)
    except KeylessError as problem:
        return f":material/info: {as_label(problem.title)} {as_label(problem.remedy)}"
    blind = ", blind" if plan.is_blind else ""
    if plan.repeats == 1:
        return f"{len(plan.arms)} columns{blind}"
    return f"{len(plan.arms)} columns, {plan.repeats} times{blind}: {plan.calls()} calls"

"""A column that its reader may not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.markdown import as_label, as_plain
from pages.components.kept_failure import attempt

if TYPE_CHECKING:
    from core.comparisons.reading import Reading, Withheld
    from pages.components.session import Visitor


def draw_all_withheld(visitor: Visitor, reading: Reading) -> None:
    """Every column that is withheld, one below the other, where the columns themselves are not drawn."""
    draw_check_all(visitor, reading)
    for withheld in reading.withheld:
        with st.container(border=True):
            st.markdown(f"**{as_label(reading.comparison.plan.arms[withheld.arm].label)}**")
            draw_withheld(visitor, withheld)


def draw_check_all(visitor: Visitor, reading: Reading) -> None:
    """One button for all that a free check may show."""
    unsure = tuple(dict.fromkeys(withheld.deployment_id for withheld in reading.withheld if withheld.can_check))
    if len(unsure) > 1:
        st.button(
            "Check all now",
            icon=":material/verified_user:",
            help="Whether you may use these deployments yourself. It is free of charge.",
            on_click=_check,
            args=(visitor, *unsure),
            key="compare-check-all",
        )
    else:
        st.empty()


def draw_withheld(visitor: Visitor, withheld: Withheld) -> None:
    """Why this reader does not see the answers of a column, and what changes it."""
    who = f"\n\nWho can do it: {withheld.who}" if withheld.who else ""
    st.info(as_plain(f"{withheld.title}\n\n{withheld.remedy}{who}"), icon=":material/visibility_off:")
    if withheld.command:
        st.code(withheld.command, language=None, wrap_lines=True)
    if withheld.can_check:
        st.button(
            "Check now",
            icon=":material/verified_user:",
            on_click=_check,
            args=(visitor, withheld.deployment_id),
            key=f"compare-check-{withheld.arm}",
        )


def _check(visitor: Visitor, *deployment_ids: str) -> None:
    """Free of charge, with the identity that the person usually calls with."""

    def examine_all() -> None:
        for deployment in map(visitor.services.catalogue.find, deployment_ids):
            visitor.services.access.examine(visitor.usual_tokens, deployment)

    attempt(examine_all)

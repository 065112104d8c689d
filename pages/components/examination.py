"""What the access doctor found for one deployment: a line to open, every step, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.access.findings import Examination, Finding, Outcome
from core.access.requesting import mail_link
from core.markdown import as_label, as_plain
from pages.components.failure import draw_failure

if TYPE_CHECKING:
    from core.deployments.deployment import Deployment

MARKS: Final = {
    Outcome.WORKS: (":green[:material/check_circle:]", ":green-badge[Works]"),
    Outcome.NEEDS_ACTION: (":red[:material/cancel:]", ":red-badge[Needs action]"),
    Outcome.LOOK: (":orange[:material/error:]", ":orange-badge[Look at this]"),
    Outcome.UNKNOWN: (":gray[:material/help:]", ":gray-badge[Not known]"),
    Outcome.NOT_ASKED: (":gray[:material/remove_circle:]", ":gray-badge[Not asked]"),
}


def headline(deployment: Deployment, examination: Examination) -> str:
    """One line that says how a deployment stands for this identity."""
    icon, badge = MARKS[examination.outcome]
    problem = examination.problem
    about = as_label(problem.title) if problem else "ready to be asked"
    return f"{icon} **{as_label(deployment.label)}**: {about} {badge}"


def draw_steps(examination: Examination) -> None:
    """Every step on the way to an answer."""
    st.markdown("  \n".join(_step(finding) for finding in examination.findings))


def draw_problem(finding: Finding, request: str) -> None:
    """What stands in the way, who can mend it, and ``request``, a text ready to send to them."""
    draw_failure(finding)
    st.caption("A message ready to send:")
    st.code(request, language=None, wrap_lines=True)
    st.link_button("Open an e-mail", mail_link(finding.title, request), icon=":material/mail:")


def _step(finding: Finding) -> str:
    icon, _ = MARKS[finding.outcome]
    detail = f" :gray[{as_plain(finding.detail)}]" if finding.detail and not finding.is_trouble else ""
    return f"{icon} {as_label(finding.title)}{detail}"

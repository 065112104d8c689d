"""What the access doctor found: what to do about it, and for each deployment a line to open with every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.access.findings import ROLE, SIGNED_IN, TOKEN, Examination, Finding, Outcome
from core.access.requesting import mail_link
from core.errors.who import YOU
from core.identity.entra_meanings import INTERACTION
from core.markdown import as_label, as_plain
from pages.components.copy_button import copy_button
from pages.components.failure import draw_command
from pages.components.same_tab_link import same_tab_link

if TYPE_CHECKING:
    from core.deployments.deployment import Deployment

MARKS: Final = {
    Outcome.WORKS: (":green[:material/check_circle:]", ":green-badge[Works]"),
    Outcome.NEEDS_ACTION: (":red[:material/cancel:]", ":red-badge[Needs action]"),
    Outcome.LOOK: (":orange[:material/error:]", ":orange-badge[Look at this]"),
    Outcome.UNKNOWN: (":gray[:material/help:]", ":gray-badge[Not known]"),
    Outcome.NOT_ASKED: (":gray[:material/remove_circle:]", ":gray-badge[Not asked]"),
}

_ABOUT_ROLES: Final = "https://learn.microsoft.com/azure/role-based-access-control/role-assignments-portal"


def is_told_above(examination: Examination) -> bool:
    """Whether its problem is one that several deployments share, told once for all of them."""
    problem = examination.problem
    return problem is not None and (problem.outcome is Outcome.NEEDS_ACTION or problem.cause.startswith("role-"))


def headline(deployment: Deployment, examination: Examination, standing: str) -> str:
    """One line that says how a deployment stands for this identity, and for everybody (``standing``)."""
    icon, badge = MARKS[examination.outcome]
    problem = examination.problem
    about = f": {as_label(problem.title)}" if problem and not is_told_above(examination) else ""
    return " ".join(part for part in (icon, f"**{as_label(deployment.label)}**{about}", badge, standing) if part)


def problem_line(problem: Finding, times: int) -> str:
    """One line for a problem and how many deployments have it."""
    icon, badge = MARKS[problem.outcome]
    count = "1 deployment" if times == 1 else f"{times} deployments"
    return f"{icon} {as_label(problem.title)} {badge} :gray[{count}]"


def draw_steps(examination: Examination) -> None:
    """Every step on the way to an answer."""
    st.markdown("  \n".join(_step(finding) for finding in examination.findings))


def draw_problem(finding: Finding, examination: Examination, request: str) -> None:
    """What mends a problem, who can do it, and ``request``, a text ready to send to them."""
    who = f"Who can do it: **{as_label(finding.who)}**" if finding.who else ""
    reference = f"Reference **{finding.reference}**" if finding.reference else ""
    st.markdown(f"{as_plain(finding.remedy)}\n\n" + " · ".join(part for part in (who, reference) if part))
    is_about_sign_in = finding.check in {SIGNED_IN, TOKEN} and examination.identity_kind == "user"
    if is_about_sign_in and (finding.who == YOU or finding.cause == INTERACTION.cause):
        same_tab_link("Sign in again", "/auth/sign-in?next=/access", key=f"renew-{examination.deployment_id}")
    if finding.check in {SIGNED_IN, TOKEN} and finding.who == YOU:
        draw_command(finding.cause, finding.command, finding.remedy)
        return
    st.caption("If it stays, a message ready to send:" if finding.who == YOU else "A message ready to send:")
    # Before the text: on a phone that is longer than the screen.
    with st.container(horizontal=True, gap="small"):
        copy_button(request, key=f"copy-request-{examination.deployment_id}", label="Copy the message")
        st.link_button("Open an e-mail", mail_link(finding.title, request), icon=":material/mail:")
        if finding.check == ROLE:
            st.link_button("How role assignment works", _ABOUT_ROLES, icon=":material/open_in_new:", type="tertiary")
    st.code(request, language=None, wrap_lines=True)


def _step(finding: Finding) -> str:
    icon, _ = MARKS[finding.outcome]
    detail = f" :gray[{as_plain(finding.detail)}]" if finding.detail and not finding.is_trouble else ""
    return f"{icon} {as_label(finding.title)}{detail}"

"""The access map: what several deployments lack, told once, and a line to open for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import streamlit as st

from core.access.billing import most_it_costs
from core.access.findings import Examination, Outcome
from core.access.recheck import Stage
from core.access.requesting import request_text
from core.deployments.deployment import Deployment
from core.markdown import as_plain
from pages.components.examination import draw_problem, draw_steps, headline, is_told_above, problem_line
from pages.components.reader import cost_words
from pages.components.rechecking import FRESH, draw_recheck
from pages.components.standing import failing, standing_badge

if TYPE_CHECKING:
    from core.deployments.tokens import Tokens
    from pages.components.session import Visitor

Examined: TypeAlias = tuple[Deployment, Examination]


def examine(visitor: Visitor, tokens: Tokens) -> list[Examined]:
    """Every deployment with what is known of it; a role that is looked for is one on its way."""
    examinations = visitor.services.access.access_map(tokens, fresh=st.session_state.get(FRESH, False))
    # Only now: a run that is interrupted before it asked leaves the wish to the next one.
    st.session_state.pop(FRESH, None)
    found = []
    for deployment in visitor.services.catalogue:
        recheck = visitor.services.access.recheck(tokens, deployment)
        is_looking = recheck is not None and recheck.view.stage is Stage.LOOKING
        latest = recheck.view.examination if recheck is not None and is_looking else None
        found.append((deployment, latest or examinations[deployment.id]))
    return found


def draw_problems(visitor: Visitor, tokens: Tokens, found: list[Examined]) -> None:
    """What several deployments have in common, such as a missing role, once."""
    concerned: dict[tuple[str, str], list[Examined]] = {}
    for deployment, examination in found:
        if examination.problem is not None and is_told_above(examination):
            cause = examination.problem.cause
            # A role that is on its way to one deployment is on its way to all of the resource.
            what = "role" if cause.startswith("role-") else cause
            concerned.setdefault((what, deployment.endpoint.name), []).append((deployment, examination))
    for position, examined in enumerate(concerned.values()):
        deployment, examination = examined[0]
        problem = examination.problem
        assert problem is not None  # noqa: S101 - only those with one were taken
        with st.expander(problem_line(problem, len(examined)), expanded=position == 0):
            request = request_text(problem, visitor.user, deployment, examination, examination.checked_at)
            draw_problem(problem, examination, request)
            if problem.cause.startswith("role-"):
                draw_recheck(visitor, tokens, deployment)


def draw_deployment(visitor: Visitor, tokens: Tokens, deployment: Deployment, examination: Examination) -> None:
    """One deployment of the access map."""
    services, problem = visitor.services, examination.problem
    with st.expander(headline(deployment, examination, standing_badge(services, deployment))):
        if trouble := failing(services, deployment):
            st.warning(as_plain(trouble), icon=":material/power_off:")
        if problem is not None and not is_told_above(examination):
            request = request_text(problem, visitor.user, deployment, examination, examination.checked_at)
            draw_problem(problem, examination, request)
        draw_steps(examination)
        lessons = services.lessons.of_deployment(deployment)
        if lessons:
            st.caption("Learned about this deployment: " + as_plain(" ".join(lessons)))
            forget = services.lessons.forget
            st.button("Forget what was learned", on_click=forget, args=(deployment,), key=f"forget-{deployment.id}")
        if problem is None:
            st.button(
                f"Ask for the shortest answer ({cost_words(most_it_costs(deployment))})",
                help="Calls the deployment and sees it stream. The result is kept for five minutes.",
                on_click=services.access.bill,
                args=(tokens, deployment),
                key=f"bill-{deployment.id}",
            )


def draw_verdict(found: list[Examined]) -> None:
    """The whole in one sentence."""
    needs = {(e.problem.cause, d.endpoint.name) for d, e in found if e.problem and e.outcome is Outcome.NEEDS_ACTION}
    usable = sum(examination.problem is None for _, examination in found)
    if needs:
        things = "1 thing needs action" if len(needs) == 1 else f"{len(needs)} things need action"
        said = f"{usable} of {len(found)} deployments can be used. Do what is said below, then press Check again."
        st.error(said, title=things, icon=":material/build:")
    else:
        st.success(
            f"{usable} of {len(found)} deployments can be used.", title="Nothing to do", icon=":material/verified:"
        )

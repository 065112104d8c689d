"""The access map: what several deployments lack, told once, and a line to open for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import streamlit as st

from core.access.billing import most_it_costs
from core.access.findings import ROLE, SIGNED_IN, TOKEN, Examination, Outcome
from core.access.recheck import Stage, spreading
from core.access.requesting import request_text
from core.deployments.deployment import Deployment
from core.markdown import as_plain
from pages.components.access.examination import draw_problem, draw_steps, headline, is_told_above, problem_line
from pages.components.access.rechecking import FRESH, draw_recheck
from pages.components.reader import cost_words
from pages.components.standing import failing, standing_badge

if TYPE_CHECKING:
    from core.access.findings import Finding
    from core.deployments.tokens import Tokens
    from pages.components.session import Visitor

Examined: TypeAlias = tuple[Deployment, Examination]


def examine(visitor: Visitor, tokens: Tokens) -> list[Examined]:
    """Every deployment with what is known of it; a role that is looked for is on its way to all of the resource."""
    access, catalogue = visitor.services.access, visitor.services.catalogue
    examinations = access.access_map(tokens, fresh=st.session_state.get(FRESH, False))
    # Only now: a run that is interrupted before it asked leaves the wish to the next one.
    st.session_state.pop(FRESH, None)
    looked_for = {
        deployment.endpoint
        for deployment in catalogue
        if (recheck := access.recheck(tokens, deployment)) is not None and recheck.view.stage is Stage.LOOKING
    }
    return [
        (deployment, spreading(seen) if deployment.endpoint in looked_for else seen)
        for deployment in catalogue
        for seen in [examinations[deployment.id]]
    ]


def draw_problems(visitor: Visitor, tokens: Tokens, found: list[Examined]) -> None:
    """What several deployments have in common, such as a missing role, once."""
    for position, (problem, examined) in enumerate(_shared(found)):
        deployment, examination = examined[0]
        key = f"problem-{tokens.identity_kind}-{problem.check}-{deployment.id}"
        with st.expander(problem_line(problem, len(examined)), expanded=position == 0, key=key):
            concerned = [one for one, _ in examined]
            request = request_text(problem, visitor.user, concerned, examination, examination.checked_at)
            draw_problem(problem, examination, request)
            if problem.check == ROLE:
                draw_recheck(visitor, tokens, deployment)


def draw_deployment(visitor: Visitor, tokens: Tokens, deployment: Deployment, examination: Examination) -> None:
    """One deployment of the access map."""
    services, problem = visitor.services, examination.problem
    # A key of its own: what is done here changes the line, and must not close it.
    key = f"deployment-{tokens.identity_kind}-{deployment.id}"
    with st.expander(headline(deployment, examination, standing_badge(services, deployment)), key=key):
        if trouble := failing(services, deployment):
            st.warning(as_plain(trouble), icon=":material/power_off:")
        if problem is not None and not is_told_above(examination):
            request = request_text(problem, visitor.user, [deployment], examination, examination.checked_at)
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
    usable = f"{sum(examination.is_usable for _, examination in found)} of {len(found)} deployments can be used."
    needs = sum(problem.outcome is Outcome.NEEDS_ACTION for problem, _ in _shared(found))
    if needs:
        title = "1 thing needs action" if needs == 1 else f"{needs} things need action"
        st.error(f"{usable} Do what is said below, then press Check again.", title=title, icon=":material/build:")
    elif all(examination.is_usable for _, examination in found):
        st.success(usable, title="Nothing to do", icon=":material/verified:")
    else:
        st.warning(
            f"{usable} What stands in the way of the others passes by itself; press Check again in a minute.",
            title="Nothing to do but wait",
            icon=":material/hourglass_top:",
        )


def _shared(found: list[Examined]) -> list[tuple[Finding, list[Examined]]]:
    """The problems that are told once, each with the deployments that have it."""
    shared: dict[tuple[str, str], tuple[Finding, list[Examined]]] = {}
    for deployment, examination in found:
        problem = examination.problem
        if problem is not None and is_told_above(examination):
            # A role that is on its way to one deployment is on its way to all of the resource.
            what = ROLE if problem.check == ROLE else problem.title
            # A token is one for all resources of a directory.
            is_of_token = problem.check in {SIGNED_IN, TOKEN}
            where = deployment.endpoint.tenant if is_of_token else deployment.endpoint.name
            shared.setdefault((what, where), (problem, []))[1].append((deployment, examination))
    return list(shared.values())

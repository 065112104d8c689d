"""My access: what you can use today, as whom, and exactly what to ask for when something is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.access.billing import most_it_costs
from core.access.bundle import support_bundle
from core.access.findings import Outcome
from core.access.recheck import Stage
from core.access.requesting import request_text
from core.markdown import as_label, as_plain
from pages.components.call_as import draw_call_as
from pages.components.examination import draw_problem, draw_steps, headline
from pages.components.reader import clock_time, cost_words
from pages.components.rechecking import draw_recheck
from pages.components.session import Visitor, require_user

if TYPE_CHECKING:
    from core.access.findings import Examination
    from core.deployments.deployment import Deployment

FRESH: Final = "access-fresh"


def look_again() -> None:
    """Ask every deployment anew on the next run."""
    st.session_state[FRESH] = True


def draw_deployment(visitor: Visitor, deployment: Deployment, examination: Examination) -> None:
    """One deployment of the access map."""
    recheck = visitor.services.access.recheck(visitor.tokens, deployment)
    if recheck is not None and recheck.view.stage is Stage.LOOKING and recheck.view.examination is not None:
        examination = recheck.view.examination
    problem = examination.problem
    with st.expander(headline(deployment, examination), expanded=False):
        if problem is not None:
            draw_problem(
                problem, request_text(problem, visitor.user, deployment, examination, examination.checked_at)
            )
            if problem.cause.startswith("role-"):
                draw_recheck(visitor, deployment)
        draw_steps(examination)
        lessons = visitor.services.lessons.of_deployment(deployment)
        if lessons:
            st.caption("Learned about this deployment: " + as_plain(" ".join(lessons)))
            st.button(
                "Forget what was learned",
                on_click=visitor.services.lessons.forget,
                args=(deployment,),
                key=f"forget-{deployment.id}",
            )
        if problem is None:
            st.button(
                f"Ask for the shortest answer ({cost_words(most_it_costs(deployment))})",
                help="Calls the deployment and sees it stream. The result is kept for five minutes.",
                on_click=visitor.services.access.bill,
                args=(visitor.tokens, deployment),
                key=f"bill-{deployment.id}",
            )


visitor = require_user()
desk = visitor.services.access
st.title("My access", anchor=False)
st.caption("What you can use today, and exactly what to ask for when something is missing.")
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    user = visitor.user
    st.markdown(f"Signed in as **{as_label(user.username)}** · tenant {as_label(user.tenant_id)}", width="content")
    st.button(
        "Check again", icon=":material/refresh:", shortcut="Mod+Shift+A", on_click=look_again, key="check-again"
    )
draw_call_as(visitor)
with st.spinner("Asking every deployment"):
    examinations = desk.access_map(visitor.tokens, fresh=st.session_state.get(FRESH, False))
    # Only now: a run that is interrupted before it asked leaves the wish to the next one.
    st.session_state.pop(FRESH, None)
    proof = desk.proof(visitor.tokens)

found = [(deployment, examinations[deployment.id]) for deployment in visitor.services.catalogue]
needs = {(e.problem.cause, d.endpoint.name) for d, e in found if e.problem and e.outcome is Outcome.NEEDS_ACTION}
usable = sum(examination.problem is None for _, examination in found)
if needs:
    things = "1 thing needs action" if len(needs) == 1 else f"{len(needs)} things need action"
    st.error("Open what is marked, send the message, then press Check again.", title=things, icon=":material/build:")
else:
    st.success(
        f"You can use {usable} of {len(found)} deployments.", title="Nothing to do", icon=":material/verified:"
    )
st.caption(f"Checked at {clock_time(found[0][1].checked_at)}, without cost. Answers are kept for five minutes.")
for deployment, examination in found:
    draw_deployment(visitor, deployment, examination)

st.subheader("No key anywhere", anchor=False)
with st.container(border=True):
    mark = (
        ":green-badge[:material/lock: Proven]" if proof.holds else ":red-badge[:material/lock_open: A key was found]"
    )
    st.markdown("\n".join([f"{mark}\n", *(f"- {as_label(sentence)}" for sentence in proof.sentences)]))
with st.expander("What your token says about you"):
    claims = next((examination.claims for _, examination in found if examination.claims), {})
    st.caption("A summary for the support. The token itself is never shown.")
    st.markdown("\n".join(f"- **{name}** {as_label(value)}" for name, value in claims.items()))
with st.expander("Support bundle"):
    st.caption(
        "For whoever looks into it: times, hosts, request numbers and checks. It holds no token and no prompt."
    )
    st.code(support_bundle(found, proof, datetime.now(UTC)), language="markdown", wrap_lines=True)

"""Demo directory: give and take the role, to see what a refused person sees. Exists in demo mode only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.markdown import as_label
from pages.components.session import require_user

if TYPE_CHECKING:
    from collections.abc import Callable


def change(work: Callable[[], None], said: str) -> None:
    """Do it, and say so."""
    work()
    st.toast(as_label(said), icon=":material/check:")


visitor = require_user()
emulator = visitor.services.emulator
if emulator is None:
    st.stop()
directory = emulator.directory
managed_identity = directory.identity()
principals = {person.object_id: f"{person.name} ({person.title})" for person in directory.people}
if managed_identity is not None:
    principals[managed_identity.principal_id] = "The app itself (its managed identity)"
st.title("Demo directory", anchor=False)
st.caption(
    "For the demo only. In a real tenant an administrator does this in Azure, under Access control (IAM) of the "
    "resource. A change here works with the very next prompt; real Azure may take five minutes."
)

*columns, last = st.columns(len(directory.resources) + 1, border=True)
for column, resource in zip(columns, directory.resources, strict=True):
    with column:
        st.markdown(f"**{as_label(resource.name)}** :gray-badge[{as_label(resource.region_name)}]")
        st.caption("Who has the role Cognitive Services OpenAI User")
        for principal_id, name in principals.items():
            has_role = directory.has_role(principal_id, resource.name)
            key = f"role-{resource.name}-{principal_id}"
            st.session_state[key] = has_role
            st.toggle(
                as_label(name),
                key=key,
                on_change=change,
                args=(
                    partial(directory.revoke if has_role else directory.grant, principal_id, resource.name),
                    f"{name} {'no longer has' if has_role else 'has'} the role on {resource.name}.",
                ),
            )
with last:
    st.markdown("**Conditional Access**")
    st.caption("Who has to sign in once more before the next answer; the interrupted prompt is then sent by itself")
    for person in directory.people:
        is_asked = directory.demands_step_up(person.object_id)
        key = f"step-up-{person.object_id}"
        st.session_state[key] = is_asked
        st.toggle(
            as_label(f"{person.name} ({person.title})"),
            key=key,
            on_change=change,
            args=(
                partial(directory.demand_no_step_up if is_asked else directory.demand_step_up, person.object_id),
                f"{person.name} {'need not' if is_asked else 'has to'} sign in once more.",
            ),
        )

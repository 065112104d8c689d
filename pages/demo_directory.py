"""Demo directory: give and take the role, to see what a refused person sees. Exists in demo mode only."""

from __future__ import annotations

import streamlit as st

from core.markdown import as_label
from pages.components.session import require_user

visitor = require_user()
emulator = visitor.services.emulator
if emulator is None:
    st.stop()
directory = emulator.directory
st.title("Demo directory", anchor=False)
st.caption(
    "For the demo only. In a real tenant an administrator does this in Azure, under Access control (IAM) of the "
    "resource. A change here works with the very next prompt; real Azure may take five minutes."
)
for resource in directory.resources:
    with st.container(border=True):
        st.markdown(f"**{as_label(resource.name)}** :gray-badge[{as_label(resource.region)}]")
        st.caption("Who has the role Cognitive Services OpenAI User")
        for person in directory.people:
            has_role = directory.has_role(person.object_id, resource.name)
            st.toggle(
                as_label(f"{person.name} ({person.title})"),
                has_role,
                key=f"role-{resource.name}-{person.object_id}-{has_role}",
                on_change=directory.revoke if has_role else directory.grant,
                args=(person.object_id, resource.name),
            )

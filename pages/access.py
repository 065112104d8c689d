"""My access: what you can use today, as whom, and exactly what to ask for when something is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.access.bundle import support_bundle
from core.identity.user import LOCAL
from core.markdown import as_label
from pages.components.access.access_map import draw_deployment, draw_problems, draw_verdict, examine
from pages.components.access.credentials import draw_credentials
from pages.components.access.rechecking import look_again
from pages.components.copy_button import copy_button
from pages.components.reader import clock_time
from pages.components.session import require_user

OF_WHOM: Final = {"user": "You", "app": "The app itself"}
_BUNDLE_PIXELS: Final = 400

visitor = require_user()
user = visitor.user
sources = {source.identity_kind: source for source in visitor.identities}
kind = next(iter(sources))
st.title("My access", anchor=False)
st.caption("What you can use today, and exactly what to ask for when something is missing.")
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    signed_in = f"Signed in as **{as_label(user.username)}** · tenant {as_label(user.tenant_id)}"
    st.markdown(f"**{user.name}**" if user.object_id == LOCAL else signed_in, width="content")
    st.button(
        "Check again", icon=":material/refresh:", shortcut="Mod+Shift+A", on_click=look_again, key="check-again"
    )
if len(sources) > 1:
    kind = st.radio(
        "Whose access",
        list(sources),
        format_func=OF_WHOM.__getitem__,
        horizontal=True,
        key="whose-access",
        help="Deployments can be called with your own token, or with the app's own identity.",
    )
tokens = sources[kind]
with st.spinner("Asking every deployment"):
    found = examine(visitor, tokens)
    proof = visitor.services.access.proof(tokens)

draw_verdict(found)
st.caption(f"Checked at {clock_time(found[0][1].checked_at)}, without cost. Answers are kept for five minutes.")
with st.container():
    draw_problems(visitor, tokens, found)
with st.container():
    for tried in dict.fromkeys(examination.tried for _, examination in found if examination.tried):
        draw_credentials(tried)
st.header("Deployments", anchor=False)
for deployment, examination in found:
    draw_deployment(visitor, tokens, deployment, examination)

st.header("No key anywhere", anchor=False)
with st.container(border=True):
    mark = (
        ":green-badge[:material/lock: Proven]" if proof.holds else ":red-badge[:material/lock_open: A key was found]"
    )
    st.markdown("\n".join([f"{mark}\n", *(f"- {as_label(sentence)}" for sentence in proof.sentences)]))
with st.expander("What your token says about you" if kind == "user" else "What the app's token says about it"):
    claims = next((examination.claims for _, examination in found if examination.claims), {})
    st.caption("A summary for the support. The token itself is never shown." if claims else "There is no token.")
    st.markdown("\n".join(f"- **{name}** {as_label(value)}" for name, value in claims.items()))
with st.expander("Support bundle"):
    st.caption(
        "For whoever looks into it: times, hosts, request numbers and checks. It holds no token and no prompt."
    )
    bundle = support_bundle(found, proof, datetime.now(UTC))
    copy_button(bundle, key="copy-bundle", label="Copy the bundle")
    st.code(bundle, language=None, wrap_lines=True, height=_BUNDLE_PIXELS)

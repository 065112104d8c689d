"""The frame round every page: who is here, which pages there are, and what is said when something goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from core.errors import KeylessError
from core.web.routes import FAVICON
from pages.components.account import draw_account
from pages.components.failure import draw_failure
from pages.components.session import require_user

_PICTURES: Final = Path(__file__).parent / "pictures"

st.set_page_config(page_title="Keyless", page_icon=FAVICON, layout="wide")
st.logo(_PICTURES / "logo.svg", size="large")
visitor = require_user()
pages = [
    st.Page("prompt.py", title="Prompt", icon=":material/chat:", default=True),
    st.Page("compare.py", title="Compare", icon=":material/compare:", url_path="compare"),
    st.Page("taglines.py", title="Taglines", icon=":material/lightbulb:", url_path="taglines"),
    st.Page("access.py", title="My access", icon=":material/verified_user:", url_path="access"),
]
if visitor.services.emulator is not None:
    pages.append(st.Page("demo_directory.py", title="Demo directory", icon=":material/groups:", url_path="demo"))
page = st.navigation(pages, position="top")
draw_account(visitor)
try:
    page.run()
except KeylessError as failure:
    draw_failure(failure)

"""Keys of widgets that stand in a popover or drawer, which a page sets.

While it is closed, a browser takes no new value for what it holds, and sends the one it knows with the next click. So
they are other widgets each time a page sets them.
"""

from __future__ import annotations

import streamlit as st


def drawer_key(page: str, name: str) -> str:
    """The key, or the beginning of keys, of what ``page`` calls ``name``, until the page is set anew."""
    edition = st.session_state.get(_edition(page), 0)
    return f"{name}~{edition}" if edition else name


def renew(page: str, *names: str) -> None:
    """From now on these are other widgets of ``page``; what the old ones were set to is forgotten.

    A name that ends in "-" is the beginning of several keys.
    """
    whole = {drawer_key(page, name) for name in names}
    begun = tuple(drawer_key(page, name) for name in names if name.endswith("-"))
    for key in map(str, list(st.session_state)):
        if key in whole or key.startswith(begun):
            del st.session_state[key]
    st.session_state[_edition(page)] = st.session_state.get(_edition(page), 0) + 1


def _edition(page: str) -> str:
    return f"edition-of-{page}"

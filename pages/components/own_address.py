"""Addresses of this app as they are sent to others."""

from __future__ import annotations

from urllib.parse import urljoin

import streamlit as st


def own_address(path: str) -> str:
    """The whole address of ``path``, a path of this app or a query of this page, as the reader's browser knows it."""
    return urljoin(st.context.url or "", path)

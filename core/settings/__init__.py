"""Every setting, typed, read once, with all problems reported together.

``KEYLESS_*`` variables win over ``.streamlit/keyless.toml`` (same names, lower case, without the prefix). Empty
settings mean demo mode. No setting holds an API key, and none is accepted.
"""

from __future__ import annotations

from core.settings.model import CallsAs, SeedEndpoint, Settings, SignInMode
from core.settings.reading import forget_openai_variables, key_like, read_settings

__all__ = [
    "CallsAs",
    "SeedEndpoint",
    "Settings",
    "SignInMode",
    "forget_openai_variables",
    "key_like",
    "read_settings",
]

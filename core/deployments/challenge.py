"""The claims challenge of continuous access evaluation, as a resource words it in a 401.

https://learn.microsoft.com/entra/identity-platform/claims-challenge
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final

_ASKED: Final = re.compile(r'\berror="insufficient_claims"')
_CLAIMS: Final = re.compile(r'\bclaims="([A-Za-z0-9+/_=-]{1,8192})"')
_STANDARD: Final = str.maketrans("-_", "+/")


def claims_asked(header: str) -> str:
    """The JSON that a token has to answer, out of a ``WWW-Authenticate`` header; "" when it asks for none."""
    claims = _CLAIMS.search(header)
    if claims is None or not _ASKED.search(header):
        return ""
    encoded = claims[1].translate(_STANDARD).rstrip("=")
    try:
        text = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
        return text if isinstance(json.loads(text), dict) else ""
    except (binascii.Error, ValueError, RecursionError):
        return ""

"""What the support needs to know of an examination, as Markdown, and nothing that is secret."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.identity.access_token import LOOKS_LIKE_A_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from core.access.findings import Examination, Finding
    from core.access.proof import KeylessProof
    from core.deployments.deployment import Deployment
    from core.identity.app_credential import Attempt

_SECRETS: Final = (
    LOOKS_LIKE_A_TOKEN,
    re.compile(r"(?i)\b(bearer|api-key|client_secret|sig)\b[=: ]+\S{8,}"),
    re.compile(r"\b[A-Za-z0-9]{84}\b|\b[0-9a-f]{32}\b"),
)
"""Tokens, named secrets, and what keys of Azure OpenAI look like (84 letters and digits, or 32 hexadecimal ones)."""


def support_bundle(
    examinations: Iterable[tuple[Deployment, Examination]], proof: KeylessProof | None, at: datetime
) -> str:
    """The bundle: time, host, deployment, numbers and region of the requests, claims summary, checks; redacted.

    Args:
        examinations: What was examined.
        proof: The proof that no key is used, or None to leave it out.
        at: When the bundle is made.
    """
    lines = ["# Keyless: support bundle", "", f"- Time: {_moment(at)}"]
    for deployment, examination in examinations:
        lines += ["", *_examined(deployment, examination)]
    if proof is not None:
        lines += ["", "## Keyless proof", "", *(f"- {_line(sentence)}" for sentence in proof.sentences)]
    return redacted("\n".join(lines) + "\n")


def redacted(text: str) -> str:
    """``text`` with everything replaced that looks like a token or a key."""
    for secret in _SECRETS:
        text = secret.sub("(redacted)", text)
    return text


def _examined(deployment: Deployment, examination: Examination) -> list[str]:
    endpoint = deployment.endpoint
    facts = {
        "Host": urlsplit(endpoint.url).hostname or "",
        "Deployment": deployment.name,
        "Model": deployment.model,
        "API": endpoint.api_version or endpoint.api,
        "Region": endpoint.region,
        "Called as": f"{examination.identity} ({examination.identity_kind})",
        "Checked": _moment(examination.checked_at),
        **{f"Claim {name}": value for name, value in examination.claims.items()},
    }
    return [
        f"## {_line(deployment.id)}",
        "",
        *(f"- {what}: {_line(value)}" for what, value in facts.items() if value),
        "",
        *(line for finding in examination.findings for line in _found(finding)),
        *(_tried(attempt) for attempt in examination.tried),
    ]


def _found(finding: Finding) -> list[str]:
    more = {
        "cause": finding.cause,
        "detail": finding.detail,
        "reference": finding.reference,
        "command": finding.command,
    }
    return [
        f"- **{finding.check}**: {finding.outcome}. {_line(finding.title)}",
        *(f"  - {what}: `{_line(value)}`" for what, value in more.items() if value),
    ]


def _tried(attempt: Attempt) -> str:
    more = " ".join(part for part in (attempt.cause and f"({attempt.cause})", _line(attempt.reason)) if part)
    return f"- Credential {attempt.credential}: {attempt.outcome} {more}".rstrip()


def _line(text: str) -> str:
    """Text that can end neither its line nor its code."""
    return " ".join(text.replace("`", "'").split())


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")

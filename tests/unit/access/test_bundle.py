from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from core.access.bundle import redacted, support_bundle
from core.access.findings import CHECKS
from core.access.proof import KeylessProof
from core.deployments.resource_manager import LocalAuth
from core.identity.app_credential import Attempt
from core.identity.credential_failures import Explanation
from tests.support.openai_calls import BALANCED, access_token

if TYPE_CHECKING:
    from core.access.doctor import Doctor
    from core.deployments.catalogue import Catalogue
    from core.emulator.emulator import Emulator
    from tests.unit.deployments.asking import ScriptedTokens

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PROOF = KeylessProof((), (), {"contoso-sweden": LocalAuth.OFF})


async def test_the_support_learns_what_it_asks_for(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    emulator.openai.faults.set(deployment.name, "role_missing")
    examination = await doctor.examine(tokens, deployment)
    bundle = support_bundle([(deployment, examination)], PROOF, NOW)
    for part in (
        "- Time: 2026-11-20 10:00:00+00:00",
        "- Host: 127.0.0.1",
        f"- Deployment: {BALANCED}",
        "- Region: Sweden Central",
        "apim-request-id=",
        "x-ms-region=Sweden Central",
        "- Called as: business.user@contoso.example (user)",
        "- Claim aud: https://cognitiveservices.azure.com",
        "- Claim oid: a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a302",
        "- cause: `role-missing`",
        f"- reference: `{examination.find('role').reference}`",
        "No setting that could hold a key exists.",
    ):
        assert part in bundle
    assert [line.split("**")[1] for line in bundle.splitlines() if line.startswith("- **")] == list(CHECKS)
    assert (await tokens.token("")).value not in bundle
    assert "eyJ" not in bundle


async def test_the_support_learns_what_became_of_each_credential_of_the_app(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    why = Explanation("az-not-logged-in", "Nobody is signed in.", "Run the command below.", command="az login")
    tried = (Attempt("AzureCliCredential", "failed", "Please run\n'az login'", why), Attempt("Other", "answered"))
    examination = replace(await doctor.examine(tokens, deployment), tried=tried)
    bundle = support_bundle([(deployment, examination)], None, NOW).splitlines()
    assert "- Credential AzureCliCredential: failed (az-not-logged-in) Please run 'az login'" in bundle
    assert "- Credential Other: answered" in bundle


async def test_nothing_that_was_said_can_break_out_of_its_line(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    examination = await doctor.examine(tokens, deployment)
    finding = replace(examination.findings[0], title="odd\n# Heading", detail="a` <b>\r\n- item")
    bundle = support_bundle([(deployment, replace(examination, findings=(finding,)))], None, NOW)
    assert "\n# Heading" not in bundle
    assert "\n- item" not in bundle
    assert "`a' <b> - item`" in bundle


async def test_a_token_or_a_key_that_got_somewhere_by_mistake_is_blackened(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    examination = await doctor.examine(tokens, deployment)
    token = access_token(emulator)
    finding = replace(examination.findings[0], detail=f"Authorization: Bearer {token}", title=f"Token {token}.")
    bundle = support_bundle([(deployment, replace(examination, findings=(finding,)))], None, NOW)
    assert "(redacted)" in bundle
    for part in token.split("."):
        assert part not in bundle


@pytest.mark.parametrize(
    "secret",
    [
        "0123456789abcdef0123456789abcdef",
        "A1b2" * 21,
        "api-key: not-so-long-a-key",
        "client_secret=abc8Q~defghijklmnop",
        "bearer something-opaque",
    ],
)
def test_what_looks_like_a_secret_is_blackened(secret: str) -> None:
    assert redacted(f"before {secret} after") == "before (redacted) after"


@pytest.mark.parametrize(
    "harmless", ["a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a302", "K-7F3A90C2", "The deployment gpt-5-2-sweden exists."]
)
def test_numbers_that_the_support_needs_stay(harmless: str) -> None:
    assert redacted(harmless) == harmless

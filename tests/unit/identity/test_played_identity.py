from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import SYSTEM_IDENTITY
from core.errors import NoCredential
from core.identity.app_credential import AppTokens
from core.identity.played_identity import played_managed_identity
from tests.support.identity import AUDIENCE, SCOPE, ShiftedClock, make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.emulator.emulator import Emulator


@pytest.fixture
def tokens(emulator: Emulator, emulator_url: str, clock: ShiftedClock) -> Iterator[AppTokens]:
    member = played_managed_identity(f"{emulator_url}/identity/token", emulator.identity_header)
    with contextlib.closing(AppTokens({}, make_settings(), clock, members=[member])) as made:
        yield made


def test_in_demo_mode_the_app_has_the_emulators_managed_identity(tokens: AppTokens, emulator: Emulator) -> None:
    token = asyncio.run(tokens.token(SCOPE))
    assert emulator.signer.verify(token.value, AUDIENCE)["oid"] == SYSTEM_IDENTITY.principal_id == tokens.object_id
    assert tokens.identity == f"the app's managed identity ({SYSTEM_IDENTITY.client_id})"


def test_an_endpoint_without_a_token_is_a_managed_identity_that_is_absent(
    tokens: AppTokens, emulator: Emulator
) -> None:
    emulator.identity.answer_next(400, {"statusCode": 400}, endpoint="identity", times=2)
    with pytest.raises(NoCredential) as none:
        asyncio.run(tokens.token(SCOPE))
    assert none.value.cause == "managed-identity-absent"

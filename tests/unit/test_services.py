"""What the composition root adds to its parts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import BUSINESS_USER, NEW_JOINER, SYSTEM_IDENTITY
from core.errors import SignInAgain
from tests.support.signed_in import services_on, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator
    from core.services import Services

A_DAY_SECONDS = 86_400.0


@pytest.fixture
def services(emulator: Emulator, tmp_path: Path) -> Iterator[Services]:
    with services_on(emulator, tmp_path) as running:
        yield running


def test_long_work_with_one_s_own_token_needs_the_person_and_with_the_app_s_it_does_not(services: Services) -> None:
    session = sign_in(services, BUSINESS_USER)
    mine, the_apps = services.identities_for(session)
    assert not services.needs_person_within(session, mine, 60)
    assert services.needs_person_within(session, mine, A_DAY_SECONDS)
    assert not services.needs_person_within(session, the_apps, A_DAY_SECONDS)


def test_whoever_is_signed_out_is_told_before_anything_long_begins(services: Services) -> None:
    session = sign_in(services, BUSINESS_USER)
    services.sessions.delete(session.id)
    with pytest.raises(SignInAgain):
        services.needs_person_within(session, services.tokens_for(session), 60)


def test_the_demo_s_app_calls_with_the_managed_identity_of_the_emulator(services: Services) -> None:
    _, the_apps = services.identities_for(sign_in(services, NEW_JOINER))
    asyncio.run(the_apps.token(services.settings.scope))
    assert the_apps.object_id == SYSTEM_IDENTITY.principal_id
    assert the_apps.identity.startswith("the app's managed identity (")

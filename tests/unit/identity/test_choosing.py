"""As me, or as the app: who may choose."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER
from core.identity.app_credential import AppTokens
from core.identity.choosing import identities_for
from tests.support.identity import IdentityRoom, make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.emulator.directory import Person


@pytest.fixture
def app_tokens(room: IdentityRoom) -> Iterator[AppTokens]:
    with contextlib.closing(AppTokens({}, room.settings, room.clock)) as tokens:
        yield tokens


@pytest.mark.parametrize(
    ("person", "changed", "kinds"),
    [
        (BUSINESS_USER, {}, ["user"]),
        (BUSINESS_USER, {"app_identity": True}, ["user", "app"]),
        (BUSINESS_USER, {"app_identity": True, "app_identity_role": "Admin"}, ["user"]),
        (ADMINISTRATOR, {"app_identity": True, "app_identity_role": "Admin"}, ["user", "app"]),
        (ADMINISTRATOR, {"app_identity": True, "app_identity_role": "admin"}, ["user"]),
    ],
)
def test_the_apps_identity_is_offered_to_whom_the_settings_say(
    room: IdentityRoom, app_tokens: AppTokens, person: Person, changed: dict[str, object], kinds: list[str]
) -> None:
    record = room.sign_in_as(person).record
    sources = identities_for(record, make_settings(**changed), room.tokens, app_tokens)
    assert [source.identity_kind for source in sources] == kinds
    assert sources[0].identity == person.username


def test_where_calls_are_made_as_the_app_there_is_no_choice(room: IdentityRoom, app_tokens: AppTokens) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    assert identities_for(record, make_settings(app_identity=True), None, app_tokens) == [app_tokens]
    assert identities_for(record, make_settings(app_identity=True), None, None) == []
    only_me = identities_for(record, make_settings(app_identity=True), room.tokens, None)
    assert [source.identity_kind for source in only_me] == ["user"]

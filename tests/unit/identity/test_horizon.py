"""How long calls go on without the person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import BUSINESS_USER
from core.errors import SignInAgain
from tests.support.identity import IdentityRoom, ask

if TYPE_CHECKING:
    from core.storage.sessions import SessionRecord

HOUR = 3600.0


@pytest.fixture
def record(room: IdentityRoom) -> SessionRecord:
    return room.sign_in_as().record


def test_the_horizon_is_the_end_of_the_token_and_of_the_session(room: IdentityRoom, record: SessionRecord) -> None:
    assert room.tokens.horizon(record).token_expires_at is None
    token = ask(room.tokens, record)
    horizon = room.tokens.horizon(record)
    assert horizon == (token.expires_at, record.seen_at + timedelta(hours=8))


def test_a_session_in_use_ends_a_day_after_its_sign_in(room: IdentityRoom, record: SessionRecord) -> None:
    for _ in range(3):
        room.clock.advance(hours=7)
        room.stores.sessions.touch(record.id)
    assert room.tokens.horizon(record).session_expires_at == record.expires_at


def test_a_token_that_is_renewed_silently_needs_nobody(room: IdentityRoom, record: SessionRecord) -> None:
    ask(room.tokens, record)
    assert not room.tokens.needs_person_within(record, 7 * HOUR)


def test_what_outlasts_the_session_needs_a_sign_in(room: IdentityRoom, record: SessionRecord) -> None:
    assert room.tokens.needs_person_within(record, 8 * HOUR)


def test_once_entra_has_refused_to_renew_what_outlasts_the_token_needs_a_sign_in(
    room: IdentityRoom, record: SessionRecord
) -> None:
    refused = ask(room.tokens, record)
    room.emulator.directory.refuse(BUSINESS_USER.object_id, 50076)
    with pytest.raises(SignInAgain):
        ask(room.tokens, record, refused=refused)
    assert not room.tokens.needs_person_within(record, 0.5 * HOUR)
    assert room.tokens.needs_person_within(record, 1.5 * HOUR)
    room.emulator.directory.admit(BUSINESS_USER.object_id)
    ask(room.tokens, record, refused=refused)
    assert not room.tokens.needs_person_within(record, 1.5 * HOUR)


def test_a_session_that_has_ended_has_no_horizon(room: IdentityRoom, record: SessionRecord) -> None:
    room.sign_in.sign_out(record.id)
    with pytest.raises(SignInAgain):
        room.tokens.horizon(record)
    with pytest.raises(SignInAgain):
        room.tokens.needs_person_within(record, 1)

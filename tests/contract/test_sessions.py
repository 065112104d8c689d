from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text, update

from core.errors import StorageError
from core.storage.sealing import Sealer
from core.storage.sessions import SessionRecord, SessionStore
from core.storage.tables import sessions as table

if TYPE_CHECKING:
    from core.storage.engine import Database
    from tests.support.databases import HandClock


def begin(
    sessions: SessionStore, cookie: str, *, object_id: str = "ana", token_cache: bytes | None = b"cache of ana"
) -> SessionRecord:
    return sessions.create(
        cookie=cookie,
        tenant_id="contoso",
        object_id=object_id,
        username=f"{object_id}@contoso.example",
        name="Ana Ødegård",
        roles=("Admin", "Reader"),
        token_cache=token_cache,
    )


def seen_at(database: Database, session_id: str) -> object:
    with database.read() as connection:
        return connection.execute(select(table.c.seen_at).where(table.c.id == session_id)).scalar()


def test_a_session_is_found_by_its_cookie_and_by_its_id_exactly_as_it_was_created(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie")
    assert sessions.by_cookie("cookie") == record
    assert sessions.by_id(record.id) == record
    assert record.roles == ("Admin", "Reader")
    assert record.created_at.utcoffset() is not None


def test_neither_another_cookie_nor_the_id_used_as_a_cookie_finds_a_session(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie")
    assert sessions.by_cookie("other") is None
    assert sessions.by_cookie(record.id) is None
    assert sessions.by_cookie("") is None
    assert sessions.by_id("cookie") is None
    assert sessions.by_id("") is None


@pytest.mark.parametrize("nonsense", ["\x00", "cookie\x00", "\ud800", "x" * 100_000, "' OR 1=1 --"])
def test_nonsense_in_a_cookie_finds_nothing_and_breaks_nothing(sessions: SessionStore, nonsense: str) -> None:
    begin(sessions, "cookie")
    assert sessions.by_cookie(nonsense) is None
    assert sessions.by_id(nonsense) is None


def test_two_sessions_have_different_ids_and_form_tokens(sessions: SessionStore) -> None:
    first, second = begin(sessions, "one"), begin(sessions, "two")
    assert first.id != second.id
    assert first.form_token != second.form_token


def test_a_cookie_that_is_given_twice_is_refused_and_the_first_session_stays(sessions: SessionStore) -> None:
    first = begin(sessions, "cookie")
    with pytest.raises(StorageError):
        begin(sessions, "cookie", object_id="ben")
    assert sessions.by_cookie("cookie") == first


def test_signing_in_again_ends_the_session_the_browser_had(sessions: SessionStore) -> None:
    old = begin(sessions, "old")
    new = sessions.create(
        cookie="new",
        tenant_id="contoso",
        object_id="ben",
        username="ben",
        name="Ben",
        token_cache=None,
        replaces_cookie="old",
    )
    assert sessions.by_cookie("old") is None
    assert sessions.by_id(old.id) is None
    assert sessions.by_cookie("new") == new


def test_a_session_that_could_not_be_replaced_is_not_ended_either(sessions: SessionStore) -> None:
    begin(sessions, "taken")
    old = begin(sessions, "old")
    with pytest.raises(StorageError):
        sessions.create(
            cookie="taken",
            tenant_id="t",
            object_id="o",
            username="",
            name="",
            token_cache=None,
            replaces_cookie="old",
        )
    assert sessions.by_cookie("old") == old


def test_a_session_ends_after_eight_hours_without_use(sessions: SessionStore, clock: HandClock) -> None:
    record = begin(sessions, "cookie")
    clock.advance(hours=8, microseconds=-1)
    assert sessions.by_cookie("cookie") == record
    clock.advance(microseconds=1)
    assert sessions.by_cookie("cookie") is None
    assert sessions.by_id(record.id) is None
    assert sessions.load_cache(record.id) is None


def test_use_postpones_the_idle_end(sessions: SessionStore, clock: HandClock) -> None:
    record = begin(sessions, "cookie")
    clock.advance(hours=7)
    sessions.touch(record.id)
    clock.advance(hours=7)
    found = sessions.by_cookie("cookie")
    assert found is not None
    assert found.expires_at == record.expires_at


def test_a_session_ends_after_a_day_however_much_it_is_used(sessions: SessionStore, clock: HandClock) -> None:
    record = begin(sessions, "cookie")
    for _ in range(23):
        clock.advance(hours=1)
        sessions.touch(record.id)
    assert sessions.by_id(record.id) is not None
    clock.advance(hours=1)
    assert sessions.by_id(record.id) is None
    assert sessions.save_cache(record.id, b"late", 0) is False


def test_use_is_written_at_most_once_a_minute(sessions: SessionStore, database: Database, clock: HandClock) -> None:
    record = begin(sessions, "cookie")
    clock.advance(seconds=59)
    sessions.touch(record.id)
    assert seen_at(database, record.id) == record.seen_at
    clock.advance(seconds=1)
    sessions.touch(record.id)
    assert seen_at(database, record.id) == clock.now


def test_use_does_not_wake_an_ended_session(sessions: SessionStore, database: Database, clock: HandClock) -> None:
    record = begin(sessions, "cookie")
    clock.advance(hours=9)
    sessions.touch(record.id)
    assert seen_at(database, record.id) == record.seen_at
    assert sessions.by_id(record.id) is None


def test_a_deleted_session_is_gone_for_every_way_to_ask(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie")
    assert sessions.delete(record.id) is True
    assert sessions.by_cookie("cookie") is None
    assert sessions.by_id(record.id) is None
    assert sessions.load_cache(record.id) is None
    assert sessions.delete(record.id) is False


def test_a_person_is_signed_out_everywhere_and_nobody_else_is(sessions: SessionStore) -> None:
    mine = {begin(sessions, "laptop").id, begin(sessions, "phone").id}
    other = begin(sessions, "other", object_id="ben")
    assert set(sessions.delete_person("contoso", "ana")) == mine
    assert sessions.delete_person("contoso", "ana") == []
    assert sessions.delete_person("fabrikam", "ben") == []
    assert sessions.by_cookie("other") == other


def test_the_token_cache_comes_back_with_its_version(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie", token_cache=b"\x00first\xff")
    assert sessions.load_cache(record.id) == (b"\x00first\xff", 0)
    assert sessions.save_cache(record.id, b"second", 0) is True
    assert sessions.load_cache(record.id) == (b"second", 1)


def test_a_session_without_a_token_cache_says_so_and_can_be_given_one(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie", token_cache=None)
    assert sessions.load_cache(record.id) == (b"", 0)
    assert sessions.save_cache(record.id, b"now", 0) is True


def test_a_stale_token_cache_does_not_overwrite_a_newer_one(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie")
    assert sessions.save_cache(record.id, b"of one process", 0) is True
    assert sessions.save_cache(record.id, b"of another", 0) is False
    assert sessions.load_cache(record.id) == (b"of one process", 1)


def test_of_many_refreshes_at_once_exactly_one_is_saved(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie")
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda number: sessions.save_cache(record.id, b"%d" % number, 0), range(24)))
    assert saved.count(True) == 1
    assert sessions.load_cache(record.id) == (b"%d" % saved.index(True), 1)


def test_a_refresh_that_races_with_sign_out_does_not_bring_the_session_back(sessions: SessionStore) -> None:
    record = begin(sessions, "cookie")
    loaded = sessions.load_cache(record.id)
    assert loaded is not None
    sessions.delete(record.id)
    assert sessions.save_cache(record.id, b"refreshed", loaded[1]) is False
    assert sessions.by_id(record.id) is None


def test_refreshes_and_sign_outs_of_many_threads_leave_no_session(sessions: SessionStore) -> None:
    records = [begin(sessions, f"cookie {number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        refreshes = [pool.submit(sessions.save_cache, record.id, b"refreshed", 0) for record in records for _ in "ab"]
        deletions = [pool.submit(sessions.delete, record.id) for record in records]
        refreshes += [pool.submit(sessions.save_cache, record.id, b"refreshed", 1) for record in records]
    assert all(deletion.result() for deletion in deletions)
    assert all(isinstance(refresh.result(), bool) for refresh in refreshes)
    assert [sessions.by_id(record.id) for record in records] == [None] * 8


def test_a_token_cache_moved_to_another_row_does_not_open(sessions: SessionStore, database: Database) -> None:
    ana = begin(sessions, "ana")
    ben = begin(sessions, "ben", object_id="ben", token_cache=b"cache of ben")
    of_ben = select(table.c.token_cache).where(table.c.id == ben.id).scalar_subquery()
    database.write(
        lambda connection: (
            connection.execute(update(table).where(table.c.id == ana.id).values(token_cache=of_ben)).rowcount
        )
    )
    with pytest.raises(StorageError) as refused:
        sessions.load_cache(ana.id)
    assert "sign in again" in refused.value.remedy.lower()
    assert sessions.load_cache(ben.id) == (b"cache of ben", 0)


def test_a_session_sealed_with_the_old_key_opens_and_is_sealed_anew_with_the_new_one(
    sessions: SessionStore, database: Database, clock: HandClock
) -> None:
    record = begin(sessions, "cookie")
    new, old = b"1" * 32, b"0" * 32
    rotated = SessionStore(database, Sealer([new, old]), clock)
    assert rotated.load_cache(record.id) == (b"cache of ana", 0)
    assert rotated.save_cache(record.id, b"refreshed", 0) is True
    assert SessionStore(database, Sealer([new]), clock).load_cache(record.id) == (b"refreshed", 1)
    with pytest.raises(StorageError):
        sessions.load_cache(record.id)


def test_purging_takes_the_ended_sessions_alone(sessions: SessionStore, clock: HandClock) -> None:
    begin(sessions, "old")
    clock.advance(hours=7)
    young = begin(sessions, "young")
    clock.advance(hours=1)
    assert sessions.purge() == 1
    assert sessions.purge() == 0
    assert sessions.by_cookie("young") == young


def test_no_cookie_and_no_token_stands_in_the_database_in_clear(sessions: SessionStore, database: Database) -> None:
    begin(sessions, "the-cookie-value", token_cache=b'{"RefreshToken": "0.AAAA"}')
    with database.read() as connection:
        row = connection.execute(text("SELECT * FROM sessions")).one()
    everything = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert b"the-cookie-value" not in everything
    assert b"RefreshToken" not in everything
    assert b"0.AAAA" not in everything


def test_a_claims_challenge_is_kept_sealed_until_it_is_dropped_or_the_session_ends(
    sessions: SessionStore, database: Database
) -> None:
    record, other = begin(sessions, "cookie"), begin(sessions, "other")
    assert sessions.challenge(record.id) == ""
    sessions.keep_challenge(record.id, '{"access_token":{}}')
    assert sessions.challenge(record.id) == '{"access_token":{}}'
    assert sessions.challenge(other.id) == ""
    with database.read() as connection:
        stored = connection.execute(select(table.c.challenge).where(table.c.id == record.id)).scalar()
    assert b"access_token" not in bytes(stored or b"")
    sessions.keep_challenge(record.id, "")
    assert sessions.challenge(record.id) == ""
    sessions.keep_challenge(record.id, "asked again")
    sessions.delete(record.id)
    sessions.keep_challenge(record.id, "too late")
    assert sessions.challenge(record.id) == ""


def test_a_challenge_moved_to_another_session_does_not_open(sessions: SessionStore, database: Database) -> None:
    record, other = begin(sessions, "cookie"), begin(sessions, "other")
    sessions.keep_challenge(record.id, "mine")
    mine = select(table.c.challenge).where(table.c.id == record.id).scalar_subquery()
    moved = update(table).where(table.c.id == other.id).values(challenge=mine)
    database.write(lambda connection: connection.execute(moved).rowcount)
    with pytest.raises(StorageError):
        sessions.challenge(other.id)

"""The tokens of signed-in people, asked for from many threads and several processes at once."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER, PRODUCT_OWNER, TESTER
from core.errors import SignInAgain
from tests.support.identity import AUDIENCE, SCOPE, IdentityRoom, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from core.identity.access_token import AccessToken
    from core.storage.sessions import SessionRecord


@pytest.fixture
def record(room: IdentityRoom) -> SessionRecord:
    return room.sign_in_as().record


def together(calls: list[Callable[[], AccessToken]]) -> list[AccessToken]:
    """Run the calls at once, each in a thread of its own."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], AccessToken]) -> AccessToken:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_eight_threads_make_one_refresh(room: IdentityRoom) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    tokens = together([lambda: ask(room.tokens, record)] * 8)
    assert len({token.value for token in tokens}) == 1
    assert room.token_requests("refresh_token") == 1


def test_eight_threads_whose_token_was_refused_make_one_refresh(room: IdentityRoom, record: SessionRecord) -> None:
    refused = ask(room.tokens, record)
    tokens = together([lambda: ask(room.tokens, record, refused=refused)] * 8)
    assert refused.value not in {token.value for token in tokens}
    assert len({token.value for token in tokens}) == room.token_requests("refresh_token") == 1


def test_three_processes_stay_coherent(room: IdentityRoom) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    processes = [room.another_process() for _ in range(3)]
    tokens = together([lambda process=process: ask(process, record) for process in processes])  # type: ignore[misc]
    loaded = room.stores.sessions.load_cache(record.id)
    assert loaded is not None
    cache, version = loaded
    assert version == 1, "only the first save counts, the others take what it saved"
    (kept,) = [entry["secret"] for entry in json.loads(cache)["AccessToken"].values()]
    assert {token.value for token in tokens} == {kept}


def test_signing_out_during_a_refresh_does_not_bring_the_session_back(
    room: IdentityRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    post = room.http.post

    def post_while_the_person_leaves(*args: object, **kwargs: object) -> object:
        reply = post(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        room.sign_in.sign_out(record.id)
        return reply

    monkeypatch.setattr(room.http, "post", post_while_the_person_leaves)
    with pytest.raises(SignInAgain):
        ask(room.tokens, record)
    assert room.sessions() == 0


def test_sixteen_threads_of_four_people_never_cross(room: IdentityRoom, emulator: Emulator) -> None:
    people = (ADMINISTRATOR, BUSINESS_USER, PRODUCT_OWNER, TESTER)
    records = [(person, room.sign_in_as(person).record) for person in people]

    def many(person: Person, record: SessionRecord, refusal: int) -> AccessToken:
        async def calls() -> AccessToken:
            source = room.tokens.source(record)
            token = await source.token(SCOPE)
            for turn in range(30):
                token = await source.token(SCOPE, refused=token.value if turn == refusal else "")
                assert emulator.signer.verify(token.value, AUDIENCE)["oid"] == person.object_id
            return token

        return asyncio.run(calls())

    together(
        [
            lambda person=person, record=record, refusal=refusal: many(person, record, refusal)  # type: ignore[misc]
            for person, record in records
            for refusal in (3, 11, 17, 40)
        ]
    )

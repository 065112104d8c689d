"""Files are for the browser whose page was told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.web.files_told import FilesTold

if TYPE_CHECKING:
    import pytest


def telling(url: str) -> bytes:
    message = ForwardMsg()
    message.backend_operation_response.deferred_file.url = url
    return bytes(message.SerializeToString())


def test_only_the_session_that_was_told_may_use_and_only_exactly_this() -> None:
    files = FilesTold()
    files.note("mine", telling("/media/a.csv"))
    assert files.may_use("mine", "/media/a.csv")
    assert not files.may_use("mine", "/media/a.png")
    assert not files.may_use("mine", "/media/b.csv")
    assert not files.may_use("other", "/media/a.csv")


def test_what_is_not_a_file_of_a_page_is_not_noted() -> None:
    files = FilesTold()
    files.note("mine", telling("https://elsewhere.example/media/a.csv"))
    files.note("mine", telling("/compare?next=/media/a.csv"))
    assert not files.may_use("mine", "https://elsewhere.example/media/a.csv")
    assert not files.may_use("mine", "/compare?next=/media/a.csv")


def test_the_oldest_files_and_sessions_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.files_told.FILES_OF_A_SESSION", 2)
    monkeypatch.setattr("core.web.files_told.SESSIONS", 2)
    files = FilesTold()
    for name in "abac":
        files.note("one", telling(f"/media/{name}"))
    assert [files.may_use("one", f"/media/{name}") for name in "abc"] == [True, False, True]
    for session_id in ("two", "one", "three"):
        files.note(session_id, telling("/media/d"))
    assert [files.may_use(each, "/media/d") for each in ("one", "two", "three")] == [True, False, True]

"""The corners of Streamlit's protocol that the gate speaks, against the installed messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.web.streamlit_files import folder
from core.web.streamlit_wire import auth_redirect, is_user_action, urls_told


@pytest.mark.parametrize("url", ["/auth/signed-out", "/" + "a" * 300])
def test_the_redirect_is_what_streamlit_itself_would_send(url: str) -> None:
    message = ForwardMsg()
    message.auth_redirect.url = url
    assert auth_redirect(url) == message.SerializeToString()


def test_the_installed_frontend_follows_the_redirect() -> None:
    scripts = (file.read_text(encoding="utf-8") for file in (folder() / "static" / "js").glob("index.*.js"))
    assert any("authRedirect:" in script and "window.location.href=e.url" in script for script in scripts)


def test_the_pages_timer_is_no_user_action() -> None:
    timer = BackMsg()
    timer.rerun_script.is_auto_rerun = True
    timer.rerun_script.query_string = "id=1"
    timer.rerun_script.widget_states.widgets.add(id="x", double_value=1.5)
    assert not is_user_action(timer.SerializeToString())


def test_a_heartbeat_is_no_user_action() -> None:
    assert not is_user_action(BackMsg(app_heartbeat=True).SerializeToString())


def test_a_click_is_a_user_action() -> None:
    click = BackMsg()
    click.rerun_script.widget_states.widgets.add(id="x", trigger_value=True)
    click.rerun_script.cached_message_hashes.append("h" * 200)
    assert is_user_action(click.SerializeToString())
    assert is_user_action(BackMsg(stop_script=True).SerializeToString())


@given(st.binary())
def test_garbage_is_left_for_streamlit_to_judge(message: bytes) -> None:
    assert is_user_action(message) in {True, False}


def told_of(*given: tuple[str, str]) -> list[str]:
    """The files of one message per path of fields and value."""
    told = []
    for fields, value in given:
        message = ForwardMsg()
        *within, last = fields.split(".")
        place: Any = message
        for name in within:
            place = getattr(place, name)
        setattr(place, last, value)
        told += urls_told(message.SerializeToString())
    return told


def test_the_files_that_a_tab_is_told_of_are_found_where_streamlit_names_them() -> None:
    fields = (
        "delta.new_element.download_button.url",
        "backend_operation_response.deferred_file.url",
        "page_config_changed.favicon",
        "logo.image",
        "logo.icon_image",
    )
    for each in fields:
        assert told_of((each, "/media/a.csv")) == ["/media/a.csv"]
    uploads = ForwardMsg()
    uploads.file_urls_response.file_urls.add(
        file_id="/media/x", upload_url="/_stcore/upload_file/s/1", delete_url="/d"
    )
    assert urls_told(uploads.SerializeToString()) == ["/_stcore/upload_file/s/1", "/d"]
    pictures = ForwardMsg()
    pictures.delta.new_element.imgs.imgs.add(url="/media/a.png", caption="/media/b.png")
    pictures.delta.new_element.imgs.imgs.add(url="/media/c.png", alt="/media/d.png")
    assert urls_told(pictures.SerializeToString()) == ["/media/a.png", "/media/c.png"]


def test_an_address_that_somebody_wrote_tells_of_no_file() -> None:
    words = "![x](/media/a.csv) /media/a.csv"
    fields = (
        "delta.new_element.markdown.body",
        "delta.new_element.download_button.label",
        "delta.new_element.download_button.help",
        "delta.new_element.text_input.value",
        "delta.new_element.bidi_component.json",
        "backend_operation_response.error_msg",
        "page_info_changed.query_string",
    )
    assert told_of(*((each, words) for each in fields)) == []


@given(st.binary())
def test_garbage_tells_of_no_file_and_does_no_harm(message: bytes) -> None:
    assert isinstance(urls_told(message), list)

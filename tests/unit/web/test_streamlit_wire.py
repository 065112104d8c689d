"""The corners of Streamlit's protocol that the gate speaks, against the installed messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.web.streamlit_files import folder
from core.web.streamlit_wire import auth_redirect, is_user_action


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

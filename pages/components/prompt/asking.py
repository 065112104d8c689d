"""From a click to a run: what a person set on the page, asked of core, with failures kept for the page to show."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.errors import KeylessError, NotFound, SignInAgain
from pages.components.drawer_keys import drawer_key, renew
from pages.components.kept_failure import attempt, keep_failure
from pages.components.parameter_controls import parameters_as_set, set_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.runs.run import Run
    from core.storage.records import Conversation
    from pages.components.session import Visitor

QUESTION: Final = "question"
DEPLOYMENT: Final = "deployment"
SYSTEM: Final = "system"
_PAGE: Final = "prompt"
PARAMETER: Final = "parameter-"
EDITING: Final = "editing"
CONVERSATION: Final = "id"
_HEAD_START_SECONDS: Final = 0.01


def ask(visitor: Visitor, prompt: str | None = None) -> None:
    """Send ``prompt``, or what stands in the question box, as the next turn of the open conversation."""
    question = str(prompt or st.session_state[QUESTION] or "")
    send = partial(visitor.services.prompting.ask, conversation_id=st.query_params.get(CONVERSATION), prompt=question)
    _begin(visitor, partial(send, **_as_set(visitor)), draft=question)


def regenerate(visitor: Visitor, conversation_id: str, turn_id: str) -> None:
    """Ask the same once more, with what is set on the page now."""
    send = partial(visitor.services.prompting.regenerate, conversation_id=conversation_id, turn_id=turn_id)
    _begin(visitor, partial(send, **_as_set(visitor)))


def resend(visitor: Visitor, conversation_id: str, turn_id: str, prompt_key: str) -> None:
    """Send an edited prompt in place of an earlier one; what followed it is kept aside."""
    send = partial(visitor.services.prompting.edit, conversation_id=conversation_id, turn_id=turn_id)
    _begin(visitor, partial(send, prompt=str(st.session_state[prompt_key]), **_as_set(visitor)))


def opened(visitor: Visitor) -> tuple[Conversation | None, Run | None]:
    """The conversation that the address names, and the run that answers it now.

    An address that leads nowhere is left, with a sentence, so that the page can be used.
    """
    identifier = st.query_params.get(CONVERSATION)
    if not identifier:
        return None, None
    prompting = visitor.services.prompting
    # Looked up first: a run that ends in between is then in the conversation, whole.
    live = prompting.running(visitor.user, identifier)
    try:
        return prompting.conversation(visitor.user, identifier), live
    except NotFound as failure:
        begin_anew()
        keep_failure(failure)
        return None, None


def resume(visitor: Visitor, conversation: Conversation) -> bool:
    """Send again, by itself, the prompt that a sign-in which had run out interrupted; whether there was one."""
    runs = [run for turn in conversation.turns if not turn.superseded for run in turn.runs]
    if not runs or runs[-1].error is None or runs[-1].error.kind != SignInAgain.__name__:
        return False
    if runs[-1].started_at > visitor.session.created_at:
        return False
    retry = visitor.services.prompting.retry
    _begin(visitor, partial(retry, conversation_id=conversation.id, run_id=runs[-1].id))
    return True


def begin_editing(turn_id: str | None) -> None:
    """Open the editor for one turn, or close it."""
    st.session_state[EDITING] = turn_id


def begin_anew() -> None:
    """Leave the open conversation; it stays under its address, and what was set for it stays with it."""
    st.query_params.clear()
    begin_editing(None)
    set_as("", {})


def key_of(setting: str) -> str:
    """The key, or the beginning of keys, of ``SYSTEM`` or ``PARAMETER`` in the settings as they stand now."""
    return drawer_key(_PAGE, setting)


def set_as(system: str, parameters: Mapping[str, Any]) -> None:
    """Set the page's settings; parameters that are not named go back to the deployment's default."""
    renew(_PAGE, SYSTEM, PARAMETER)
    st.session_state[key_of(SYSTEM)] = system
    set_parameters(key_of(PARAMETER), parameters)


def open_conversation(conversation_id: str) -> None:
    """Go to another conversation."""
    st.query_params[CONVERSATION] = conversation_id
    begin_editing(None)


def rename(visitor: Visitor, conversation_id: str, title_key: str) -> None:
    """Give a conversation the title that was typed."""
    title = str(st.session_state[title_key] or "")
    attempt(lambda: visitor.services.prompting.rename(visitor.user, conversation_id, title))


def delete(visitor: Visitor, conversation_id: str) -> None:
    """Delete a conversation, and leave it."""

    def delete_and_leave() -> None:
        visitor.services.prompting.delete(visitor.user, conversation_id)
        begin_anew()

    attempt(delete_and_leave)


def settings_in_force(visitor: Visitor) -> int:
    """How many settings differ from the deployment's own."""
    now = _as_set(visitor)
    return len(now["parameters"].as_dict()) + bool(now["system"].strip())


def _as_set(visitor: Visitor) -> dict[str, Any]:
    """What the page is set to, as far as the chosen deployment takes it."""
    deployment_id = st.session_state[DEPLOYMENT]
    controls = visitor.services.controls_of(visitor.services.catalogue.find(deployment_id))
    return {
        "deployment_id": deployment_id,
        "system": st.session_state.get(key_of(SYSTEM), ""),
        "parameters": parameters_as_set(controls, key_of(PARAMETER)),
    }


def _begin(visitor: Visitor, send: Callable[[User, str, TokenSource], Run], *, draft: str = "") -> None:
    try:
        run = send(visitor.user, visitor.session.id, visitor.tokens)
    except KeylessError as failure:
        keep_failure(failure)
        if draft:
            st.session_state[QUESTION] = draft
        return
    # The call goes out on another thread. This one, busy with drawing, would take turns with it at the interpreter,
    # and the request would leave about 7 ms later.
    time.sleep(_HEAD_START_SECONDS)
    open_conversation(run.conversation_id)

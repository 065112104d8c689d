"""What can be done with the open conversation as a whole: rename it, delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from pages.components.prompt import asking

if TYPE_CHECKING:
    from core.storage.records import Conversation
    from pages.components.session import Visitor

_RENAME: Final = ":material/edit: Rename"
_DELETE: Final = ":material/delete: Delete"
_NEW_TITLE: Final = "new-title"


def draw_conversation_menu(visitor: Visitor, conversation: Conversation, *, is_answering: bool) -> None:
    """Draw the menu; while an answer is on its way nothing is changed under it."""
    chosen = st.menu_button(
        "More",
        (_RENAME, _DELETE),
        icon=":material/more_horiz:",
        disabled=is_answering,
        key="conversation-menu",
        help="Rename or delete this conversation",
    )
    if chosen == _RENAME:
        _draw_renaming(visitor, conversation)
    elif chosen == _DELETE:
        _draw_deleting(visitor, conversation)


@st.dialog("Rename this conversation")
def _draw_renaming(visitor: Visitor, conversation: Conversation) -> None:
    st.text_input("Title", conversation.title, key=_NEW_TITLE)
    rename = (visitor, conversation.id, _NEW_TITLE)
    if st.button("Rename", type="primary", on_click=asking.rename, args=rename, key="rename-conversation"):
        st.rerun()


@st.dialog("Delete this conversation?")
def _draw_deleting(visitor: Visitor, conversation: Conversation) -> None:
    st.markdown(f"**{as_label(conversation.title)}** with all its prompts and answers. It cannot be brought back.")
    delete = (visitor, conversation.id)
    if st.button("Delete for good", type="primary", on_click=asking.delete, args=delete, key="delete-conversation"):
        st.rerun()

"""A tab without a browser, light enough for a hundred at once: it speaks Streamlit's websocket and draws nothing."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.benchmarks.stub_model import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FIRST: Final = token(0).strip().encode()


@dataclass
class Seen:
    """What one tab saw of one answer; epoch seconds."""

    asked_at: float
    first_at: float = 0.0
    last_at: float = 0.0


class Tab:
    """One open tab of an app whose page has a question box."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._box = ""
        self._page = ""

    async def load(self) -> None:
        """Let the script run, as a freshly loaded page does, and find the question box."""
        await self._rerun(BackMsg())
        is_over = False
        while not is_over:
            told = ForwardMsg.FromString(await self._received())
            is_over = _is_over(told)
            self._page = told.navigation.page_script_hash or told.new_session.page_script_hash or self._page
            self._box = told.delta.new_element.chat_input.id or self._box
        assert self._box, "the page has no question box"

    async def ask(self, prompt: str, tokens: int) -> Seen:
        """Ask, and read on until the page has come to rest."""
        last, is_over = token(tokens - 1).strip().encode(), False
        message = BackMsg()
        message.rerun_script.widget_states.widgets.add(id=self._box).chat_input_value.data = prompt
        seen = Seen(time.time())
        await self._rerun(message)
        while not (is_over and seen.last_at):
            received = await self._received()
            if not seen.first_at and FIRST in received:
                seen.first_at = time.time()
            if not seen.last_at and last in received:
                seen.last_at = time.time()
            # Reading every message of a stream would cost as much as sending it.
            is_over = FIRST not in received and _is_over(ForwardMsg.FromString(received))
        return seen

    async def _rerun(self, message: BackMsg) -> None:
        message.rerun_script.query_string = ""
        message.rerun_script.page_script_hash = self._page
        await self._websocket.send(message.SerializeToString())

    async def _received(self) -> bytes:
        return await self._websocket.recv(decode=False)


def _is_over(told: ForwardMsg) -> bool:
    """Whether a script has run to its end, and not only to the beginning of its next run."""
    return told.WhichOneof("type") == "script_finished" and told.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY


@contextlib.asynccontextmanager
async def tab(url: str, cookie: str) -> AsyncIterator[Tab]:
    """A tab that is loaded; ``cookie`` is that of the session, "" where there is none."""
    async with connect(
        url.replace("http", "ws", 1) + "/_stcore/stream",
        origin=Origin(url),
        subprotocols=[Subprotocol("streamlit"), Subprotocol("x")],
        additional_headers={"Cookie": f"keyless_session={cookie}"} if cookie else {},
        compression=None,
        max_size=None,
        proxy=None,
        close_timeout=1,
    ) as websocket:
        opened = Tab(websocket)
        await opened.load()
        yield opened

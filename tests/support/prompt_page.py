"""The prompt page of a running app, used without a browser: widgets by their keys, text as it is shown."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Any, Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streamlit.proto.Delta_pb2 import Delta
    from websockets.sync.client import ClientConnection

    from tests.support.streamlit_tab import Browser

PATIENCE_SECONDS: Final = 30.0
_WORD_JOINER: Final = "\u2060"
_SHOWN: Final = ("markdown", "alert", "heading", "text")
_ENDED: Final = re.compile(r"· (?:done|failed|incomplete|filtered|stopped)$", re.MULTILINE)


class PromptPage:
    """A tab on the prompt page; ``opened`` makes one."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._texts: dict[tuple[int, ...], str] = {}
        self._drawn: set[tuple[int, ...]] = set()
        self._widgets: dict[str, str] = {}
        self._choices: dict[str, str] = {}
        self._numbers: dict[str, float] = {}
        self._cached: dict[str, Delta] = {}
        self._query = ""
        self._is_running = False

    @property
    def text(self) -> str:
        """Everything shown, top to bottom, without characters that nobody sees."""
        return "\n".join(self._texts[path] for path in sorted(self._texts)).replace(_WORD_JOINER, "")

    @property
    def conversation_id(self) -> str:
        """The conversation in the address bar."""
        return self._query.partition("id=")[2].partition("&")[0]

    def load(self) -> None:
        """Let the script run from its top, until it has ended."""
        self._send()
        self.wait_until_it_rests()

    def choose(self, label: str) -> None:
        """Choose a deployment by its label."""
        self._choices[self._widgets["deployment"]] = label
        self._send()
        self.wait_until_it_rests()

    def set_number(self, parameter: str, value: float) -> None:
        """Set a parameter of the deployment, by its name."""
        self._numbers[self._widgets[f"parameter-{parameter}"]] = value
        self._send()
        self.wait_until_it_rests()

    def ask(self, prompt: str) -> None:
        """Type a prompt and send it; what follows arrives while one waits."""
        self._send({self._widgets["question"]: prompt})

    def answer_to(self, prompt: str) -> str:
        """Send a prompt and wait until it was answered, or failed; everything shown then."""
        ended = len(_ENDED.findall(self.text))
        self.ask(prompt)
        self.wait_until(lambda page: not self._is_running and len(_ENDED.findall(page)) > ended)
        return self.text

    def wait_until_it_rests(self) -> None:
        """Take in what the server sends until the script has run to its end."""
        self.wait_until(lambda _: not self._is_running)

    def wait_until(self, is_shown: Callable[[str], object]) -> None:
        """Take in what the server sends until ``text`` is as wanted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_shown(self.text):
            assert time.monotonic() < deadline, self.text
            self._take_in()

    def _send(self, typed: dict[str, str] | None = None) -> None:
        """Let the script run again, with the state of every widget, as a browser does."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        states = message.rerun_script.widget_states.widgets
        for identifier, choice in self._choices.items():
            states.add(id=identifier, string_value=choice)
        for identifier, number in self._numbers.items():
            states.add(id=identifier, double_value=number)
        for identifier, text in (typed or {}).items():
            states.add(id=identifier).chat_input_value.data = text
        self._is_running = True
        self._websocket.send(message.SerializeToString())

    def _take_in(self) -> None:
        message = ForwardMsg()
        message.ParseFromString(bytes(self._websocket.recv(timeout=PATIENCE_SECONDS)))  # type: ignore[arg-type]  # Streamlit sends bytes only
        kind = message.WhichOneof("type")
        path = tuple(message.metadata.delta_path)
        if kind == "new_session":
            self._drawn = set()
            self._is_running = True
        elif kind == "delta":
            self._cached[message.hash] = message.delta
            self._draw(path, message.delta)
        elif kind == "ref_hash":
            self._draw(path, self._cached[message.ref_hash])
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            self._texts = {path: text for path, text in self._texts.items() if path in self._drawn}
            self._is_running = False

    def _draw(self, path: tuple[int, ...], delta: Delta) -> None:
        self._drawn.add(path)
        self._texts.pop(path, None)
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type") or ""
        element: Any = getattr(delta.new_element, kind, None)
        if kind in _SHOWN:
            parts = (getattr(element, part, "") for part in ("title", "body"))
            self._texts[path] = "\n".join(part for part in parts if part)
        identifier = str(getattr(element, "id", ""))
        if identifier.startswith("$$ID-"):
            self._widgets[identifier.split("-", 2)[2]] = identifier
        if kind == "selectbox" and (element.set_value or element.HasField("default")):
            self._choices[identifier] = element.raw_value if element.set_value else element.options[element.default]


@contextlib.contextmanager
def opened(browser: Browser) -> Iterator[PromptPage]:
    """The prompt page in a tab of ``browser``."""
    with browser.tab() as tab:
        page = PromptPage(tab.websocket)
        page.load()
        yield page

"""A browser of a running app without a browser: it signs in, and its tabs speak Streamlit's websocket."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.emulator.directory import BUSINESS_USER
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.emulator.directory import Person

PATIENCE_SECONDS = 20.0


class Browser:
    """Cookies of one person, or of a stranger.

    Args:
        url: The app's address.
        cookie: A session cookie that was got elsewhere.
    """

    def __init__(self, url: str, cookie: str = "") -> None:
        self.url = url
        self.cookie = cookie

    @classmethod
    def signed_in(cls, url: str, person: Person = BUSINESS_USER) -> Browser:
        """The browser of ``person``, after account picker and callback."""
        with httpx2.Client(base_url=url) as client:
            query = choose_account(client.get("/auth/sign-in").headers["location"], person)
            answer = client.get("/auth/callback", params=query)
            assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
            return cls(url, client.cookies["keyless_session"])

    def ask(self, path: str, *, method: str = "GET", **given: Any) -> httpx2.Response:  # noqa: ANN401 - as httpx2 takes it
        """One request with the cookie; redirects are not followed."""
        headers = httpx2.Headers(given.pop("headers", {}))
        if self.cookie:
            headers["cookie"] = f"keyless_session={self.cookie}"
        with httpx2.Client(base_url=self.url) as client:
            return client.request(method, path, headers=headers, **given)

    @contextlib.contextmanager
    def tab(
        self, coming_back_as: str = "", *, origin: str | None = "", headers: Sequence[tuple[str, str]] = ()
    ) -> Iterator[Tab]:
        """A tab's websocket; with ``coming_back_as`` it wants to go on with that Streamlit session."""
        shown = self.url if origin == "" else origin
        with connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=None if shown is None else Origin(shown),
            subprotocols=[Subprotocol(each) for each in ("streamlit", "x", coming_back_as) if each],
            additional_headers=[*headers, *([("Cookie", f"keyless_session={self.cookie}")] if self.cookie else [])],
            max_size=None,
            proxy=None,
            close_timeout=1,
        ) as websocket:
            yield Tab(websocket)


@dataclass
class Tab:
    """One open tab."""

    websocket: ClientConnection

    def rerun(self) -> None:
        """Let the script run, as a freshly loaded page does."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        self.websocket.send(message.SerializeToString())

    def upload_address(self) -> str:
        """Where Streamlit tells this tab to send a file to."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append("x.csv")
        message.file_urls_request.session_id = self.run_script()[0]
        self.websocket.send(message.SerializeToString())
        while True:
            told = ForwardMsg()
            told.ParseFromString(bytes(self.websocket.recv(timeout=PATIENCE_SECONDS)))  # type: ignore[arg-type]  # as below
            if told.WhichOneof("type") == "file_urls_response":
                return str(told.file_urls_response.file_urls[0].upload_url)

    def closed_with(self) -> int | None:
        """The code the server closes with; what it sends before is read away."""
        try:
            while True:
                self.websocket.recv(timeout=PATIENCE_SECONDS)
        except ConnectionClosed:
            return self.websocket.close_code

    def run_script(self) -> tuple[str, str]:
        """Run the script to its end; Streamlit's session id, and everything that was sent, as text."""
        self.rerun()
        session_id, shown = "", []
        while True:
            message = ForwardMsg()
            message.ParseFromString(bytes(self.websocket.recv(timeout=PATIENCE_SECONDS)))  # type: ignore[arg-type]  # Streamlit sends bytes only
            shown.append(str(message))
            if message.WhichOneof("type") == "new_session":
                session_id = message.new_session.initialize.session_id
            if message.WhichOneof("type") == "script_finished":
                return session_id, "\n".join(shown)

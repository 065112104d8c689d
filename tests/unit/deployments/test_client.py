"""Whose token is sent, and what else leaves the process: nothing."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import openai
import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

import core.deployments
from core.deployments import wire
from core.deployments.client import Clients
from core.deployments.deployment import Operation
from core.deployments.parameters import Message
from core.emulator.directory import PEOPLE
from core.errors import KeylessError, SignInAgain, TokenError, UnexpectedReply
from core.settings.reading import KEY_LIKE
from tests.support.openai_calls import BRISK, LEGACY, access_token
from tests.support.raw_server import UNTIL_CLOSED, Conversation, raw_server
from tests.support.serving import serving
from tests.unit.deployments.asking import ScriptedTokens, ask, deployment_at, ending, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.emulator.emulator import Emulator
    from tests.support.raw_server import RawServer

SENT = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
}


def answer(conversation: Conversation) -> None:
    conversation.send(UNTIL_CLOSED + b"".join(pieces(Operation.CHAT, "x") + ending(Operation.CHAT)))


@pytest.fixture
def server() -> Iterator[RawServer]:
    with raw_server(answer) as server:
        yield server


class TestIsolation:
    async def test_16_people_times_60_calls_each_carry_their_own_token(self) -> None:
        """Each call says in its prompt who makes it; the server notes which token came with it."""
        noted: list[tuple[str, str]] = []

        async def note(request: Request) -> StreamingResponse:
            body = json.loads(await request.body())
            said = body["messages"][-1]["content"] if "messages" in body else body["input"][-1]["content"]
            noted.append((said, request.headers["authorization"]))
            operation = Operation.CHAT if "messages" in body else Operation.RESPONSES
            return StreamingResponse(
                iter(pieces(operation, said) + ending(operation)), media_type="text/event-stream"
            )

        app = Starlette(
            routes=[
                Route("/openai/v1/responses", note, methods=["POST"]),
                Route("/openai/v1/chat/completions", note, methods=["POST"]),
                Route("/openai/deployments/gpt-lab/chat/completions", note, methods=["POST"]),
            ]
        )
        clients = Clients()
        with serving(app) as url:
            places = [
                deployment_at(url, Operation.RESPONSES),
                deployment_at(url, Operation.CHAT),
                deployment_at(url, Operation.CHAT, api_version="2024-10-21"),
            ]
            await asyncio.gather(*(self._call_often(clients, places, f"person-{number}") for number in range(16)))
            await clients.close()
        assert len(noted) == 16 * 60
        assert all(authorization == f"Bearer token-of-{person}" for person, authorization in noted)

    async def _call_often(self, clients: Clients, places: list[Deployment], person: str) -> None:
        tokens = ScriptedTokens(lambda _scope, _refused: f"token-of-{person}", identity=person)
        for number in range(60):
            place = places[number % len(places)]
            outcome = await ask(clients, place, tokens, messages=[Message("user", person)])
            assert outcome.text == person, outcome.error and outcome.error.detail

    async def test_the_emulator_sees_who_called(
        self, catalogue: Catalogue, clients: Clients, shared_emulator: Emulator
    ) -> None:
        for person in PEOPLE[:4]:
            token = access_token(shared_emulator, person.object_id)
            outcome = await ask(
                clients, catalogue.find(f"contoso-sweden/{BRISK}"), ScriptedTokens(lambda *_, token=token: token)
            )
            assert outcome.error is None
            assert shared_emulator.received[-1].oid == person.object_id

    async def test_a_base_client_cannot_send(self, server: RawServer) -> None:
        clients = Clients()
        for api_version in (None, "2024-10-21"):
            base = clients._base(server.url, api_version)
            with pytest.raises(RuntimeError, match="nobody's token"):
                await base.chat.completions.create(model="m", messages=[])
        assert server.requests == []
        await clients.close()

    def test_nobody_replaces_the_key_of_a_client(self) -> None:
        """Looks for ``….api_key = …`` and its like in all the code there is."""
        root = Path(core.deployments.__file__).parents[2]
        found = [
            f"{path}: {ast.unparse(node)}"
            for folder in ("core", "pages")
            for path in (root / folder).rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if _replaces_a_key(node)
        ]
        assert found == []

    @pytest.mark.parametrize(
        "code", ["client.api_key = token", "x.y.api_key: str = token", "c.api_key += '1'", "setattr(c, 'api_key', t)",
                 "(c.azure_ad_token, x) = t, 1", "c._api_key_provider = p"],
    )  # fmt: skip
    def test_the_search_for_it_finds_it(self, code: str) -> None:
        assert any(_replaces_a_key(node) for node in ast.walk(ast.parse(code)))


def _replaces_a_key(node: ast.AST) -> bool:
    names = {"api_key", "azure_ad_token", "_api_key_provider", "_azure_ad_token_provider", "_azure_ad_token"}
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return node.attr in names
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "setattr"
        and any(isinstance(argument, ast.Constant) and argument.value in names for argument in node.args)
    )


class TestWhatIsSent:
    @pytest.mark.parametrize("api_version", [None, "2024-10-21"])
    async def test_only_named_headers_leave_the_process(
        self, server: RawServer, clients: Clients, api_version: str | None
    ) -> None:
        await ask(clients, deployment_at(server.url, api_version=api_version))
        (request,) = server.requests
        assert set(request.headers) == SENT
        assert request.headers["authorization"] == "Bearer a-token"
        assert request.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("api_version", [None, "2024-10-21"])
    async def test_variables_of_the_environment_have_no_effect(
        self, server: RawServer, monkeypatch: pytest.MonkeyPatch, api_version: str | None
    ) -> None:
        for name in KEY_LIKE:
            monkeypatch.setenv(name, "from-the-environment")
        monkeypatch.setenv(
            "OPENAI_CUSTOM_HEADERS",
            "Authorization: Bearer another\napi-key: a-key\nCookie: a=b\nX-Leak: 1\nHost: evil.example",
        )
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:9/elsewhere")
        monkeypatch.setenv("OPENAI_API_VERSION", "1999-01-01")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
            monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
        clients = Clients()
        outcome = await ask(clients, deployment_at(server.url, api_version=api_version))
        await clients.close()
        assert outcome.text == "x"
        (request,) = server.requests
        assert set(request.headers) == SENT
        assert request.headers["authorization"] == "Bearer a-token"
        assert request.headers["host"] == f"127.0.0.1:{server.port}"
        assert "1999" not in request.line

    async def test_each_dialect_has_its_own_address(self, server: RawServer, clients: Clients) -> None:
        prefix = f"{server.url}/emulator/resources/lab"
        lines = {
            (None, Operation.RESPONSES): "/openai/v1/responses",
            (None, Operation.CHAT): "/openai/v1/chat/completions",
            (None, Operation.COMPLETIONS): "/openai/v1/completions",
            ("2024-10-21", Operation.CHAT): "/openai/deployments/gpt-lab/chat/completions?api-version=2024-10-21",
            ("2022-12-01", Operation.COMPLETIONS): "/openai/deployments/gpt-lab/completions?api-version=2022-12-01",
            ("2025-03-01-preview", Operation.RESPONSES): "/openai/responses?api-version=2025-03-01-preview",
        }
        for api_version, operation in lines:
            await ask(clients, deployment_at(prefix, operation, api_version=api_version))
        expected = [f"POST /emulator/resources/lab{line} HTTP/1.1" for line in lines.values()]
        assert [request.line for request in server.requests] == expected

    async def test_no_cookie_is_carried_to_another_call(self, clients: Clients) -> None:
        def set_cookie(conversation: Conversation) -> None:
            head = UNTIL_CLOSED.replace(b"\r\n\r\n", b"\r\nset-cookie: gateway=anna; Path=/\r\n\r\n")
            conversation.send(head + b"".join(pieces(Operation.CHAT, "x") + ending(Operation.CHAT)))

        with raw_server(set_cookie) as server:
            for _ in range(3):
                assert (await ask(clients, deployment_at(server.url))).text == "x"
            assert not any("cookie" in request.headers for request in server.requests)
        assert list(clients._pool.cookies.jar) == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_takes_nothing_anywhere(self, clients: Clients, status: int) -> None:
        with raw_server(answer) as elsewhere:
            location = f"location: {elsewhere.url}/openai/v1/chat/completions".encode()
            head = f"HTTP/1.1 {status} Moved\r\ncontent-length: 0\r\n".encode() + location + b"\r\n\r\n"
            with raw_server(lambda conversation: conversation.send(head)) as server:
                outcome = await ask(clients, deployment_at(server.url))
        assert isinstance(outcome.failure, UnexpectedReply)
        assert "sends the call elsewhere" in outcome.failure.title
        assert elsewhere.requests == []

    async def test_a_connection_is_used_again(
        self, catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens
    ) -> None:
        for _ in range(5):
            assert (await ask(clients, catalogue.find(f"contoso-sweden/{BRISK}"), tokens)).error is None
        pool = clients._pool._transport._inner._pool  # type: ignore[attr-defined]  # no public way to count
        assert len(pool.connections) == 1

    async def test_no_call_makes_a_tls_context(
        self, catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await ask(clients, catalogue.find(f"contoso-sweden/{BRISK}"), tokens)
        made: list[object] = []
        monkeypatch.setattr(ssl, "SSLContext", made.append)
        monkeypatch.setattr(ssl, "create_default_context", made.append)
        for deployment in (f"contoso-sweden/{BRISK}", f"contoso-eastus/{LEGACY}"):
            assert (await ask(clients, catalogue.find(deployment), tokens)).error is None
        assert made == []


class TestSecrets:
    TOKEN = "eyJhbGciOiJSUzI1NiJ9.a-canary.x"

    @pytest.mark.parametrize(
        "reply",
        [
            b"",
            b"HTTP/1.1 401 No\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{}",
            b"HTTP/1.1 500 No\r\nconnection: close\r\n\r\nboom",
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>",
            UNTIL_CLOSED + b"data: {\n\n",
            UNTIL_CLOSED + b'data: {"error": {"code": "server_error"}}\n\n',
        ],
    )
    async def test_no_token_and_no_vendor_exception_hangs_on_an_error(
        self, clients: Clients, reply: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with raw_server(lambda conversation: conversation.send(reply)) as server:
            outcome = await ask(clients, deployment_at(server.url), ScriptedTokens(lambda *_: self.TOKEN))
        error: BaseException | None = outcome.failure
        while error is not None:
            assert isinstance(error, KeylessError)
            assert self.TOKEN not in f"{vars(error)}{error.args}"
            error = error.__cause__ or error.__context__
        assert self.TOKEN not in caplog.text
        assert "canary" not in repr(outcome)

    async def test_a_source_that_fails_with_a_secret_in_its_text_is_classified(
        self, server: RawServer, clients: Clients
    ) -> None:
        def fail(_scope: str, _refused: str) -> str:
            raise RuntimeError(self.TOKEN)

        outcome = await ask(clients, deployment_at(server.url), ScriptedTokens(fail))
        assert type(outcome.failure) is TokenError
        assert "RuntimeError" in outcome.failure.detail
        assert self.TOKEN not in outcome.failure.detail
        assert outcome.failure.__context__ is None
        assert server.requests == []

    async def test_a_source_s_own_error_passes_as_it_is(self, server: RawServer, clients: Clients) -> None:
        def fail(_scope: str, _refused: str) -> str:
            raise SignInAgain(claims="{}")

        outcome = await ask(clients, deployment_at(server.url), ScriptedTokens(fail))
        assert isinstance(outcome.failure, SignInAgain)
        assert outcome.failure.claims == "{}"

    @pytest.mark.parametrize("token", ["", "two\nlines", "a b", "n\u00e4h", "nul\x00", "cr\r\nX-Leak: 1"])
    async def test_a_token_that_no_header_may_have_is_never_sent(
        self, server: RawServer, clients: Clients, token: str
    ) -> None:
        outcome = await ask(clients, deployment_at(server.url), ScriptedTokens(lambda *_: token))
        assert type(outcome.failure) is TokenError
        assert "no header may have" in outcome.failure.title
        assert server.requests == []


def test_the_catalogue_and_the_parameters_import_no_heavy_library() -> None:
    code = (
        "import sys, core.deployments.catalogue, core.deployments.parameters, core.deployments.client, "
        "core.deployments.events, core.deployments.costs, core.deployments.request_body; "
        "heavy = ('openai', 'httpx2', 'sqlalchemy', 'msal', 'azure', 'requests'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    root = Path(core.deployments.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)  # noqa: S603 - our own code
    assert done.stdout.strip() == "[]"


def test_after_preloading_the_first_call_imports_nothing() -> None:
    code = """
import asyncio, sys
from core.deployments.preloading import preload
preload()
from core.deployments.client import Clients
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import ask, deployment_at
from tests.unit.deployments.test_client import answer

async def first_call():
    with raw_server(answer) as server:
        clients = Clients()
        before = set(sys.modules)
        outcome = await ask(clients, deployment_at(server.url))
        print(outcome.text, sorted(set(sys.modules) - before))
        await clients.close()

asyncio.run(first_call())
"""
    root = Path(core.deployments.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)  # noqa: S603 - our own code
    assert done.stdout.strip() == "x []"


def test_the_library_is_the_one_whose_habits_were_studied() -> None:
    assert openai.__version__ == "3.51.0"
    assert wire.READ_SECONDS == 60

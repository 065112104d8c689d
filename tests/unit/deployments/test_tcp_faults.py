"""Faults below HTTP, for every operation: the connection breaks, lies, or says nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import ssl
from typing import TYPE_CHECKING, Final

import pytest
import trustme

from core import errors
from core.deployments.client import Clients
from core.deployments.deployment import Operation
from tests.support.raw_server import CHUNKED, EVENT_STREAM, UNTIL_CLOSED, Conversation, raw_server
from tests.unit.deployments.asking import ask, deployment_at, ending, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT: Final = ("Glacé ", "& ", "gelato ", "🍦")
OPERATIONS: Final = list(Operation)
Fault = tuple["Callable[[Conversation, Operation], None]", type[errors.KeylessError] | None]


def half(operation: Operation) -> bytes:
    """The beginning of an answer: all its text, no end."""
    return b"".join(pieces(operation, *TEXT))


def whole(operation: Operation) -> bytes:
    return half(operation) + b"".join(ending(operation))


def close_at_once(_conversation: Conversation, _operation: Operation) -> None:
    return


def reset_at_once(conversation: Conversation, _operation: Operation) -> None:
    conversation.reset()


def half_a_status_line(conversation: Conversation, _operation: Operation) -> None:
    conversation.send(b"HTTP/1.1 20")


def no_http(conversation: Conversation, _operation: Operation) -> None:
    conversation.send(b"220 mail.contoso.example ESMTP\r\n\r\n")


def giant_header(conversation: Conversation, operation: Operation) -> None:
    conversation.send(EVENT_STREAM + b"x-padding: " + b"x" * 200_000 + b"\r\n\r\n" + whole(operation))


def nothing_at_all(conversation: Conversation, _operation: Operation) -> None:
    conversation.wait_until_hung_up()


def headers_and_nothing(conversation: Conversation, _operation: Operation) -> None:
    conversation.send(CHUNKED)
    conversation.wait_until_hung_up()


NOTHING_ARRIVES: Final[dict[str, Fault]] = {
    "FIN before headers": (close_at_once, errors.Unreachable),
    "RST before headers": (reset_at_once, errors.Unreachable),
    "half a status line": (half_a_status_line, errors.Unreachable),
    "another protocol": (no_http, errors.Unreachable),
    "a header of 200 KB": (giant_header, errors.Unreachable),
    "silence": (nothing_at_all, errors.TimedOut),
    "silence after headers": (headers_and_nothing, errors.TimedOut),
}


def lying_length(conversation: Conversation, operation: Operation) -> None:
    conversation.send(EVENT_STREAM + b"content-length: 100000\r\n\r\n" + half(operation))


def short_length(conversation: Conversation, operation: Operation) -> None:
    conversation.send(EVENT_STREAM + f"content-length: {len(half(operation))}\r\n\r\n".encode() + whole(operation))


def half_a_chunk(conversation: Conversation, operation: Operation) -> None:
    conversation.send(CHUNKED)
    conversation.send_chunk(half(operation))
    conversation.send(b"ff0\r\ndata: {")


def no_last_chunk(conversation: Conversation, operation: Operation) -> None:
    conversation.send(CHUNKED)
    conversation.send_chunk(half(operation))


def nonsense_for_a_chunk(conversation: Conversation, operation: Operation) -> None:
    conversation.send(CHUNKED)
    conversation.send_chunk(half(operation))
    conversation.send(b"this is no length\r\n")


def closed_early(conversation: Conversation, operation: Operation) -> None:
    conversation.send(UNTIL_CLOSED + half(operation))


def stalled(conversation: Conversation, operation: Operation) -> None:
    conversation.send(CHUNKED)
    conversation.send_chunk(half(operation))
    conversation.wait_until_hung_up()


A_PART_ARRIVES: Final[dict[str, Fault]] = {
    "a length that lies": (lying_length, errors.Unreachable),
    "a length too short": (short_length, None),
    "half a chunk": (half_a_chunk, errors.Unreachable),
    "no last chunk": (no_last_chunk, errors.Unreachable),
    "nonsense for a chunk": (nonsense_for_a_chunk, errors.Unreachable),
    "FIN where the body may end so": (closed_early, None),
    "a stall": (stalled, errors.TimedOut),
}
"""With ``None`` the call ends without a finish reason, otherwise it raises."""


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", NOTHING_ARRIVES)
async def test_a_connection_that_gives_nothing_is_one_request_and_one_error(
    clients: Clients, impatient_clients: Clients, operation: Operation, name: str
) -> None:
    fault, expected = NOTHING_ARRIVES[name]
    clients = impatient_clients if expected is errors.TimedOut else clients
    with raw_server(lambda conversation: fault(conversation, operation)) as server:
        outcome = await ask(clients, deployment_at(server.url, operation))
        assert type(outcome.failure) is expected, outcome.failure.detail
        assert outcome.failure.retryable
        assert outcome.text == ""
        assert len(server.requests) == 1


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", A_PART_ARRIVES)
async def test_a_connection_that_breaks_leaves_the_text_byte_for_byte(
    clients: Clients, impatient_clients: Clients, operation: Operation, name: str
) -> None:
    fault, expected = A_PART_ARRIVES[name]
    clients = impatient_clients if expected is errors.TimedOut else clients
    with raw_server(lambda conversation: fault(conversation, operation)) as server:
        outcome = await ask(clients, deployment_at(server.url, operation))
        assert outcome.text == "".join(TEXT)
        if expected is None:
            assert outcome.error is None
            assert outcome.finished.finish_reason is None
        else:
            assert type(outcome.failure) is expected, outcome.failure.detail


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_reset_in_mid_stream_is_an_error_after_the_text(clients: Clients, operation: Operation) -> None:
    seen = asyncio.Event()
    loop = asyncio.get_running_loop()

    def reset_once_read(conversation: Conversation) -> None:
        conversation.send(CHUNKED)
        conversation.send_chunk(half(operation))
        asyncio.run_coroutine_threadsafe(seen.wait(), loop).result(10)
        conversation.reset()

    with raw_server(reset_once_read) as server:
        outcome = await ask(clients, deployment_at(server.url, operation), heard=lambda _event: seen.set())
    assert outcome.text == "".join(TEXT)
    assert isinstance(outcome.failure, errors.Unreachable)
    assert "broke" in outcome.failure.title


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_break_after_the_finish_reason_is_no_break_of_the_answer(
    clients: Clients, operation: Operation
) -> None:
    def finish_and_break(conversation: Conversation) -> None:
        conversation.send(CHUNKED)
        conversation.send_chunk(half(operation) + ending(operation)[0])
        conversation.send(b"not a chunk\r\n")

    with raw_server(finish_and_break) as server:
        outcome = await ask(clients, deployment_at(server.url, operation))
    assert outcome.error is None
    assert outcome.finished.finish_reason == "stop"
    assert outcome.text == "".join(TEXT)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_slow_drip_ends_at_the_total_deadline(clients: Clients, operation: Operation) -> None:
    def drip(conversation: Conversation) -> None:
        conversation.send(UNTIL_CLOSED)
        conversation.drip(itertools.cycle(pieces(operation, "x")), 0.05)

    with raw_server(drip) as server:
        outcome = await ask(clients, deployment_at(server.url, operation), deadline_seconds=0.8)
        assert await asyncio.to_thread(server.hung_up.wait, 10)
    assert isinstance(outcome.failure, errors.TimedOut)
    assert "0.8 seconds in all" in outcome.failure.title
    assert set(outcome.text) == {"x"}


async def test_silence_ends_at_the_total_deadline_too() -> None:
    clients = Clients(read_seconds=60)
    with raw_server(lambda conversation: conversation.wait_until_hung_up()) as server:
        outcome = await ask(clients, deployment_at(server.url), deadline_seconds=0.3)
        assert await asyncio.to_thread(server.hung_up.wait, 10)
    await clients.close()
    assert isinstance(outcome.failure, errors.TimedOut)


async def test_a_server_that_lingers_after_the_last_word_holds_nobody_up() -> None:
    def linger(conversation: Conversation) -> None:
        conversation.send(CHUNKED)
        conversation.send_chunk(whole(Operation.CHAT))
        conversation.wait_until_hung_up()

    clients = Clients(read_seconds=60)
    with raw_server(linger) as server:
        async with asyncio.timeout(10):
            outcome = await ask(clients, deployment_at(server.url))
        assert await asyncio.to_thread(server.hung_up.wait, 10)
    await clients.close()
    assert outcome.finished.finish_reason == "stop"


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_text_and_the_break_in_one_packet_still_give_the_text(clients: Clients, operation: Operation) -> None:
    with raw_server(lambda talk: talk.send(UNTIL_CLOSED + half(operation) + b"data: {broken}\n\n")) as server:
        outcome = await ask(clients, deployment_at(server.url, operation))
    assert outcome.text == "".join(TEXT)
    assert isinstance(outcome.failure, errors.UnexpectedReply)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": {"code": "rate_limit_exceeded", "message": "x"}}', errors.RateLimited),
        (b'{"error": "down"}', errors.ServiceFailed),
        (b'{"choices": []}', errors.UnexpectedReply),
        (b"x" * 1_000_000, errors.UnexpectedReply),
    ],
    ids=["limit", "down", "answer", "long"],
)
async def test_a_document_in_place_of_a_stream_may_say_what_failed(
    clients: Clients, body: bytes, kind: type[errors.KeylessError]
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
    with raw_server(lambda conversation: conversation.send(head + body)) as server:
        outcome = await ask(clients, deployment_at(server.url))
    assert type(outcome.failure) is kind


async def test_leaving_the_answer_hangs_up_at_once() -> None:
    clients = Clients(read_seconds=60)
    with raw_server(lambda conversation: stalled(conversation, Operation.CHAT)) as server:
        started = asyncio.Event()
        asking = ask(clients, deployment_at(server.url), heard=lambda _event: started.set())
        task = asyncio.create_task(asking)
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.hung_up.wait, 1)
    await clients.close()


async def test_a_long_refusal_is_read_only_so_far(clients: Clients) -> None:
    def endless_refusal(conversation: Conversation) -> None:
        conversation.send(b"HTTP/1.1 500 No\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n")
        conversation.drip(itertools.repeat(b"x" * 65536), 0.001)

    with raw_server(endless_refusal) as server:
        outcome = await ask(clients, deployment_at(server.url))
        assert await asyncio.to_thread(server.hung_up.wait, 10)
    assert isinstance(outcome.failure, errors.ServiceFailed)


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"deflate", b"zstd", b"identity, gzip"])
async def test_a_compressed_reply_is_refused_unread(clients: Clients, encoding: bytes) -> None:
    for head in (EVENT_STREAM, b"HTTP/1.1 500 No\r\ncontent-type: text/html\r\n"):
        reply = head + b"content-encoding: " + encoding + b"\r\nconnection: close\r\n\r\n\x1f\x8b"
        with raw_server(lambda conversation, reply=reply: conversation.send(reply)) as server:  # type: ignore[misc]
            outcome = await ask(clients, deployment_at(server.url))
        assert isinstance(outcome.failure, errors.UnexpectedReply)
        assert "compressed" in outcome.failure.detail


class TestTls:
    async def failure(
        self, ca: trustme.CA, certificate: trustme.LeafCert, host: str = "localhost"
    ) -> errors.KeylessError:
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(server_side)
        trusting = ssl.create_default_context()
        ca.configure_trust(trusting)
        clients = Clients(tls=trusting)
        with raw_server(
            lambda conversation: conversation.send(UNTIL_CLOSED + whole(Operation.CHAT)), server_side, host
        ) as server:
            outcome = await ask(clients, deployment_at(server.url))
            assert server.requests == [], "nothing is sent to a server that is not who it should be"
        await clients.close()
        assert isinstance(outcome.failure, errors.Unreachable)
        assert not outcome.failure.retryable
        return outcome.failure

    async def test_a_good_certificate_lets_the_call_through(self) -> None:
        ca = trustme.CA()
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(server_side)
        trusting = ssl.create_default_context()
        ca.configure_trust(trusting)
        clients = Clients(tls=trusting)
        with raw_server(
            lambda conversation: conversation.send(UNTIL_CLOSED + whole(Operation.CHAT)), server_side, "localhost"
        ) as server:
            outcome = await ask(clients, deployment_at(server.url))
        await clients.close()
        assert outcome.text == "".join(TEXT)

    async def test_another_name_is_said_to_be_that(self) -> None:
        ca = trustme.CA()
        failure = await self.failure(ca, ca.issue_cert("elsewhere.contoso.example"))
        assert "belongs to another name" in failure.title

    async def test_an_expired_certificate_is_said_to_be_that(self) -> None:
        ca = trustme.CA()
        past = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
        failure = await self.failure(
            ca, ca.issue_cert("localhost", not_before=past - dt.timedelta(days=1), not_after=past)
        )
        assert "expired" in failure.title

    async def test_a_certificate_from_the_future_points_to_the_clock(self) -> None:
        ca = trustme.CA()
        failure = await self.failure(
            ca, ca.issue_cert("localhost", not_before=dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
        )
        assert "not valid yet" in failure.title
        assert "clock" in failure.remedy

    async def test_an_unknown_authority_is_said_to_be_that(self) -> None:
        failure = await self.failure(trustme.CA(), trustme.CA().issue_cert("localhost"))
        assert "authority that this server does not know" in failure.title

    async def test_no_common_version_is_a_secure_connection_that_broke(self) -> None:
        ca = trustme.CA()
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(old)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        new = ssl.create_default_context()
        ca.configure_trust(new)
        new.minimum_version = ssl.TLSVersion.TLSv1_3
        clients = Clients(tls=new)
        with raw_server(lambda conversation: conversation.send(UNTIL_CLOSED), old, "localhost") as server:
            outcome = await ask(clients, deployment_at(server.url))
        await clients.close()
        assert isinstance(outcome.failure, errors.Unreachable)
        assert "secure connection" in outcome.failure.title, outcome.failure.detail


async def test_a_refused_connection_is_said_to_be_that(clients: Clients) -> None:
    with raw_server(lambda conversation: conversation.reset()) as server:
        gone = server.url
    outcome = await ask(clients, deployment_at(gone))
    assert "refuses connections" in outcome.failure.title

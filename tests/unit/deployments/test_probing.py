from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.deployments.catalogue import Operation
from core.deployments.lessons import Lessons
from core.deployments.probing import probe
from core.errors import Unreachable
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import ScriptedTokens, deployment_at

if TYPE_CHECKING:
    from core.deployments.client import Clients
    from tests.support.raw_server import Conversation

REFUSAL = b'{"error": {"message": "Invalid value", "param": "input", "code": "invalid_value"}}'
ANSWER = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"


async def test_a_connection_that_was_kept_too_long_is_no_finding(clients: Clients) -> None:
    answers = iter((None, ANSWER % (len(REFUSAL), REFUSAL)))

    def hang_up_first(conversation: Conversation) -> None:
        if answer := next(answers):
            conversation.send(answer)

    with raw_server(hang_up_first) as server:
        await probe(clients, deployment_at(server.url), Operation.RESPONSES, ScriptedTokens(), Lessons())
        assert len(server.requests) == 2


async def test_a_connection_that_breaks_twice_is_one(clients: Clients) -> None:
    with raw_server(lambda _conversation: None) as server:
        with pytest.raises(Unreachable):
            await probe(clients, deployment_at(server.url), Operation.RESPONSES, ScriptedTokens(), Lessons())
        assert len(server.requests) == 2

"""What a deployment refuses is left out, renamed or replaced, said, and remembered."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.deployments.deployment import Operation
from core.deployments.lessons import Lesson, Lessons
from core.deployments.parameters import CONTROLS, Message, Parameters
from core.deployments.request_body import fitting
from core.emulator import refusals
from core.errors import DeploymentMissing, RequestRefused, RoleMissing, StorageError, TokenRefused, UnexpectedReply
from tests.support.openai_calls import BRISK, LAVISH, LEGACY, REASONING, RESPONSES_ONLY, access_token
from tests.support.raw_server import UNTIL_CLOSED, Conversation, raw_server
from tests.unit.deployments.asking import ScriptedTokens, ask, deployment_at, ending, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.deployments.catalogue import Catalogue, Deployment
    from core.deployments.client import Clients
    from core.emulator.emulator import Emulator
    from core.emulator.reply import Refused

EVERYTHING = Parameters(temperature=0.2, top_p=0.9, max_output_tokens=200, reasoning_effort="low", verbosity="low")
AUTO = tuple(Operation)


def script(*answers: Refused | Operation) -> Callable[[Conversation], None]:
    """Give these answers in turn, the last one for ever; an operation is a sound answer."""
    left = list(answers)

    def give(conversation: Conversation) -> None:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, Operation):
            conversation.send(UNTIL_CLOSED + b"".join(pieces(said, "x") + ending(said)))
            return
        head = f"HTTP/1.1 {said.status} No\r\ncontent-type: application/json\r\ncontent-length: {len(said.body)}\r\n"
        # It hangs up, and says so: otherwise the next request may still take this connection.
        conversation.send(head.encode() + b"connection: close\r\n\r\n" + said.body)

    return give


class TestParameters:
    @pytest.mark.parametrize("operation", [Operation.RESPONSES, Operation.CHAT])
    async def test_a_reasoning_deployment_learns_once_and_is_not_asked_again(
        self,
        catalogue: Catalogue,
        clients: Clients,
        tokens: ScriptedTokens,
        shared_emulator: Emulator,
        operation: Operation,
    ) -> None:
        deployment = replace(catalogue.find(f"contoso-sweden/{REASONING}"), operations=(operation,), parameters=None)
        lessons = Lessons()
        parameters = replace(EVERYTHING, verbosity=None)
        assert fitting(deployment, lessons) == CONTROLS

        before = len(shared_emulator.received)
        first = await ask(clients, deployment, tokens, parameters=parameters, lessons=lessons)
        asked_first = len(shared_emulator.received) - before
        second = await ask(clients, deployment, tokens, parameters=parameters, lessons=lessons)

        assert first.error is None
        assert first.text
        assert asked_first == 3, "one request for each refused parameter, and the one that is taken"
        assert len(shared_emulator.received) - before == asked_first + 1
        assert second.text
        for outcome in (first, second):
            assert outcome.notices == [
                "Temperature was left out: o4 (Sweden, thinks first) does not take it.",
                "Top p was left out: o4 (Sweden, thinks first) does not take it.",
            ]
        assert {(lesson.operation, lesson.parameter, lesson.action) for lesson in lessons.all()} == {
            (operation, "temperature", "drop"),
            (operation, "top_p", "drop"),
        }
        assert fitting(deployment, lessons) == ("max_output_tokens", "reasoning_effort", "verbosity")
        assert first.finished.usage is not None
        assert first.finished.usage.reasoning_tokens

    @pytest.mark.parametrize(
        ("old", "new"), [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")]
    )
    async def test_the_maximum_is_sent_by_its_other_name(self, clients: Clients, old: str, new: str) -> None:
        api_version = "2024-02-01" if old == "max_tokens" else "2024-10-21"
        lessons = Lessons()
        with raw_server(script(refusals.unsupported_parameter(old, new), Operation.CHAT)) as server:
            deployment = deployment_at(server.url, api_version=api_version)
            parameters = Parameters(max_output_tokens=50)
            outcome = await ask(clients, deployment, parameters=parameters, lessons=lessons)
            await ask(clients, deployment, parameters=parameters, lessons=lessons)
            bodies = [json.loads(request.body) for request in server.requests]
        assert [body.get(old) for body in bodies] == [50, None, None]
        assert [body.get(new) for body in bodies] == [None, 50, 50]
        assert lessons.all() == [Lesson(deployment.id, Operation.CHAT, old, "rename", new)]
        assert "another name" in outcome.notices[0]
        assert "max_output_tokens" in fitting(deployment, lessons)

    async def test_a_maximum_refused_by_both_names_is_left_out(self, clients: Clients) -> None:
        lessons = Lessons()
        answers = (
            refusals.unsupported_parameter("max_completion_tokens"),
            refusals.unsupported_parameter("max_tokens", "max_completion_tokens"),
            Operation.CHAT,
        )
        with raw_server(script(*answers)) as server:
            deployment = deployment_at(server.url)
            for _ in range(2):
                outcome = await ask(clients, deployment, parameters=Parameters(max_output_tokens=50), lessons=lessons)
                assert outcome.text == "x"
            assert len(server.requests) == 4
        assert "max_output_tokens" not in fitting(deployment, lessons)

    @pytest.mark.parametrize(
        "message",
        [
            "Unrecognized request argument supplied: stream_options",
            "Unknown parameter: 'stream_options'.",
            "Unsupported parameter: 'stream_options' is not supported.",
        ],
    )
    async def test_an_old_api_says_it_in_words_only_and_what_nobody_set_is_left_out_in_silence(
        self, clients: Clients, message: str
    ) -> None:
        with raw_server(script(refusals.invalid_request(message, None, None), Operation.CHAT)) as server:
            outcome = await ask(clients, deployment_at(server.url))
            assert "stream_options" in json.loads(server.requests[0].body)
            assert "stream_options" not in json.loads(server.requests[1].body)
        assert outcome.text == "x"
        assert outcome.notices == []

    async def test_a_value_that_is_not_taken_leaves_the_others_on_offer(self, clients: Clients) -> None:
        lessons = Lessons()
        refused = refusals.invalid_request("Unsupported value: 'none'", "reasoning.effort", "unsupported_value")
        with raw_server(script(refused, Operation.RESPONSES)) as server:
            deployment = deployment_at(server.url, Operation.RESPONSES)
            outcome = await ask(clients, deployment, parameters=Parameters(reasoning_effort="none"), lessons=lessons)
        assert outcome.text == "x"
        assert outcome.notices == ["Reasoning effort was left out: GPT lab does not take it."]
        assert lessons.all() == []

    @pytest.mark.parametrize(
        "refused",
        [
            refusals.unsupported_parameter("store"),
            refusals.unsupported_parameter("input"),
            refusals.unsupported_parameter("model"),
            refusals.unsupported_parameter("stream"),
            refusals.out_of_range("temperature", 3, 0, 2),
            refusals.invalid_type("temperature", "a number"),
            refusals.missing_parameter("input"),
        ],
    )
    async def test_what_matters_is_never_left_out(self, clients: Clients, refused: Refused) -> None:
        with raw_server(script(refused, Operation.RESPONSES)) as server:
            outcome = await ask(clients, deployment_at(server.url, Operation.RESPONSES), parameters=EVERYTHING)
            assert len(server.requests) == 1
        assert type(outcome.failure) is RequestRefused

    async def test_a_deployment_that_refuses_everything_is_asked_a_bounded_number_of_times(
        self, clients: Clients
    ) -> None:
        def refuse_the_first(conversation: Conversation) -> None:
            body = json.loads(conversation.request.body)
            names = [name for name in body if name not in {"model", "messages", "stream"}]
            script(refusals.unsupported_parameter(names[0] if names else "model"))(conversation)

        with raw_server(refuse_the_first) as server:
            outcome = await ask(clients, deployment_at(server.url), parameters=EVERYTHING)
            assert len(server.requests) == 8
        assert type(outcome.failure) is RequestRefused

    async def test_nothing_is_remembered_of_a_call_that_was_never_accepted(self, clients: Clients) -> None:
        lessons = Lessons()
        with raw_server(script(refusals.unsupported_parameter("top_p"), refusals.capacity())) as server:
            await ask(clients, deployment_at(server.url), parameters=EVERYTHING, lessons=lessons)
        assert lessons.all() == []


class TestOperations:
    @pytest.mark.parametrize(
        ("place", "offered", "taken"),
        [
            (f"contoso-sweden/{RESPONSES_ONLY}", (Operation.CHAT, Operation.RESPONSES), Operation.RESPONSES),
            (f"contoso-eastus/{LEGACY}", (Operation.CHAT, Operation.COMPLETIONS), Operation.COMPLETIONS),
            (f"contoso-eastus/{LAVISH}", (Operation.RESPONSES, Operation.CHAT), Operation.CHAT),
        ],
    )
    async def test_the_next_operation_is_tried_and_remembered(  # noqa: PLR0917 - fixtures and parameters
        self, catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens, shared_emulator: Emulator,
        place: str, offered: tuple[Operation, ...], taken: Operation,
    ) -> None:  # fmt: skip
        deployment = replace(catalogue.find(place), operations=offered)
        lessons = Lessons()
        before = len(shared_emulator.received)
        first = await ask(clients, deployment, tokens, lessons=lessons)
        second = await ask(clients, deployment, tokens, lessons=lessons)
        assert first.error is None
        assert first.finished.finish_reason == second.finished.finish_reason == "stop"
        assert first.notices == [f"{deployment.label} does not take {offered[0]}; {taken} was used instead."]
        assert second.notices == []
        assert len(shared_emulator.received) - before <= 3
        assert [lesson.operation for lesson in lessons.all()] == [offered[0]]

    async def test_auto_finds_the_one_operation_there_is(
        self, catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens
    ) -> None:
        deployment = replace(catalogue.find(f"contoso-eastus/{LEGACY}"), operations=AUTO)
        lessons = Lessons()
        outcome = await ask(clients, deployment, tokens, lessons=lessons)
        assert outcome.text
        assert len(outcome.notices) == 2
        assert fitting(deployment, lessons) == ("temperature", "top_p", "max_output_tokens")

    async def test_a_deployment_that_takes_none_says_so_and_teaches_nothing(self, clients: Clients) -> None:
        lessons = Lessons()
        with raw_server(script(refusals.operation_not_supported("x", "gpt"))) as server:
            outcome = await ask(clients, deployment_at(server.url, *AUTO), lessons=lessons)
            assert len(server.requests) == 3
        assert "none of the operations" in outcome.failure.title
        assert lessons.all() == []

    async def test_a_wrong_address_teaches_nothing(self, clients: Clients) -> None:
        lessons = Lessons()
        with raw_server(script(refusals.resource_missing())) as server:
            outcome = await ask(clients, deployment_at(server.url, *AUTO), lessons=lessons)
        assert type(outcome.failure) is RequestRefused
        assert "address" in outcome.failure.remedy
        assert lessons.all() == []

    async def test_a_missing_deployment_is_missing_for_every_operation(self, clients: Clients) -> None:
        with raw_server(script(refusals.deployment_missing())) as server:
            outcome = await ask(clients, deployment_at(server.url, *AUTO))
            assert len(server.requests) == 1
        assert type(outcome.failure) is DeploymentMissing

    async def test_everything_that_was_learned_wrongly_is_tried_again_when_nothing_else_is_left(
        self, clients: Clients
    ) -> None:
        with raw_server(script(Operation.CHAT)) as server:
            deployment = deployment_at(server.url, Operation.CHAT)
            lessons = Lessons()
            lessons.add(Lesson(deployment.id, Operation.CHAT, "*", "drop"))
            assert (await ask(clients, deployment, lessons=lessons)).text == "x"


class TestApiVersions:
    @pytest.mark.parametrize(
        "refused",
        [
            refusals.error(400, "UnsupportedApiVersion", "Not this one."),
            refusals.error(400, "BadRequest", "API version not supported"),
            refusals.error(404, "404", "The api-version '2020-01-01' is not valid."),
        ],
    )
    async def test_a_refused_version_gives_way_to_the_v1_api(self, clients: Clients, refused: Refused) -> None:
        lessons = Lessons()
        with raw_server(script(refused, Operation.CHAT)) as server:
            deployment = deployment_at(server.url, api_version="2020-01-01")
            first = await ask(clients, deployment, lessons=lessons)
            second = await ask(clients, deployment, lessons=lessons)
            paths = [request.line.split()[1] for request in server.requests]
        dated = "/openai/deployments/gpt-lab/chat/completions?api-version=2020-01-01"
        assert paths == [dated, "/openai/v1/chat/completions", "/openai/v1/chat/completions"]
        assert first.text == second.text == "x"
        assert first.notices == [
            "The endpoint does not take the API version 2020-01-01; its v1 API was used instead."
        ]
        assert second.notices == []


class TestTokens:
    async def test_a_refused_token_is_renewed_exactly_once_and_then_diagnosed(
        self, catalogue: Catalogue, clients: Clients, shared_emulator: Emulator
    ) -> None:
        tokens = ScriptedTokens(lambda *_: access_token(shared_emulator, exp=1))
        before = len(shared_emulator.received)
        outcome = await ask(clients, catalogue.find(f"contoso-sweden/{BRISK}"), tokens)
        assert type(outcome.failure) is TokenRefused
        assert "scope" in outcome.failure.remedy
        assert "clock" in outcome.failure.remedy
        assert [bool(refused) for _, refused in tokens.asked] == [False, True]
        assert len(shared_emulator.received) - before == 2

    async def test_a_renewed_token_is_taken_without_a_word(
        self, catalogue: Catalogue, clients: Clients, shared_emulator: Emulator
    ) -> None:
        good = access_token(shared_emulator)
        stale = access_token(shared_emulator, exp=1)
        tokens = ScriptedTokens(lambda _scope, refused: good if refused == stale else stale)
        outcome = await ask(clients, catalogue.find(f"contoso-sweden/{BRISK}"), tokens)
        assert outcome.text
        assert outcome.notices == []

    async def test_a_missing_role_is_never_taken_for_a_bad_token(
        self, catalogue: Catalogue, clients: Clients, shared_emulator: Emulator
    ) -> None:
        from core.emulator.directory import NEW_JOINER

        deployment = catalogue.find(f"contoso-sweden/{BRISK}")
        tokens = ScriptedTokens(
            lambda *_: access_token(shared_emulator, NEW_JOINER.object_id),
            identity=NEW_JOINER.username,
            object_id=NEW_JOINER.object_id,
        )
        refused = await ask(clients, deployment, tokens)
        assert type(refused.failure) is RoleMissing
        assert len(tokens.asked) == 1
        assert NEW_JOINER.object_id in refused.failure.command
        assert deployment.endpoint.resource_id in refused.failure.command

        shared_emulator.directory.grant(NEW_JOINER.object_id, "contoso-sweden")
        assert (await ask(clients, deployment, tokens)).text
        shared_emulator.directory.revoke(NEW_JOINER.object_id, "contoso-sweden")
        again = await ask(clients, deployment, tokens)
        assert again.failure.title == refused.failure.title

    async def test_an_audience_that_is_named_is_used_once_accepted_for_ever(self, clients: Clients) -> None:
        ai = "https://ai.azure.com/.default"
        with raw_server(script(refusals.token_refused(), Operation.CHAT)) as server:
            deployment = deployment_at(server.url, scope=ai)
            tokens = ScriptedTokens()
            first = await ask(clients, deployment, tokens)
            await ask(clients, deployment, tokens)
        cognitive = "https://cognitiveservices.azure.com/.default"
        assert tokens.asked == [(ai, ""), (cognitive, ""), (cognitive, "")], "of the second audience none was refused"
        assert "wants tokens for https://cognitiveservices.azure.com" in first.notices[0]

    async def test_an_audience_of_something_else_gets_no_token(self, clients: Clients) -> None:
        body = {"statusCode": 401, "message": "Access token audience is incorrect (https://graph.microsoft.com)."}
        with raw_server(script(refusals.refusal(401, body))) as server:
            tokens = ScriptedTokens()
            outcome = await ask(clients, deployment_at(server.url), tokens)
        assert {scope for scope, _ in tokens.asked} == {"https://cognitiveservices.azure.com/.default"}
        assert type(outcome.failure) is TokenRefused


class TestBodies:
    async def sent(self, clients: Clients, operation: Operation, **how: object) -> dict[str, object]:
        with raw_server(script(operation)) as server:
            await ask(clients, deployment_at(server.url, operation), **how)  # type: ignore[arg-type]  # handed through
            body: dict[str, object] = json.loads(server.requests[0].body)
        return body

    TALK = (Message("user", "A tagline"), Message("assistant", "Cold."), Message("user", "Warmer"))

    async def test_responses(self, clients: Clients) -> None:
        how = {"system": "Be brief.", "messages": self.TALK, "parameters": EVERYTHING}
        assert await self.sent(clients, Operation.RESPONSES, **how) == {
            "model": "gpt-lab",
            "stream": True,
            "store": False,
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": "A tagline"},
                {"role": "assistant", "content": "Cold."},
                {"role": "user", "content": "Warmer"},
            ],
            "temperature": 0.2,
            "top_p": 0.9,
            "max_output_tokens": 200,
            "reasoning": {"effort": "low"},
            "text": {"verbosity": "low"},
        }

    async def test_chat(self, clients: Clients) -> None:
        how = {"system": "Be brief.", "messages": self.TALK, "parameters": EVERYTHING}
        assert await self.sent(clients, Operation.CHAT, **how) == {
            "model": "gpt-lab",
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "A tagline"},
                {"role": "assistant", "content": "Cold."},
                {"role": "user", "content": "Warmer"},
            ],
            "temperature": 0.2,
            "top_p": 0.9,
            "max_completion_tokens": 200,
            "reasoning_effort": "low",
            "verbosity": "low",
        }

    async def test_completions(self, clients: Clients) -> None:
        how = {"system": "Be brief.", "messages": self.TALK, "parameters": Parameters(max_output_tokens=100)}
        assert await self.sent(clients, Operation.COMPLETIONS, **how) == {
            "model": "gpt-lab",
            "stream": True,
            "stream_options": {"include_usage": True},
            "prompt": "Be brief.\n\nA tagline\n\nCold.\n\nWarmer",
            "max_tokens": 100,
        }

    async def test_a_single_prompt_is_sent_word_for_word_and_not_cut_after_16_tokens(self, clients: Clients) -> None:
        body = await self.sent(clients, Operation.COMPLETIONS)
        assert body["prompt"] == "Write a tagline for an ice cream brand:"
        assert body["max_tokens"] == 1000

    @pytest.mark.parametrize("operation", [Operation.RESPONSES, Operation.CHAT])
    async def test_what_nobody_set_is_not_sent(self, clients: Clients, operation: Operation) -> None:
        body = await self.sent(clients, operation)
        assert set(body) <= {"model", "stream", "store", "input", "messages", "stream_options"}


class Kept:
    """Remembers in place of a database."""

    def __init__(self, *lessons: Lesson, broken: bool = False) -> None:
        self.lessons = list(lessons)
        self.added = threading.Event()
        self._broken = broken

    def all(self) -> list[Lesson]:
        return self.lessons

    def add(self, lesson: Lesson) -> None:
        self.added.set()
        if self._broken:
            raise StorageError
        self.lessons.append(lesson)

    def forget(self, deployment_id: str) -> None:
        if self._broken:
            raise StorageError
        self.lessons = [lesson for lesson in self.lessons if lesson.deployment_id != deployment_id]


class TestLessons:
    async def test_they_outlive_the_process(self, clients: Clients) -> None:
        kept = Kept()
        with raw_server(script(refusals.unsupported_parameter("top_p"), Operation.CHAT)) as server:
            deployment = deployment_at(server.url)
            await ask(clients, deployment, parameters=EVERYTHING, lessons=Lessons(kept))
            assert kept.added.wait(10)
            assert "top_p" not in fitting(deployment, Lessons(kept))
            await ask(clients, deployment, parameters=EVERYTHING, lessons=Lessons(kept))
            assert len(server.requests) == 3

    async def test_a_database_that_fails_costs_only_the_memory(self, clients: Clients) -> None:
        kept = Kept(broken=True)
        with raw_server(script(refusals.unsupported_parameter("top_p"), Operation.CHAT)) as server:
            outcome = await ask(clients, deployment_at(server.url), parameters=EVERYTHING, lessons=Lessons(kept))
        assert kept.added.wait(10)
        assert outcome.text == "x"

    def test_they_are_about_one_deployment_only(self) -> None:
        lab, other = deployment_at("http://127.0.0.1:1"), replace(deployment_at("http://127.0.0.1:1"), name="other")
        lessons = Lessons(Kept(Lesson(lab.id, Operation.CHAT, "top_p", "drop")))
        assert "top_p" not in fitting(lab, lessons)
        assert "top_p" in fitting(other, lessons)
        assert lessons.about(other).all() == []

    def test_lessons_that_go_round_in_a_circle_end(self) -> None:
        lab: Deployment = deployment_at("http://127.0.0.1:1")
        round_trip = (
            Lesson(lab.id, Operation.CHAT, "max_tokens", "rename", "max_completion_tokens"),
            Lesson(lab.id, Operation.CHAT, "max_completion_tokens", "rename", "max_tokens"),
        )
        assert "max_output_tokens" not in fitting(lab, Lessons(Kept(*round_trip)))

    def test_they_are_told_in_sentences(self) -> None:
        dated = deployment_at("http://127.0.0.1:1", *AUTO, api_version="2024-10-21")
        lessons = Lessons()
        assert lessons.of_deployment(dated) == ()
        for operation, parameter, replacement in (
            (Operation.CHAT, "temperature", ""),
            (Operation.CHAT, "max_completion_tokens", "max_tokens"),
            (Operation.CHAT, "stream_options", ""),
            (Operation.CHAT, "newfangled", ""),
            (Operation.RESPONSES, "*", ""),
            ("*", "api-version", ""),
        ):
            lessons.add(Lesson(dated.id, operation, parameter, "rename" if replacement else "drop", replacement))
        lessons.add(Lesson("lab/other", Operation.CHAT, "top_p", "drop"))
        assert lessons.of_deployment(dated) == (
            "The v1 API is used instead of the API version 2024-10-21: the endpoint does not take that.",
            "The maximum of output tokens is sent to chat as max_tokens: this deployment knows it by that name.",
            "newfangled is left out of chat: this deployment does not take it.",
            "Token counts of chat are estimated: this deployment does not take the request for them.",
            "Temperature is left out of chat: this deployment does not take it.",
            "The operation responses is not used: this deployment does not take it.",
        )

    def test_a_name_that_is_refused_as_well_is_not_told(self) -> None:
        lab = deployment_at("http://127.0.0.1:1")
        lessons = Lessons()
        lessons.add(Lesson(lab.id, Operation.CHAT, "max_completion_tokens", "rename", "max_tokens"))
        lessons.add(Lesson(lab.id, Operation.CHAT, "max_tokens", "drop"))
        assert lessons.of_deployment(lab) == (
            "The maximum of output tokens is left out of chat: this deployment does not take it.",
        )

    async def test_what_is_forgotten_is_asked_for_again(self, clients: Clients) -> None:
        kept = Kept()
        refused = refusals.unsupported_parameter("top_p")
        with raw_server(script(refused, Operation.CHAT)) as server:
            deployment, lessons = deployment_at(server.url), Lessons(kept)
            parameters = Parameters(top_p=0.9)
            await ask(clients, deployment, parameters=parameters, lessons=lessons)
            assert kept.added.wait(10)
            assert lessons.of_deployment(deployment)
            lessons.forget(deployment)
            assert lessons.of_deployment(deployment) == ()
            assert kept.lessons == []
            await ask(clients, deployment, parameters=parameters, lessons=lessons)
            asked_for = ["top_p" in json.loads(request.body) for request in server.requests]
        assert asked_for == [True, False, True]

    def test_what_the_store_cannot_forget_stays_known(self) -> None:
        lab = deployment_at("http://127.0.0.1:1")
        lessons = Lessons(Kept(Lesson(lab.id, Operation.CHAT, "top_p", "drop"), broken=True))
        with pytest.raises(StorageError):
            lessons.forget(lab)
        assert lessons.of_deployment(lab)

    async def test_what_is_forgotten_before_it_was_written_is_never_written(self) -> None:
        lab, kept = deployment_at("http://127.0.0.1:1"), Kept()
        lessons, loop = Lessons(kept), asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        forgotten = threading.Event()
        loop.run_in_executor(None, forgotten.wait, 10)
        lessons.learn(Lesson(lab.id, Operation.CHAT, "top_p", "drop"))
        lessons.forget(lab)
        forgotten.set()
        await loop.shutdown_default_executor()
        assert lessons.all() == kept.lessons == []


async def test_a_page_with_404_is_no_reason_to_try_another_operation(clients: Clients) -> None:
    page = b"HTTP/1.1 404 No\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>"
    with raw_server(lambda conversation: conversation.send(page)) as server:
        outcome = await ask(clients, deployment_at(server.url, *AUTO))
        assert len(server.requests) == 1
    assert type(outcome.failure) is UnexpectedReply

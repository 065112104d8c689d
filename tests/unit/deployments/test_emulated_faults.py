"""Every fault that the emulator has, for every operation: what a call says of it, and that its text was sent.

All at temperature 0, where the emulator answers the same prompt with the same text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import httpx2
import pytest

from core import errors
from core.deployments.deployment import Operation
from core.deployments.lessons import Lessons
from core.deployments.parameters import Call, Message, Parameters
from core.deployments.request_body import build
from core.emulator.faults import FAULTS
from tests.support.openai_calls import BRISK, LAVISH, LEGACY, access_token
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import PROMPT, ScriptedTokens, ask

if TYPE_CHECKING:
    from core.deployments.catalogue import Catalogue, Deployment
    from core.deployments.client import Clients
    from core.emulator.emulator import Emulator

PLACES: Final = {
    "responses": (f"contoso-sweden/{BRISK}", Operation.RESPONSES),
    "chat": (f"contoso-sweden/{BRISK}", Operation.CHAT),
    "dated chat": (f"contoso-eastus/{LAVISH}", Operation.CHAT),
    "dated completions": (f"contoso-eastus/{LEGACY}", Operation.COMPLETIONS),
}

REFUSED: Final[dict[str, type[errors.KeylessError]]] = {
    "token_refused": errors.TokenRefused,
    "insufficient_claims": errors.TokenRefused,
    "role_missing": errors.RoleMissing,
    "role_missing_foundry": errors.RoleMissing,
    "key_auth_disabled": errors.AccessBlocked,
    "firewall": errors.AccessBlocked,
    "private_endpoint": errors.AccessBlocked,
    "vnet_wrong_host": errors.AccessBlocked,
    "suspended": errors.AccessBlocked,
    "wrong_tenant": errors.WrongTenant,
    "deployment_missing": errors.DeploymentMissing,
    "operation_not_supported": errors.RequestRefused,
    "prompt_filtered": errors.PromptFiltered,
    "prompt_filtered_no_inner": errors.PromptFiltered,
    "prompt_filtered_results": errors.PromptFiltered,
    "prompt_filtered_notes": errors.PromptFiltered,
    **dict.fromkeys([name for name in FAULTS if name.startswith("rate_limited")], errors.RateLimited),
    "capacity": errors.RateLimited,
    "server_error": errors.ServiceFailed,
    "unavailable_html": errors.ServiceFailed,
    "request_timeout": errors.TimedOut,
    "conflict": errors.ServiceFailed,
    "failed_dependency": errors.ServiceFailed,
    "bad_request_html": errors.UnexpectedReply,
    "ok_html": errors.UnexpectedReply,
    "ok_null": errors.UnexpectedReply,
    "ok_list": errors.UnexpectedReply,
    "ok_empty": errors.UnexpectedReply,
    "ok_bad_json": errors.UnexpectedReply,
    "choices_null": errors.UnexpectedReply,
    "redirect_302": errors.UnexpectedReply,
    "redirect_307": errors.UnexpectedReply,
    "gzip_bomb": errors.UnexpectedReply,
    "endless_line": errors.UnexpectedReply,
    "big_chunk": errors.UnexpectedReply,
    "hang": errors.TimedOut,
    "stream_empty": errors.UnexpectedReply,
    "stream_html": errors.UnexpectedReply,
    "stream_json": errors.UnexpectedReply,
}
"""Nothing arrives, and this is why."""

INTERRUPTED: Final[dict[str, type[errors.KeylessError] | None]] = {
    "stream_unfinished": None,
    "stream_half_chunk": None,
    "stream_bad_json": errors.UnexpectedReply,
    "stream_bad_utf8": errors.UnexpectedReply,
    "stream_error": errors.ServiceFailed,
    "stream_rate_limited": errors.RateLimited,
    "stream_prompt_filtered": errors.PromptFiltered,
    "stream_failed": errors.ServiceFailed,
    "stream_stall": errors.TimedOut,
}
"""A part arrives. With ``None`` the call ends without a finish reason, otherwise it raises."""

HARMLESS: Final = {
    "stream_without_done", "stream_byte_by_byte", "stream_crlf", "stream_comments", "stream_empty_choices",
    "stream_null_delta", "stream_after_done", "stream_drip", "filter_down", "usage_missing", "usage_negative",
    "usage_absurd", "usage_twice",
}  # fmt: skip
"""The whole text arrives, complete."""

FILTERED: Final = {"answer_filtered"}

SAME: Final = Parameters(temperature=0)


@dataclass
class Place:
    deployment: Deployment
    emulator: Emulator
    url: str

    @property
    def operation(self) -> Operation:
        return self.deployment.operations[0]

    async def sent(self, fault: str | None) -> str:
        """The text that the emulator really puts on the wire, read in the plainest way there is."""
        request = build(Call(self.deployment, "", (Message("user", PROMPT),), SAME), Lessons())
        endpoint = self.deployment.endpoint
        path = {"responses": "responses", "chat": "chat/completions", "completions": "completions"}[self.operation]
        base = f"{endpoint.url}/openai/v1/" if endpoint.api == "v1" else (
            f"{endpoint.url}/openai/deployments/{self.deployment.name}/"
        )  # fmt: skip
        headers = {"authorization": f"Bearer {access_token(self.emulator)}"}
        if fault:
            headers["x-emulator-fault"] = fault
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=1 if fault == "stream_stall" else 30) as http,
            http.stream(
                "POST",
                base + path,
                json=request.body,
                headers=headers,
                params={"api-version": endpoint.api_version or ""},
            ) as reply,
        ):
            data = b""
            try:
                async for chunk in reply.aiter_raw():
                    data += chunk
            except httpx2.ReadTimeout:
                pass
        return "".join(_texts(data))


def _texts(data: bytes) -> list[str]:
    texts: list[str] = []
    for line in data.replace(b"\r", b"").split(b"\n"):
        if line == b"data: [DONE]":
            break
        try:
            body = json.loads(line.removeprefix(b"data: "))
        except ValueError:
            if line.startswith(b"data: "):
                break
            continue
        if body.get("type") == "response.output_text.delta":
            texts.append(body["delta"])
        choices = body.get("choices") or []
        texts += [choice.get("text") or (choice.get("delta") or {}).get("content") or "" for choice in choices]
    return texts


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, catalogue: Catalogue, shared_emulator: Emulator, shared_url: str) -> Place:
    deployment_id, operation = PLACES[request.param]
    deployment = replace(catalogue.find(deployment_id), operations=(operation,))
    return Place(deployment, shared_emulator, shared_url)


def test_every_fault_of_the_emulator_has_its_outcome_here() -> None:
    assert REFUSED.keys() | INTERRUPTED.keys() | HARMLESS | FILTERED == set(FAULTS)


async def test_a_sound_answer_arrives_whole(place: Place, clients: Clients, tokens: ScriptedTokens) -> None:
    outcome = await ask(clients, place.deployment, tokens, parameters=SAME)
    assert outcome.error is None
    assert outcome.text == await place.sent(None)
    assert outcome.finished.finish_reason == "stop"
    assert outcome.finished.usage is not None
    assert outcome.finished.model == {"gpt-5-2": "gpt-5.2-mini-2026-02-10"}.get(
        place.deployment.name[:7], place.deployment.model
    )
    assert outcome.opened.request_id
    assert outcome.opened.region
    assert outcome.opened.headroom.remaining_tokens is not None
    assert outcome.notices == []


@pytest.mark.parametrize("fault", REFUSED)
async def test_a_refusal_is_told_as_what_it_is(
    place: Place, clients: Clients, impatient_clients: Clients, tokens: ScriptedTokens, fault: str
) -> None:
    place.emulator.openai.faults.set(place.deployment.name, fault)
    before = len(place.emulator.received)
    clients = impatient_clients if fault == "hang" else clients
    outcome = await ask(clients, place.deployment, tokens, parameters=SAME)
    assert type(outcome.failure) is REFUSED[fault], outcome.failure.detail
    assert outcome.text == ""
    sent = len(place.emulator.received) - before
    assert sent == {"token_refused": 2, "insufficient_claims": 4}.get(fault, 1), "only a refused token is tried again"
    assert "Something is wrong here" not in f"{outcome.failure.title}{outcome.failure.remedy}{outcome.failure.detail}"


@pytest.mark.parametrize("fault", INTERRUPTED)
async def test_what_breaks_off_leaves_exactly_the_text_that_was_sent(
    place: Place, clients: Clients, impatient_clients: Clients, tokens: ScriptedTokens, fault: str
) -> None:
    place.emulator.openai.faults.set(place.deployment.name, fault)
    clients = impatient_clients if fault == "stream_stall" else clients
    outcome = await ask(clients, place.deployment, tokens, parameters=SAME)
    assert outcome.text == await place.sent(fault)
    assert outcome.text
    expected = INTERRUPTED[fault]
    if expected is None or (fault == "stream_failed" and place.operation is not Operation.RESPONSES):
        assert outcome.error is None
        assert outcome.finished.finish_reason is None
    else:
        assert type(outcome.failure) is expected, outcome.failure.detail


@pytest.mark.parametrize("fault", sorted(HARMLESS))
async def test_what_is_odd_but_whole_is_complete(
    place: Place, clients: Clients, tokens: ScriptedTokens, fault: str
) -> None:
    place.emulator.openai.faults.set(place.deployment.name, fault)
    outcome = await ask(clients, place.deployment, tokens, parameters=SAME)
    place.emulator.openai.faults.clear()
    assert outcome.error is None
    assert outcome.text == await place.sent(None)
    assert outcome.finished.finish_reason == "stop"
    if fault in {"usage_missing", "usage_negative", "usage_absurd"}:
        assert outcome.finished.usage is None
    if fault == "filter_down":
        assert outcome.notices == ["The content filter did not answer: the answer was not checked by it."]


async def test_usage_that_comes_twice_counts_once(place: Place, clients: Clients, tokens: ScriptedTokens) -> None:
    once = await ask(clients, place.deployment, tokens, parameters=SAME)
    place.emulator.openai.faults.set(place.deployment.name, "usage_twice")
    twice = await ask(clients, place.deployment, tokens, parameters=SAME)
    assert twice.finished.usage == once.finished.usage


async def test_a_filtered_answer_says_so_and_keeps_its_text(
    place: Place, clients: Clients, tokens: ScriptedTokens
) -> None:
    place.emulator.openai.faults.set(place.deployment.name, "answer_filtered")
    outcome = await ask(clients, place.deployment, tokens, parameters=SAME)
    place.emulator.openai.faults.clear()
    assert outcome.finished.finish_reason == "content_filter"
    assert outcome.finished.filtered == ("violence (medium severity)",)
    assert outcome.finished.filtered_prompt == ()
    assert outcome.text
    assert (await place.sent(None)).startswith(outcome.text)


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        ("prompt_filtered", "The content filter refused this prompt: violence (medium severity)."),
        ("prompt_filtered_results", "The content filter refused this prompt: violence (medium severity)."),
        ("prompt_filtered_notes", "The content filter refused this prompt: violence (medium severity)."),
        ("prompt_filtered_no_inner", "The content filter refused this prompt."),
    ],
)
async def test_a_filtered_prompt_says_why_as_far_as_the_service_does(
    place: Place, clients: Clients, tokens: ScriptedTokens, fault: str, title: str
) -> None:
    place.emulator.openai.faults.set(place.deployment.name, fault)
    failure = (await ask(clients, place.deployment, tokens)).failure
    assert (failure.title, failure.cause, failure.retryable) == (title, "content-filter", False)
    assert "Reword" in failure.remedy


async def test_an_answer_cut_at_its_limit_says_so(place: Place, clients: Clients, tokens: ScriptedTokens) -> None:
    outcome = await ask(clients, place.deployment, tokens, parameters=Parameters(max_output_tokens=16))
    assert outcome.finished.finish_reason == "length"


async def test_a_redirect_is_never_followed(place: Place, clients: Clients, tokens: ScriptedTokens) -> None:
    with raw_server(
        lambda conversation: conversation.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    ) as elsewhere:
        place.emulator.openai.faults.other_origin = elsewhere.url
        for fault in ("redirect_302", "redirect_307"):
            place.emulator.openai.faults.set(place.deployment.name, fault)
            outcome = await ask(clients, place.deployment, tokens, parameters=SAME)
            assert "elsewhere" in outcome.failure.title
        assert elsewhere.requests == []


async def test_a_total_deadline_ends_what_drips(
    catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens, shared_emulator: Emulator
) -> None:
    shared_emulator.openai.faults.set(BRISK, "stream_stall")
    outcome = await ask(clients, catalogue.find(f"contoso-sweden/{BRISK}"), tokens, deadline_seconds=0.3)
    assert isinstance(outcome.failure, errors.TimedOut)
    assert "0.3 seconds in all" in outcome.failure.title
    assert outcome.text

from __future__ import annotations

import asyncio
import json
import zlib
from typing import TYPE_CHECKING

import httpx2
import openai
import pytest

from core.emulator.faults import DEVIATIONS, FAULTS, REFUSALS, REPLIES, STREAMS, Faults
from tests.support.openai_calls import ASK, BALANCED, BRISK, Caller, access_token, calling, data_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.emulator.emulator import Emulator

UNENDING = {"gzip_bomb", "endless_line", "big_chunk", "hang"}
STATUSES = {
    "token_refused": 401,
    "insufficient_claims": 401,
    "role_missing": 401,
    "role_missing_foundry": 401,
    "key_auth_disabled": 403,
    "firewall": 403,
    "private_endpoint": 403,
    "vnet_wrong_host": 403,
    "suspended": 403,
    "wrong_tenant": 400,
    "deployment_missing": 404,
    "operation_not_supported": 400,
    "prompt_filtered": 400,
    "prompt_filtered_no_inner": 400,
    "prompt_filtered_results": 400,
    "prompt_filtered_notes": 400,
    "answer_filtered": 200,
    "filter_down": 200,
    "capacity": 429,
    "server_error": 500,
    "unavailable_html": 503,
    "request_timeout": 408,
    "conflict": 409,
    "failed_dependency": 424,
    "bad_request_html": 400,
    "redirect_307": 307,
    "redirect_302": 302,
} | {name: 429 for name in REFUSALS if name.startswith("rate_limited")}


@pytest.fixture
async def caller(emulator: Emulator, emulator_url: str) -> AsyncIterator[Caller]:
    async with calling(emulator, emulator_url) as caller:
        yield caller


def text_of(response: httpx2.Response) -> str:
    return "".join(event["choices"][0]["delta"]["content"] or "" for event in data_of(response) if _has_text(event))


def _has_text(event: dict[str, object]) -> bool:
    choices = event.get("choices")
    return bool(isinstance(choices, list) and choices and (choices[0]["delta"] or {}).get("content"))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", sorted((REFUSALS | REPLIES).keys() - UNENDING))
async def test_every_fault_of_http_has_its_status_streamed_or_not(
    caller: Caller, name: str, *, streamed: bool
) -> None:
    assert (await caller.chat(name, stream=streamed)).status_code == STATUSES.get(name, 200)


async def test_refusals_have_the_exact_bodies_of_the_service(caller: Caller) -> None:
    body = {name: (await caller.chat(name)).json() for name in REFUSALS}

    assert body["role_missing"]["error"]["message"] == "Principal does not have access to API/Operation."
    assert "lacks the required data action Microsoft.CognitiveServices/accounts/" in str(body["role_missing_foundry"])
    assert body["key_auth_disabled"]["error"] == {
        "code": "AuthenticationTypeDisabled",
        "message": "Key based authentication is disabled for this resource.",
    }
    assert body["firewall"]["error"] == {
        "code": "403",
        "message": "Access denied due to Virtual Network/Firewall rules.",
    }
    assert body["private_endpoint"]["error"]["message"] == (
        "Public access is disabled. Please configure private endpoint."
    )
    assert body["vnet_wrong_host"]["code"] == "403"
    assert body["vnet_wrong_host"]["message"].startswith("A Virtual Network is configured for this resource.")
    assert "resource has been temporarily blocked" in body["suspended"]["error"]["message"]
    assert body["deployment_missing"]["error"]["code"] == "DeploymentNotFound"
    assert body["rate_limited"]["error"] == {
        "code": "429",
        "message": "Rate limit is exceeded. Try again in 2 seconds.",
    }
    assert body["capacity"]["error"]["message"].startswith(
        "The system is currently experiencing high demand and cannot process your request."
    )


async def test_a_filtered_prompt_names_its_category_in_every_spelling(caller: Caller) -> None:
    usual = (await caller.chat("prompt_filtered")).json()["error"]
    plural = (await caller.chat("prompt_filtered_results")).json()["error"]
    bare = (await caller.chat("prompt_filtered_no_inner")).json()["error"]
    noted = (await caller.respond("prompt_filtered_notes")).json()["error"]

    assert (usual["code"], usual["param"], usual["status"], usual["type"]) == ("content_filter", "prompt", 400, None)
    assert usual["innererror"]["content_filter_result"]["violence"]["filtered"] is True
    assert plural["innererror"]["content_filter_results"]["violence"]["filtered"] is True
    assert "innererror" not in bare
    assert "innererror" not in noted
    (note,) = noted["content_filters"]
    assert (note["blocked"], note["source_type"]) == (True, "prompt")
    assert note["content_filter_results"]["violence"]["filtered"] is True


async def test_a_filtered_answer_ends_with_its_reason_in_both_apis(caller: Caller) -> None:
    whole = (await caller.chat("answer_filtered")).json()["choices"][0]
    chunks = data_of(await caller.chat("answer_filtered", stream=True))
    events = data_of(await caller.respond("answer_filtered", stream=True))

    assert whole["finish_reason"] == "content_filter"
    assert whole["message"]["content"]
    assert whole["content_filter_results"]["violence"]["filtered"] is True
    assert chunks[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["incomplete_details"]["reason"] == "content_filter"


async def test_a_filter_that_is_down_says_so_beside_the_answer(caller: Caller) -> None:
    answer = (await caller.chat("filter_down")).json()["choices"][0]

    assert answer["content_filter_results"]["error"]["code"] == "content_filter_error"
    assert answer["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("rate_limited_1", "retry-after", "1"),
        ("rate_limited_ms", "retry-after-ms", "300"),
        ("rate_limited_0", "retry-after", "0"),
        ("rate_limited_negative", "retry-after", "-5"),
        ("rate_limited_junk", "retry-after", "soon, perhaps"),
        ("rate_limited_120", "retry-after", "120"),
        ("rate_limited_3600", "retry-after", "3600"),
    ],
)
async def test_the_wait_comes_in_many_shapes(caller: Caller, name: str, header: str, value: str) -> None:
    assert (await caller.chat(name)).headers[header] == value


async def test_the_wait_can_be_a_date_or_missing(caller: Caller) -> None:
    assert (await caller.chat("rate_limited_date")).headers["retry-after"].endswith("GMT")
    assert "retry-after" not in (await caller.chat("rate_limited_no_header")).headers


async def test_a_redirect_points_to_the_other_origin(caller: Caller, emulator: Emulator) -> None:
    emulator.openai.faults.other_origin = "http://127.0.0.1:9"

    assert (await caller.chat("redirect_307")).headers["location"].startswith("http://127.0.0.1:9/")


async def test_odd_bodies_are_odd(caller: Caller) -> None:
    assert (await caller.chat("ok_null")).json() is None
    assert (await caller.chat("ok_list")).json() == []
    assert (await caller.chat("choices_null")).json()["choices"] is None
    assert (await caller.chat("ok_html")).headers["content-type"].startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        (await caller.chat("ok_bad_json")).json()


async def first_bytes(caller: Caller, fault: str, enough: int) -> bytes:
    """Read the first raw bytes of an answer, then hang up."""
    headers = {"authorization": f"Bearer {access_token(caller.emulator)}", "x-emulator-fault": fault}
    url = f"{caller.url}/resources/contoso-sweden/openai/v1/chat/completions"
    body = {"model": BALANCED, "messages": ASK, "stream": True}
    read = b""
    async with caller.http.stream("POST", url, json=body, headers=headers) as response:
        async for part in response.aiter_raw():
            read += part
            if len(read) >= enough:
                break
    return read


async def test_floods_are_made_while_they_are_read(caller: Caller, emulator: Emulator) -> None:
    bomb = await first_bytes(caller, "gzip_bomb", 2_000)
    line = await first_bytes(caller, "endless_line", 3_000_000)
    chunk = await first_bytes(caller, "big_chunk", 3_000_000)

    assert len(zlib.decompressobj(wbits=31).decompress(bomb)) > 200 * len(bomb)
    assert b"\n" not in line
    assert chunk.startswith(b'data: {"choices"')
    await asyncio.sleep(0)
    assert emulator.received[0].status == 200


@pytest.mark.parametrize("fault", ["hang", "stream_stall"])
async def test_silence_lasts_until_the_caller_hangs_up(caller: Caller, emulator: Emulator, fault: str) -> None:
    caller.http.timeout = httpx2.Timeout(0.3)
    with pytest.raises(httpx2.ReadTimeout):
        await caller.chat(fault, stream=True)
    while not emulator.received[-1].closed_early:  # noqa: ASYNC110 - the other side is a thread
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", ["stream_unfinished", "stream_half_chunk", "stream_error", "stream_rate_limited"])
async def test_a_broken_stream_keeps_its_beginning_and_has_no_end(caller: Caller, name: str) -> None:
    raw = (await caller.chat(name, stream=True)).text

    assert '"content":' in raw
    assert '"finish_reason":"stop"' not in raw
    assert "[DONE]" not in raw


async def test_only_the_closing_mark_can_be_missing(caller: Caller) -> None:
    raw = (await caller.chat("stream_without_done", stream=True)).text

    assert '"finish_reason":"stop"' in raw
    assert "[DONE]" not in raw


async def test_a_stream_can_be_empty_or_no_stream_at_all(caller: Caller) -> None:
    assert (await caller.chat("stream_empty", stream=True)).content == b""
    assert (await caller.chat("stream_html", stream=True)).text.startswith("<!DOCTYPE html>")
    assert (await caller.chat("stream_json", stream=True)).json()["object"] == "chat.completion"


async def test_the_sdk_trips_over_bad_json_and_bad_utf_8(caller: Caller, emulator: Emulator) -> None:
    for name, error in (("stream_bad_json", json.JSONDecodeError), ("stream_bad_utf8", UnicodeDecodeError)):
        emulator.openai.faults.set(BALANCED, name, times=1)
        stream = await caller.v1().responses.create(model=BALANCED, input="Hello", stream=True)
        with pytest.raises(error):
            _ = [event async for event in stream]


async def test_the_sdk_sees_an_error_in_mid_stream(caller: Caller, emulator: Emulator) -> None:
    emulator.openai.faults.set(BALANCED, "stream_rate_limited", times=1)
    stream = await caller.v1().chat.completions.create(model=BALANCED, messages=ASK, stream=True)
    with pytest.raises(openai.APIError) as raised:
        _ = [chunk async for chunk in stream]
    assert raised.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize(
    "name",
    [
        "stream_byte_by_byte",
        "stream_crlf",
        "stream_comments",
        "stream_empty_choices",
        "stream_null_delta",
        "stream_after_done",
        "stream_drip",
        "usage_missing",
    ],
)
async def test_an_odd_but_legal_stream_has_the_same_text(caller: Caller, name: str) -> None:
    sound = text_of(await caller.chat(stream=True, seed=1))
    odd = await caller.chat(name, stream=True, seed=1)
    text = text_of(odd)

    assert "\N{EN DASH}" in sound
    assert text.startswith(sound) if name == "stream_after_done" else text == sound


async def test_odd_streams_are_odd(caller: Caller) -> None:
    assert b"\r\n\r\n" in (await caller.chat("stream_crlf", stream=True)).content
    assert ": keep-alive" in (await caller.chat("stream_comments", stream=True)).text
    assert data_of(await caller.chat("stream_empty_choices", stream=True))[0]["choices"] == []
    assert '"delta":null' in (await caller.chat("stream_null_delta", stream=True)).text
    assert not (await caller.chat("stream_after_done", stream=True)).text.rstrip().endswith("[DONE]")


async def test_usage_can_be_missing_negative_absurd_or_there_twice(caller: Caller) -> None:
    with_usage = {"stream": True, "stream_options": {"include_usage": True}}
    missing = data_of(await caller.chat("usage_missing", **with_usage))
    negative = (await caller.chat("usage_negative")).json()["usage"]
    absurd = data_of(await caller.respond("usage_absurd", stream=True))[-1]["response"]["usage"]
    twice = data_of(await caller.chat("usage_twice", **with_usage))

    assert not any(event.get("usage") for event in missing)
    assert negative["total_tokens"] < 0
    assert absurd["total_tokens"] > 10**12
    assert sum(bool(event.get("usage")) for event in twice) == 2


async def test_a_fault_holds_for_its_deployment_and_its_number_of_calls(caller: Caller, emulator: Emulator) -> None:
    emulator.openai.faults.set(BALANCED, "server_error", times=2)

    statuses = [(await caller.chat()).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]

    emulator.openai.faults.set(BALANCED, "server_error")
    assert (await caller.chat(model=BRISK)).status_code == 200
    assert [(await caller.chat()).status_code for _ in range(2)] == [500, 500]
    emulator.openai.faults.clear(BALANCED)
    assert (await caller.chat()).status_code == 200


async def test_a_fault_never_hides_who_called(caller: Caller) -> None:
    assert "x-emulator-caller-oid" in (await caller.chat("token_refused")).headers


async def test_an_unknown_fault_is_refused_with_the_names_there_are(caller: Caller) -> None:
    response = await caller.chat("no such fault")

    assert response.status_code == 400
    assert "rate_limited_junk" in response.json()["error"]["message"]
    with pytest.raises(KeyError):
        Faults().set(BALANCED, "no such fault")


def test_every_fault_is_listed_once_and_deviations_are_among_them() -> None:
    assert set(Faults.names()) == set(FAULTS)
    assert len(FAULTS) == len(REFUSALS) + len(REPLIES) + len(STREAMS)
    assert set(FAULTS) >= DEVIATIONS

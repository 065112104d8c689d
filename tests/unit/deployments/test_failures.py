from __future__ import annotations

import json
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import errors
from core.deployments import failures
from core.deployments.answers import StreamFailed
from core.deployments.busy import wait_in_words
from core.deployments.content_filter import objections
from core.deployments.failures import translate
from core.deployments.role_missing import Caller
from core.emulator import refusals
from core.errors import KeylessError
from tests.unit.deployments.asking import OBJECT_ID, RESOURCE_ID, deployment_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.deployments.deployment import Deployment
    from core.emulator.reply import Refused

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOKEN = "eyJ-the-live-token"
ANNA = Caller("anna@contoso.example", "user", OBJECT_ID)
DEPLOYMENT = deployment_at("https://contoso-lab.openai.azure.com")
PAGE = b"<html><body>secret words of a gateway</body></html>"


class _Sdk(openai.AsyncOpenAI):
    """The library's own way from a response to an exception."""

    def error(self, response: httpx2.Response) -> openai.APIStatusError:
        return self._make_status_error_from_response(response)


def vendor_error(status: int, body: bytes, headers: dict[str, str] | None = None) -> openai.APIStatusError:
    request = httpx2.Request(
        "POST", "https://contoso-lab.openai.azure.com", headers={"authorization": f"Bearer {TOKEN}"}
    )
    response = httpx2.Response(status, content=body, headers=headers, request=request)
    return _Sdk(api_key="none", base_url="https://contoso-lab.openai.azure.com").error(response)


def of(refused: Refused, caller: Caller = ANNA, deployment: Deployment = DEPLOYMENT) -> Any:  # noqa: ANN401 - see ROWS
    error = vendor_error(refused.status, refused.body, {**refused.headers, "apim-request-id": "apim-1"})
    return translate(error, deployment, caller, now=NOW)


ROWS = [
    (refusals.token_refused(), errors.TokenRefused, "scope"),
    (refusals.role_missing(), errors.RoleMissing, "Owner and Contributor do not contain it"),
    (refusals.role_missing_foundry(OBJECT_ID, "chat"), errors.RoleMissing, "five minutes"),
    (refusals.key_auth_disabled(), errors.AccessBlocked, "never sends a key"),
    (refusals.firewall(), errors.AccessBlocked, "network rules"),
    (refusals.private_endpoint(), errors.AccessBlocked, "private endpoint"),
    (refusals.vnet_wrong_host(), errors.AccessBlocked, "Keys and Endpoint"),
    (refusals.suspended(), errors.AccessBlocked, "support"),
    (refusals.wrong_tenant(), errors.WrongTenant, "tenant"),
    (refusals.deployment_missing(), errors.DeploymentMissing, "five minutes"),
    (refusals.resource_missing(), errors.RequestRefused, "api version"),
    (refusals.operation_not_supported("completions", "gpt"), errors.RequestRefused, "operations"),
    (refusals.unsupported_parameter("top_p"), errors.RequestRefused, "Leave top_p out"),
    (refusals.out_of_range("temperature", 3, 0, 2), errors.RequestRefused, "Change temperature"),
    (refusals.unreadable_body(), errors.RequestRefused, "another deployment"),
    (refusals.invalid_request("too long", "messages", "context_length_exceeded"), errors.RequestRefused, "Shorten"),
    (refusals.prompt_filtered(), errors.PromptFiltered, "Reword"),
    (refusals.prompt_filtered(None), errors.PromptFiltered, "Reword"),
    (refusals.prompt_filtered("content_filter_results"), errors.PromptFiltered, "Reword"),
    (refusals.rate_limited(2), errors.RateLimited, "another deployment"),
    (refusals.capacity(), errors.RateLimited, "quota is not the reason"),
    (refusals.error(408, "Timeout", ""), errors.TimedOut, "faster"),
    (refusals.error(407, "ProxyAuthenticationRequired", ""), errors.Unreachable, "runs this app"),
    (refusals.error(409, "Conflict", ""), errors.ServiceFailed, "Try again"),
    (refusals.error(422, "Unprocessable", ""), errors.RequestRefused, "administrator"),
    (refusals.error(424, "FailedDependency", ""), errors.ServiceFailed, "Try again"),
    (refusals.error(500, "InternalServerError", ""), errors.ServiceFailed, "Try again"),
    (refusals.error(503, "ServiceUnavailable", ""), errors.ServiceFailed, "Try again"),
    (refusals.error(307, None, ""), errors.UnexpectedReply, "address"),
    (refusals.error(418, "Teapot", ""), errors.RequestRefused, "administrator"),
]


@pytest.mark.parametrize(("refused", "kind", "remedy"), ROWS)
def test_every_refusal_has_its_error_and_remedy(refused: Refused, kind: type[errors.CallError], remedy: str) -> None:
    error = of(refused)
    assert type(error) is kind
    assert remedy in error.remedy
    assert error.request_id == "apim-1"
    assert str(refused.status) in error.detail
    assert "apim-request-id=apim-1" in error.detail


def test_no_two_kinds_of_refusal_read_alike() -> None:
    alike = {(of(refused).title, of(refused).remedy) for refused, _, _ in ROWS}
    told_apart = [refused for refused, _, _ in ROWS if refused.status not in {409, 503, 422, 418}]
    assert len(alike) >= len(told_apart) - 2, "three filtered prompts are one sentence"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 422, 429, 500, 503])
def test_a_page_is_never_shown_nor_the_service_s_own_words(status: int) -> None:
    body = json.dumps(
        {"error": {"code": "<b>odd</b>\r\nSet-Cookie: x", "message": "secret words", "param": "secret\nwords"}}
    )
    for content in (PAGE, body.encode(), b"", b"null", b"[]", b'"secret words"', b"\xff"):
        error = translate(vendor_error(status, content), DEPLOYMENT, ANNA, now=NOW)
        shown = f"{error.title} {error.remedy} {error.detail} {error.command}"
        assert "secret words" not in shown
        assert "<" not in shown.replace("<object id>", "")
        assert "\n" not in shown


def test_a_page_with_400_or_404_is_no_answer_of_the_resource() -> None:
    for status in (400, 404, 422):
        assert type(translate(vendor_error(status, PAGE), DEPLOYMENT, ANNA)) is errors.UnexpectedReply
    assert type(translate(vendor_error(503, PAGE), DEPLOYMENT, ANNA)) is errors.ServiceFailed


def test_the_filter_s_categories_are_named() -> None:
    for said in (
        refusals.prompt_filtered(),
        refusals.prompt_filtered("content_filter_results"),
        refusals.prompt_filtered_with_notes(),
    ):
        assert of(said).title == "The content filter refused this prompt: violence (medium severity)."
    assert of(refusals.prompt_filtered(None)).title == errors.PromptFiltered.default_title


def test_an_answer_that_the_filter_stopped_is_not_told_as_a_prompt() -> None:
    results = {"hate": {"filtered": True, "severity": "high"}, "sexual": {"filtered": False, "severity": "safe"}}
    note = {"blocked": True, "source_type": "completion", "content_filter_results": results}
    error = of(refusals.error(400, "content_filter", "", content_filters=[note]))
    assert type(error) is errors.PromptFiltered
    assert error.title == "The content filter stopped the answer: hate (high severity)."


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"self_harm": {"filtered": True, "severity": "low"}}, ("self harm (low severity)",)),
        ({"jailbreak": {"filtered": True, "detected": True}}, ("jailbreak",)),
        ({"hate": {"filtered": True, "severity": ["x"]}}, ("hate",)),
        ({"hate": {"filtered": True, "severity": "<b>"}}, ("hate",)),
        ({"custom_blocklists": [{"id": "x", "filtered": True}]}, ("custom blocklists",)),
        ({"**[x](http://evil)**": {"filtered": True}}, ("x http evil",)),
        ({"": {"filtered": True}}, ("a category without a name",)),
        ({"hate": {"filtered": "true"}, "x": 1, "y": None}, ()),
        ({"error": {"code": "content_filter_error"}}, ()),
    ],
)
def test_the_filters_words_are_plain(results: dict[str, object], words: tuple[str, ...]) -> None:
    assert objections(results) == words


def test_a_refused_parameter_is_named() -> None:
    error = of(refusals.unsupported_parameter("top_p"))
    assert (error.parameter, error.code) == ("top_p", "unsupported_parameter")


class TestRoleMissing:
    def test_it_names_who_lacks_which_role_where_and_the_command(self) -> None:
        error = of(refusals.role_missing())
        assert error.title == (
            "anna@contoso.example lacks the role Cognitive Services OpenAI User on the resource contoso-lab."
        )
        assert error.command == (
            f"az role assignment create --assignee-object-id {OBJECT_ID} --assignee-principal-type User "
            f'--role "Cognitive Services OpenAI User" --scope {RESOURCE_ID}'
        )

    def test_a_foundry_resource_has_another_role(self) -> None:
        foundry = deployment_at("https://contoso-lab.services.ai.azure.com", kind="foundry")
        error = of(refusals.role_missing_foundry(OBJECT_ID, "chat"), deployment=foundry)
        assert '--role "Foundry User"' in error.command
        assert "formerly Azure AI User" in error.remedy

    def test_the_app_s_own_identity_is_a_service_principal(self) -> None:
        app = Caller("keyless (managed identity)", "app", OBJECT_ID)
        assert "--assignee-principal-type ServicePrincipal" in of(refusals.role_missing(), app).command

    def test_an_unknown_object_id_is_taken_from_the_body_or_left_open(self) -> None:
        unknown = Caller("anna@contoso.example", "user", "")
        assert OBJECT_ID in of(refusals.role_missing_foundry(OBJECT_ID, "chat"), unknown).command
        assert "<object id>" in of(refusals.role_missing(), unknown).command

    def test_an_object_id_that_is_none_never_reaches_the_command(self) -> None:
        hostile = Caller("anna@contoso.example", "user", "x; rm -rf /")
        assert "rm -rf" not in of(refusals.role_missing(), hostile).command

    def test_an_unknown_resource_id_is_asked_for_by_name(self) -> None:
        endpoint = replace(DEPLOYMENT.endpoint, resource_id="")
        error = of(refusals.role_missing(), deployment=replace(DEPLOYMENT, endpoint=endpoint))
        assert "az cognitiveservices account list" in error.command
        assert "name=='contoso-lab'" in error.command


class TestRateLimits:
    def wait(self, headers: dict[str, str], message: str = "Rate limit is exceeded.") -> float | None:
        error = of(refusals.error(429, "429", message, headers))
        assert isinstance(error, errors.RateLimited)
        return error.retry_after_seconds

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "1"}, 1),
            ({"retry-after": "0"}, 0),
            ({"retry-after": "2.5"}, 2.5),
            ({"retry-after-ms": "300"}, 0.3),
            ({"retry-after-ms": "300", "retry-after": "1"}, 0.3),
            ({"retry-after-ms": "junk", "retry-after": "1"}, 1),
            ({"retry-after": "3600"}, 3600),
            ({"retry-after": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30),
            ({"retry-after": format_datetime(NOW - timedelta(seconds=30), usegmt=True)}, 0),
            ({"retry-after": "Fri, 20 Nov 2026 10:00:07 -0000"}, 7),
            ({"retry-after": "-5"}, None),
            ({"retry-after": "soon, perhaps"}, None),
            ({"retry-after": "nan"}, None),
            ({"retry-after": "inf"}, None),
            ({"retry-after": "Fri, 99 Nov 99999 10:00:07 GMT"}, None),
            ({}, None),
        ],
    )
    def test_the_wait_is_read_from_the_headers(self, headers: dict[str, str], seconds: float | None) -> None:
        assert self.wait(headers) == seconds

    def test_the_wait_in_words_is_the_last_hint(self) -> None:
        assert self.wait({}, "Rate limit is exceeded. Try again in 2 seconds.") == 2
        assert self.wait({}, "Please retry after 350 milliseconds.") == 0.35
        assert self.wait({"retry-after": "9"}, "Try again in 2 seconds.") == 9
        assert self.wait({"retry-after": "-9"}, "Try again in 2 seconds.") is None

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(None, ""), (0.0, ""), (0.3, "1 s"), (60.0, "60 s"), (61.0, "about 2 minutes"), (3_601.0, "about 2 hours"),
         (86_399.0, "about 24 hours"), (86_400.0, "a day or more"), (1e300, "a day or more")],
    )  # fmt: skip
    def test_the_wait_is_told_in_words(self, seconds: float | None, words: str) -> None:
        assert wait_in_words(seconds) == (f"The deployment asks to wait for {words}." if words else "")

    @settings(deadline=None)
    @given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
    def test_no_header_breaks_it(self, value: str) -> None:
        for name in ("retry-after", "retry-after-ms"):
            seconds = self.wait({name: value})
            assert seconds is None or seconds >= 0

    @pytest.mark.parametrize(
        ("refused", "kind"),
        [
            (refusals.quota_exceeded("call", "Chat", 5, {}), "requests per minute"),
            (refusals.quota_exceeded("token", "Chat", 5, {}), "tokens per minute"),
            (refusals.rate_limited(5, {"x-ratelimit-remaining-requests": "0"}), "requests per minute"),
            (refusals.rate_limited(5, {"x-ratelimit-remaining-tokens": "0"}), "tokens per minute"),
            (refusals.capacity(), "capacity"),
            (refusals.error(429, "429", "The limit of this deployment was temporarily reduced."), "lowered"),
            (refusals.error(429, "429", "max_tokens is larger than what remains."), "maximum of output tokens asks"),
            (refusals.error(429, "insufficient_quota", "You exceeded your current quota"), "subscription's quota"),
            (refusals.rate_limited(5), "busy"),
        ],
    )
    def test_it_says_which_limit_it_was(self, refused: Refused, kind: str) -> None:
        assert kind in of(refused).title

    def test_what_time_alone_does_not_heal_is_not_retryable(self) -> None:
        assert not of(refusals.error(429, "insufficient_quota", "")).retryable
        assert of(refusals.rate_limited(5)).retryable


class TestConnections:
    @pytest.mark.parametrize(
        ("cause", "kind", "words"),
        [
            (socket.gaierror(-2, "Name or service not known"), errors.Unreachable, "name contoso-lab"),
            (ConnectionRefusedError(111, "refused"), errors.Unreachable, "refuses connections"),
            (httpx2.ConnectTimeout("t"), errors.Unreachable, "does not answer"),
            (httpx2.ReadTimeout("t"), errors.TimedOut, "too long"),
            (httpx2.WriteTimeout("t"), errors.TimedOut, "too long"),
            (TimeoutError(), errors.TimedOut, "too long"),
            (httpx2.ConnectError("c"), errors.Unreachable, "could not be reached"),
            (httpx2.RemoteProtocolError("r"), errors.Unreachable, "broke"),
            (ssl.SSLError(1, "handshake"), errors.Unreachable, "secure connection"),
            (ConnectionResetError(104, "reset"), errors.Unreachable, "broke"),
        ],
    )
    def test_each_cause_has_its_diagnosis(self, cause: Exception, kind: type[errors.CallError], words: str) -> None:
        request = httpx2.Request("POST", "https://contoso-lab.openai.azure.com")
        wrapped = openai.APIConnectionError(request=request)
        wrapped.__cause__ = cause
        for error in (cause, wrapped):
            translated = translate(error, DEPLOYMENT, ANNA)
            assert type(translated) is kind
            assert words in translated.title


class TestTheMap:
    def test_every_class_the_library_can_raise_has_a_line_of_its_own(self) -> None:
        raised = {one for one in _family(openai.OpenAIError) if one.__module__ == "openai._exceptions"}
        exported = [getattr(openai, name) for name in openai.__all__]
        raised |= {one for one in exported if isinstance(one, type) and issubclass(one, BaseException)}
        assert len(raised) > 15
        assert raised <= failures.vendor_classes(), "map the new class in core/deployments/failures.py"

    @pytest.mark.parametrize(
        "error", [json.JSONDecodeError("x", "y", 0), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"),
                  RecursionError(), AttributeError("x"), KeyError("x"), MemoryError(), AssertionError(),
                  RuntimeError(TOKEN)],
    )  # fmt: skip
    def test_anything_else_is_an_unexpected_reply(self, error: Exception) -> None:
        translated = translate(error, DEPLOYMENT, ANNA)
        assert type(translated) is errors.UnexpectedReply
        assert type(error).__name__ in translated.detail
        assert TOKEN not in translated.detail

    def test_our_own_errors_pass_as_they_are(self) -> None:
        own = errors.SignInAgain()
        assert translate(own, DEPLOYMENT, ANNA) is own

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ({"error": {"code": "rate_limit_exceeded", "message": "Try again in 2 seconds."}}, errors.RateLimited),
            ({"error": {"code": "429", "message": "x"}}, errors.RateLimited),
            ({"error": {"code": "server_error"}}, errors.ServiceFailed),
            ({"error": {"code": None, "message": None, "type": None}}, errors.ServiceFailed),
            ({"error": {"type": "rate_limit_exceeded"}}, errors.RateLimited),
            ({"error": "down"}, errors.ServiceFailed),
            ({"type": "error", "code": "content_filter", "message": "x"}, errors.PromptFiltered),
            ({"code": "context_length_exceeded"}, errors.RequestRefused),
            ({}, errors.ServiceFailed),
        ],
    )
    def test_an_error_in_mid_stream_is_what_its_code_says(
        self, body: dict[str, Any], kind: type[KeylessError]
    ) -> None:
        assert type(translate(StreamFailed(body), DEPLOYMENT, ANNA)) is kind
        vendor = openai.APIError("x", httpx2.Request("POST", "https://x"), body=body.get("error", body))
        assert isinstance(translate(vendor, DEPLOYMENT, ANNA), KeylessError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "code", "message", "param", "innererror", "type", "content_filter_result", "filtered"]
            ),
            inner,
            max_size=5,
        )
    ),
)


@settings(deadline=None)
@given(st.integers(300, 599), JSON)
def test_any_status_with_any_body_becomes_one_of_our_errors(status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
    error = translate(vendor_error(status, json.dumps(body).encode()), DEPLOYMENT, ANNA, now=NOW)
    assert isinstance(error, errors.CallError)
    assert error.title
    assert error.remedy
    assert isinstance(translate(StreamFailed({"error": body}), DEPLOYMENT, ANNA), errors.CallError)


def _family(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)

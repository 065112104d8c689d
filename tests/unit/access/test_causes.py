"""Every cause an endpoint can have is produced for real, and told with its sentence, its remedy and who can act."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest
import trustme

from core.access.doctor import Doctor
from core.access.findings import CHECKS, HEADROOM, Outcome
from core.deployments.deployment import Operation
from core.deployments.lessons import Lessons
from core.emulator.directory import NEW_JOINER
from tests.support.openai_calls import BALANCED, LAVISH, access_token
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import ScriptedTokens, deployment_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.access.findings import Examination, Finding
    from core.deployments.catalogue import Catalogue
    from core.deployments.client import Clients
    from core.emulator.emulator import Emulator
    from tests.support.identity import ShiftedClock
    from tests.support.raw_server import Conversation

YOU, OWNER, RUNS_THE_APP, MICROSOFT = "You", "An owner of the resource", "Whoever runs this app", "Microsoft"


@dataclass(frozen=True)
class Told:
    """What is asserted of a finding: the step, the cause, who can act, a part of the sentence and of the remedy."""

    check: str
    cause: str
    who: str
    title: str
    remedy: str
    outcome: Outcome = Outcome.NEEDS_ACTION
    command: str = ""

    def check_it(self, finding: Finding) -> None:
        """Compare, all at once."""
        said = (finding.check, finding.cause, finding.who, finding.outcome)
        assert said == (self.check, self.cause, self.who, self.outcome), finding
        assert self.title in finding.title
        assert self.remedy in finding.remedy
        assert self.command in finding.command
        assert finding.reference.startswith("K-")


REFUSED: Final = {
    "token_refused": Told("audience", "token-refused", RUNS_THE_APP, "did not accept the sign-in", "scope"),
    "role_missing": Told(
        "role", "role-missing", OWNER, "lacks the role Cognitive Services OpenAI User on the resource contoso-sweden",
        "five minutes", command="az role assignment create --assignee-object-id a1d0c4e2",
    ),
    "role_missing_foundry": Told(
        "role", "role-missing-foundry", OWNER, "lacks the role",
        "the data action Microsoft.CognitiveServices/accounts/OpenAI/deployments/",
        command="--assignee-object-id a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a302",
    ),
    "key_auth_disabled": Told("reachable", "key-auth-disabled", RUNS_THE_APP, "takes no keys", "gateway"),
    "firewall": Told(
        "reachable", "firewall", OWNER, "firewall does not let this app in", "network rules",
        command="az cognitiveservices account network-rule add --subscription 3f5a7b91-c2d4-4e6f-8091-a2b3c4d5e6f7 "
        "--resource-group contoso-ai --name contoso-sweden",
    ),
    "private_endpoint": Told("reachable", "private-endpoint", OWNER, "private network only", "private endpoint"),
    "vnet_wrong_host": Told(
        "reachable", "vnet-wrong-host", RUNS_THE_APP, "its own host name", "catalogue",
        command="az cognitiveservices account show",
    ),
    "suspended": Told("reachable", "suspended", OWNER, "is suspended", "support"),
    "wrong_tenant": Told("tenant", "wrong-tenant", RUNS_THE_APP, "belongs to another directory", "tenant"),
    "deployment_missing": Told(
        "deployment", "deployment-missing", RUNS_THE_APP, f"no deployment {BALANCED}", "name in the catalogue",
        command="az cognitiveservices account deployment list",
    ),
    "operation_not_supported": Told(
        "operations", "operation-not-supported", RUNS_THE_APP, "takes none of the operations", "catalogue"
    ),
    "prompt_filtered": Told("operations", "content-filter", YOU, "content filter", "Reword"),
    "rate_limited": Told("headroom", "quota", YOU, "busy", "Wait", Outcome.LOOK),
    "rate_limited_requests": Told("headroom", "quota", YOU, "requests per minute", "quota", Outcome.LOOK),
    "rate_limited_tokens": Told("headroom", "quota", YOU, "tokens per minute", "quota", Outcome.LOOK),
    "rate_limited_reduction": Told("headroom", "reduction", YOU, "has lowered", "Wait", Outcome.LOOK),
    "rate_limited_estimate": Told("headroom", "estimate", YOU, "maximum of output tokens", "Lower", Outcome.LOOK),
    "rate_limited_120": Told("headroom", "quota", YOU, "busy", "asks to wait for about 2 minutes", Outcome.LOOK),
    "rate_limited_86400": Told(
        "headroom", "quota", YOU, "tokens per minute", "asks to wait for a day or more", Outcome.LOOK
    ),
    "capacity": Told("headroom", "capacity", YOU, "at its capacity", "quota is not the reason", Outcome.LOOK),
    "server_error": Told("reachable", "service-failed", MICROSOFT, "service failed", "Try again", Outcome.LOOK),
    "unavailable_html": Told("reachable", "service-failed", MICROSOFT, "service failed", "Try again", Outcome.LOOK),
    "bad_request_html": Told("reachable", "unexpected-reply", RUNS_THE_APP, "a page of its own", "proxy"),
    "ok_html": Told("reachable", "unexpected-reply", RUNS_THE_APP, "unexpected reply", "address"),
    "redirect_307": Told("reachable", "unexpected-reply", RUNS_THE_APP, "sends the call elsewhere", "address"),
    "request_timeout": Told("reachable", "timed-out", YOU, "took too long", "Try again", Outcome.LOOK),
}  # fmt: skip


def test_no_two_causes_read_alike() -> None:
    by_cause: dict[str, set[str]] = {}
    for told in REFUSED.values():
        by_cause.setdefault(told.cause, set()).add(told.title)
    sentences = [title for titles in by_cause.values() for title in titles]
    assert len(sentences) == len(set(sentences))
    assert len(by_cause) >= 18


def shown(examination: Examination) -> str:
    """Everything that a person, or the log, could see of it."""
    return repr(examination)


def problem_of(examination: Examination) -> Finding:
    problem = examination.problem
    assert problem is not None, examination
    return problem


@pytest.mark.parametrize("fault", REFUSED)
async def test_every_refusal_is_told_as_what_it_is(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator, fault: str
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    emulator.openai.faults.set(deployment.name, fault)
    examination = await doctor.examine(tokens, deployment)
    REFUSED[fault].check_it(problem_of(examination))
    assert (await tokens.token("")).value not in shown(examination)
    assert [finding.check for finding in examination.findings] == list(CHECKS)
    assert sum(finding.is_trouble for finding in examination.findings) == 1, "one cause, one finding"


async def test_a_refusal_names_the_request_to_the_support(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
) -> None:
    emulator.openai.faults.set(BALANCED, "firewall")
    problem = problem_of(await doctor.examine(tokens, catalogue.find(f"contoso-sweden/{BALANCED}")))
    assert "HTTP 403" in problem.detail
    assert "apim-request-id=" in problem.detail
    assert "x-ms-region=Sweden Central" in problem.detail


async def test_the_new_joiner_lacks_the_role_and_nothing_else(
    doctor: Doctor, catalogue: Catalogue, emulator: Emulator
) -> None:
    token = access_token(emulator, NEW_JOINER.object_id)
    joiner = ScriptedTokens(lambda *_: token, identity=NEW_JOINER.username, object_id=NEW_JOINER.object_id)
    examination = await doctor.examine(joiner, catalogue.find(f"contoso-eastus/{LAVISH}"))
    outcomes = {finding.check: finding.outcome for finding in examination.findings}
    assert outcomes == {
        **dict.fromkeys(["signed-in", "token", "audience", "tenant", "reachable"], Outcome.WORKS),
        "role": Outcome.NEEDS_ACTION,
        **dict.fromkeys(["deployment", "operations", "streams", "headroom"], Outcome.UNKNOWN),
    }
    assert f"--assignee-object-id {NEW_JOINER.object_id} --assignee-principal-type User" in (
        examination.find("role").command
    )


class TestTokens:
    async def test_a_token_for_another_audience_is_told_so(
        self, doctor: Doctor, catalogue: Catalogue, emulator: Emulator
    ) -> None:
        graph = access_token(emulator, aud="https://graph.microsoft.com")
        deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
        endpoint = replace(deployment.endpoint, scope="https://graph.microsoft.com/.default")
        examination = await doctor.examine(ScriptedTokens(lambda *_: graph), replace(deployment, endpoint=endpoint))
        Told(
            "audience", "wrong-audience", RUNS_THE_APP,
            "wants tokens for https://cognitiveservices.azure.com, and its entry in the catalogue says "
            "https://graph.microsoft.com", "https://cognitiveservices.azure.com/.default",
        ).check_it(problem_of(examination))  # fmt: skip
        assert graph not in shown(examination)

    async def test_a_token_of_another_directory_is_told_so(
        self, doctor: Doctor, catalogue: Catalogue, emulator: Emulator
    ) -> None:
        foreign = access_token(emulator, tid="11111111-2222-3333-4444-555555555555")
        examination = await doctor.examine(
            ScriptedTokens(lambda *_: foreign), catalogue.find(f"contoso-sweden/{BALANCED}")
        )
        Told("tenant", "wrong-tenant", RUNS_THE_APP, "another directory", "tenant").check_it(problem_of(examination))

    async def test_a_clock_that_is_off_is_the_reason_that_tokens_are_refused(
        self, doctor: Doctor, emulator: Emulator
    ) -> None:
        stale = access_token(emulator, exp=int(emulator.clock()) - 60)
        date = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=20)

        def slow_clock(conversation: Conversation) -> None:
            body = b'{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is '
            body += b'incorrect (https://cognitiveservices.azure.com), or have expired."}'
            head = f"HTTP/1.1 401 Unauthorized\r\ndate: {date:%a, %d %b %Y %H:%M:%S} GMT\r\n"
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            conversation.send(head.encode() + body)

        with raw_server(slow_clock) as server:
            examination = await doctor.examine(ScriptedTokens(lambda *_: stale), deployment_at(server.url))
        Told(
            "token", "clock-skew", RUNS_THE_APP, "20 minutes ahead of the service's", "NTP"
        ).check_it(problem_of(examination))  # fmt: skip
        assert stale not in shown(examination)

    async def test_a_clock_that_is_off_is_said_even_while_all_works(
        self, doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, clock: ShiftedClock
    ) -> None:
        clock.advance(minutes=-12)
        problem = problem_of(await doctor.examine(tokens, catalogue.find(f"contoso-sweden/{BALANCED}")))
        assert (problem.check, problem.cause, problem.outcome) == ("token", "clock-skew", Outcome.LOOK)
        assert "12 minutes behind" in problem.title

    async def test_a_clock_four_minutes_off_is_right_enough(
        self, doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, clock: ShiftedClock
    ) -> None:
        clock.advance(minutes=4)
        assert (await doctor.examine(tokens, catalogue.find(f"contoso-sweden/{BALANCED}"))).problem is None


class TestTheWayThere:
    """Faults below HTTP. The doctor waits a second at most."""

    @pytest.fixture
    def hasty(self, clients: Clients, clock: ShiftedClock) -> Doctor:
        return Doctor(clients, Lessons(), clock, seconds=1.0)

    async def problem_at(self, doctor: Doctor, url: str) -> Finding:
        examination = await doctor.examine(ScriptedTokens(lambda *_: "a-token"), deployment_at(url))
        assert "a-token" not in shown(examination)
        return problem_of(examination)

    async def test_a_name_that_does_not_resolve(self, doctor: Doctor) -> None:
        with contextlib.suppress(socket.gaierror):
            socket.getaddrinfo("contoso-lab.invalid", 443)
            pytest.fail("the network resolves what cannot exist")
        Told(
            "reachable", "name-not-resolved", RUNS_THE_APP, "contoso-lab.invalid is not known", "DNS"
        ).check_it(await self.problem_at(doctor, "https://contoso-lab.invalid"))  # fmt: skip

    async def test_a_closed_port(self, doctor: Doctor) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        Told("reachable", "unreachable", RUNS_THE_APP, "refuses connections", "network").check_it(
            await self.problem_at(doctor, f"http://127.0.0.1:{port}")
        )

    async def test_a_certificate_of_an_unknown_authority_means_an_intercepted_connection(
        self, doctor: Doctor
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("localhost").configure_cert(context)
        with raw_server(lambda conversation: conversation.wait_until_hung_up(), context, "localhost") as server:
            problem = await self.problem_at(doctor, server.url)
            assert server.requests == [], "no token is sent to whoever that is"
        Told("reachable", "tls-intercepted", RUNS_THE_APP, "does not know", "SSL_CERT_FILE").check_it(problem)

    @pytest.mark.parametrize(
        "script",
        [
            lambda conversation: conversation.wait_until_hung_up(),
            lambda conversation: conversation.drip([b"HTTP/1.1 200 OK\r\n", *[b"x-drip: 1\r\n"] * 600], 0.1),
        ],
        ids=["silence", "drip"],
    )
    async def test_a_resource_that_does_not_answer_in_time(
        self, hasty: Doctor, script: Callable[[Conversation], None]
    ) -> None:
        with raw_server(script) as server:
            problem = await self.problem_at(hasty, server.url)
        Told("reachable", "timed-out", RUNS_THE_APP, "within 1 seconds", "network", Outcome.LOOK).check_it(problem)


async def test_an_operation_that_the_catalogue_names_wrongly_is_no_obstacle_but_said(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens
) -> None:
    deployment = replace(
        catalogue.find(f"contoso-eastus/{LAVISH}"), operations=(Operation.CHAT, Operation.COMPLETIONS)
    )
    examination = await doctor.examine(tokens, deployment)
    operations = examination.find("operations")
    assert (operations.outcome, operations.cause) == (Outcome.LOOK, "operation-not-supported")
    assert "takes chat. It does not take completions" in operations.title
    assert examination.find("role").outcome is Outcome.WORKS


async def test_a_busy_deployment_shows_that_the_role_is_there(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
) -> None:
    emulator.openai.faults.set(BALANCED, "capacity")
    examination = await doctor.examine(tokens, catalogue.find(f"contoso-sweden/{BALANCED}"))
    outcomes = {finding.check: finding.outcome for finding in examination.findings}
    assert outcomes["role"] is outcomes["deployment"] is Outcome.WORKS
    assert outcomes["operations"] is outcomes["streams"] is Outcome.UNKNOWN
    assert examination.find(HEADROOM).cause == "capacity"

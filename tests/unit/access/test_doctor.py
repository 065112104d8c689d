"""How the doctor asks: for free, in parallel, within its time, and never raising."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access.billing import most_it_costs
from core.access.doctor import Doctor
from core.access.findings import CHECKS, Outcome
from core.deployments.client import Clients
from core.deployments.deployment import Operation
from core.deployments.lessons import Lessons
from core.emulator.directory import NEW_JOINER, PEOPLE
from core.errors import NoCredential, SignInAgain
from core.identity.app_credential import Attempt
from tests.support.identity import ShiftedClock
from tests.support.odd_replies import BODIES, HEADERS, KINDS, SECRET_WORDS, STATUSES, Replying
from tests.support.openai_calls import BALANCED, LEGACY, access_token
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import ScriptedTokens, deployment_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.access.findings import Examination
    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.emulator.emulator import Emulator
    from core.identity.access_token import AccessToken
    from tests.support.raw_server import Conversation, RawServer


@pytest.fixture
def deployment(catalogue: Catalogue) -> Deployment:
    return catalogue.find(f"contoso-sweden/{BALANCED}")


class TestTheFreeAsking:
    async def test_no_deployment_answers_and_none_counts_it(
        self, doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
    ) -> None:
        examinations = await doctor.access_map(tokens, catalogue)
        assert {examination.outcome for examination in examinations.values()} == {Outcome.WORKS}
        assert set(examinations) == {deployment.id for deployment in catalogue}
        assert {received.status for received in emulator.received} == {400}
        assert len(emulator.received) == sum(len(deployment.operations) for deployment in catalogue)

    @pytest.mark.parametrize(
        ("token", "name", "status"),
        [("none", BALANCED, 401), ("joiner", BALANCED, 401), ("good", "no-such-name", 404), ("good", BALANCED, 400)],
    )
    async def test_the_service_looks_at_token_role_and_deployment_before_the_request(  # noqa: PLR0917 - rows
        self, doctor: Doctor, deployment: Deployment, emulator: Emulator, token: str, name: str, status: int
    ) -> None:
        given_token = {
            "none": "not-a-token",
            "joiner": access_token(emulator, NEW_JOINER.object_id),
            "good": access_token(emulator),
        }[token]
        await doctor.examine(ScriptedTokens(lambda *_: given_token), replace(deployment, name=name))
        assert emulator.received[-1].status == status

    async def test_the_preferred_operation_is_not_all_that_is_asked(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens
    ) -> None:
        examination = await doctor.examine(tokens, deployment)
        assert examination.find("operations").title == "GPT-5.2 (Sweden) takes responses and chat."

    async def test_a_refused_token_is_renewed_once(
        self, doctor: Doctor, deployment: Deployment, emulator: Emulator
    ) -> None:
        good, stale = access_token(emulator), access_token(emulator, exp=int(emulator.clock()) - 1)
        tokens = ScriptedTokens(lambda _scope, refused: good if refused == stale else stale)
        one = replace(deployment, operations=(Operation.CHAT,))
        assert (await doctor.examine(tokens, one)).outcome is Outcome.WORKS
        assert [received.status for received in emulator.received] == [401, 400]

    async def test_what_the_token_says_of_itself_is_shown_and_not_the_token(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens
    ) -> None:
        examination = await doctor.examine(tokens, deployment)
        assert set(examination.claims) == {"aud", "tid", "oid", "upn", "idtyp", "exp"}
        assert (await tokens.token("")).value not in repr(examination)


class TestTokens:
    async def examine(self, doctor: Doctor, deployment: Deployment, error: Exception) -> Examination:
        def fail(_scope: str, _refused: str) -> str:
            raise error

        return await doctor.examine(ScriptedTokens(fail), deployment)

    async def test_whoever_is_signed_out_is_told_that(self, doctor: Doctor, deployment: Deployment) -> None:
        examination = await self.examine(doctor, deployment, SignInAgain("You are signed out.", "Sign in again."))
        problem = examination.problem
        assert problem is not None
        assert (problem.check, problem.cause, problem.who) == ("signed-in", "signed-out", "You")
        assert examination.find("token").outcome is Outcome.UNKNOWN

    async def test_a_step_up_is_a_matter_of_the_token(self, doctor: Doctor, deployment: Deployment) -> None:
        asked = SignInAgain("A second factor is asked for.", "Sign in again.", cause="interaction-required")
        examination = await self.examine(doctor, deployment, asked)
        assert examination.find("signed-in").outcome is Outcome.WORKS
        assert examination.find("token").cause == "interaction-required"

    async def test_the_app_without_a_credential_is_told_that(self, doctor: Doctor, deployment: Deployment) -> None:
        missing = NoCredential(detail="AzureCliCredential: Azure CLI not found on path")
        finding = (await self.examine(doctor, deployment, missing)).find("token")
        assert (finding.cause, finding.who) == ("no-credential", "Whoever runs this app")
        assert "not found on path" in finding.detail

    async def test_each_credential_that_the_app_tried_is_named_with_what_became_of_it(
        self, doctor: Doctor, deployment: Deployment, emulator: Emulator
    ) -> None:
        class Chained(ScriptedTokens):
            attempts = (
                Attempt("ManagedIdentityCredential", "left out", "this host does not announce a managed identity"),
                Attempt("AzureCliCredential", "answered"),
            )

        token = access_token(emulator)
        source = Chained(lambda *_: token, identity="the Azure CLI's account", identity_kind="app")
        examination = await doctor.examine(source, deployment)
        assert examination.find("token").title == "A token was given by the Azure CLI's account."
        assert examination.tried == Chained.attempts
        assert examination.find("token").detail.startswith("good until ")
        assert "nobody has to be signed in" in examination.find("signed-in").title

    async def test_a_source_that_fails_in_its_own_way_raises_nothing_and_tells_no_secret(
        self, doctor: Doctor, deployment: Deployment
    ) -> None:
        examination = await self.examine(doctor, deployment, RuntimeError("secret words"))
        assert examination.find("token").outcome is Outcome.NEEDS_ACTION
        assert "secret words" not in repr(examination)


class TestTime:
    @pytest.fixture
    def silent(self) -> Iterator[RawServer]:
        with raw_server(lambda conversation: conversation.wait_until_hung_up()) as server:
            yield server

    async def test_a_map_ends_in_its_time_though_a_resource_is_silent(
        self, clients: Clients, clock: ShiftedClock, silent: RawServer, deployment: Deployment, tokens: ScriptedTokens
    ) -> None:
        doctor = Doctor(clients, Lessons(), clock, seconds=1.5)
        hanging = [replace(deployment_at(silent.url), name=f"silent-{number}") for number in range(40)]
        began = time.monotonic()
        examinations = await doctor.access_map(tokens, [deployment, *hanging])
        assert time.monotonic() - began < 5.0
        assert examinations.pop(deployment.id).outcome is Outcome.WORKS
        causes = {problem.cause for examination in examinations.values() if (problem := examination.problem)}
        assert causes == {"timed-out"}
        assert len(examinations) == 40

    async def test_a_source_of_tokens_that_hangs_is_told_as_that(
        self, clients: Clients, clock: ShiftedClock, deployment: Deployment
    ) -> None:
        class Hanging(ScriptedTokens):
            async def token(self, scope: str, *, refused: str = "", **more: str) -> AccessToken:
                await asyncio.Event().wait()
                return await super().token(scope, refused=refused, **more)

        examination = await Doctor(clients, Lessons(), clock, seconds=0.2).examine(Hanging(), deployment)
        problem = examination.problem
        assert problem is not None
        assert (problem.check, problem.cause) == ("token", "timed-out")

    async def test_deployments_are_asked_at_the_same_time(self, doctor: Doctor, tokens: ScriptedTokens) -> None:
        together = threading.Barrier(8, timeout=20)

        def meet(conversation: Conversation) -> None:
            together.wait()
            refusal = b'{"error":{"code":"empty_array","message":"","param":"messages"}}'
            head = f"HTTP/1.1 400 Bad Request\r\ncontent-length: {len(refusal)}\r\nconnection: close\r\n\r\n"
            conversation.send(head.encode() + refusal)

        with raw_server(meet) as server:
            asked = [replace(deployment_at(server.url), name=f"lab-{number}") for number in range(8)]
            examinations = await doctor.access_map(tokens, asked)
        assert {examination.find("deployment").outcome for examination in examinations.values()} == {Outcome.WORKS}


class TestMemory:
    async def test_what_was_heard_is_good_for_five_minutes(
        self,
        doctor: Doctor,
        deployment: Deployment,
        tokens: ScriptedTokens,
        emulator: Emulator,
        clock: ShiftedClock,
    ) -> None:
        assert doctor.kept(tokens, deployment) is None
        first = await doctor.examine(tokens, deployment)
        asked = len(emulator.received)
        clock.advance(minutes=4, seconds=50)
        assert (await doctor.examine(tokens, deployment)).checked_at == first.checked_at
        kept = doctor.kept(tokens, deployment)
        assert kept is not None
        assert kept.checked_at == first.checked_at
        assert len(emulator.received) == asked
        clock.advance(seconds=20)
        assert doctor.kept(tokens, deployment) is None
        await doctor.examine(tokens, deployment)
        assert len(emulator.received) == 2 * asked

    async def test_it_can_be_asked_anew_before_that(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens, emulator: Emulator
    ) -> None:
        await doctor.examine(tokens, deployment)
        await doctor.examine(tokens, deployment, fresh=True)
        assert len(emulator.received) == 2 * len(deployment.operations)

    async def test_nobody_sees_what_another_was_told(
        self, doctor: Doctor, deployment: Deployment, emulator: Emulator
    ) -> None:
        examinations = {}
        for person in PEOPLE:
            token = access_token(emulator, person.object_id)
            source = ScriptedTokens(lambda *_, it=token: it, identity=person.username, object_id=person.object_id)
            examinations[person] = await doctor.examine(source, deployment)
        assert examinations.pop(NEW_JOINER).find("role").outcome is Outcome.NEEDS_ACTION
        assert {examination.outcome for examination in examinations.values()} == {Outcome.WORKS}
        assert all(person.username in repr(seen) for person, seen in examinations.items())


class TestTheTestThatCosts:
    async def test_it_is_made_on_request_only_and_its_price_is_known_before(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens, emulator: Emulator
    ) -> None:
        free = await doctor.examine(tokens, deployment)
        assert free.find("streams").outcome is Outcome.NOT_ASKED
        assert "costs" in free.find("streams").remedy
        price = most_it_costs(deployment)
        assert price is not None
        assert Decimal(0) < price < Decimal("0.001")
        paid = await doctor.examine(tokens, deployment, billing=True)
        assert paid.find("streams").outcome is Outcome.WORKS
        assert "tokens in" in paid.find("streams").detail
        assert "requests" in paid.find("headroom").title
        asked = [received.body for received in emulator.received if received.status == 200]
        assert [(body["max_output_tokens"], body["stream"]) for body in asked] == [(16, True)]

    async def test_it_is_paid_once_in_five_minutes_though_two_ask_and_all_is_asked_anew(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens, emulator: Emulator, clock: ShiftedClock
    ) -> None:
        def paid() -> int:
            return len([received for received in emulator.received if received.status == 200])

        await asyncio.gather(*(doctor.examine(tokens, deployment, billing=True) for _ in range(2)))
        again = await doctor.examine(tokens, deployment, billing=True, fresh=True)
        assert (again.find("streams").outcome, paid()) == (Outcome.WORKS, 1)
        clock.advance(minutes=5, seconds=1)
        assert (await doctor.examine(tokens, deployment)).find("streams").outcome is Outcome.NOT_ASKED
        await doctor.examine(tokens, deployment, billing=True)
        assert paid() == 2

    async def test_nothing_is_paid_where_the_free_asking_failed(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens, emulator: Emulator
    ) -> None:
        emulator.openai.faults.set(deployment.name, "firewall")
        examination = await doctor.examine(tokens, deployment, billing=True)
        assert examination.find("streams").outcome is Outcome.UNKNOWN
        assert {received.status for received in emulator.received} == {403}

    async def test_a_refusal_that_only_the_paid_one_meets_is_told(
        self, doctor: Doctor, deployment: Deployment, tokens: ScriptedTokens, emulator: Emulator
    ) -> None:
        await doctor.examine(tokens, deployment)
        emulator.openai.faults.set(deployment.name, "stream_empty")
        streams = (await doctor.examine(tokens, deployment, billing=True)).find("streams")
        assert (streams.outcome, streams.cause) == (Outcome.NEEDS_ACTION, "unexpected-reply")

    async def test_a_legacy_deployment_is_asked_in_its_own_operation(
        self, doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens
    ) -> None:
        examination = await doctor.examine(tokens, catalogue.find(f"contoso-eastus/{LEGACY}"), billing=True)
        assert examination.outcome is Outcome.WORKS
        assert examination.find("streams").outcome is Outcome.WORKS


@pytest.fixture(scope="module")
def replying() -> Replying:
    return Replying()


@pytest.fixture(scope="module")
def odd_server(replying: Replying) -> Iterator[RawServer]:
    with raw_server(replying) as server:
        yield server


TRUST = ssl.create_default_context()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=STATUSES,
    kind=KINDS,
    headers=HEADERS,
    body=BODIES,
    operation=st.sampled_from(Operation),
    billing=st.booleans(),
)
def test_whatever_an_endpoint_replies_there_is_a_sentence_and_no_exception(
    replying: Replying,
    odd_server: RawServer,
    *,
    status: int,
    kind: str,
    headers: dict[str, str],
    body: bytes,
    operation: Operation,
    billing: bool,
) -> None:
    replying.set(status, kind, body, headers)

    async def examine() -> Examination:
        clients = Clients(tls=TRUST)
        try:
            doctor = Doctor(clients, Lessons(), ShiftedClock())
            return await doctor.examine(
                ScriptedTokens(lambda *_: "the-live-token"), deployment_at(odd_server.url, operation), billing=billing
            )
        finally:
            await clients.close()

    examination = asyncio.run(examine())
    assert [finding.check for finding in examination.findings] == list(CHECKS)
    for finding in examination.findings:
        assert finding.title.endswith(".")
        if finding.is_trouble:
            told: list[Any] = [finding.remedy, finding.cause, finding.who]
            assert all(told), finding
    seen = repr(examination)
    assert "the-live-token" not in seen
    assert SECRET_WORDS not in seen
    assert "<" not in seen.replace("<object id>", "").replace("<outgoing address of the app>", "").replace(
        "<Outcome.", ""
    )

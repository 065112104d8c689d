from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.access.findings import Outcome
from core.access.recheck import EVERY, FOR, Recheck, Rechecks, Stage
from core.emulator.directory import NEW_JOINER
from core.errors import SignInAgain
from tests.support.openai_calls import BALANCED, access_token
from tests.unit.deployments.asking import ScriptedTokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.access.doctor import Doctor
    from core.access.recheck import RecheckView
    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.emulator.emulator import Emulator
    from tests.support.identity import ShiftedClock


@pytest.fixture
def deployment(catalogue: Catalogue) -> Deployment:
    return catalogue.find(f"contoso-sweden/{BALANCED}")


@pytest.fixture
def joiner(emulator: Emulator) -> ScriptedTokens:
    token = access_token(emulator, NEW_JOINER.object_id)
    return ScriptedTokens(lambda *_: token, identity=NEW_JOINER.username, object_id=NEW_JOINER.object_id)


class Pauses:
    """Pauses that pass at once, moving the clock, and show what was to be seen meanwhile."""

    def __init__(self, clock: ShiftedClock) -> None:
        self.clock = clock
        self.seconds: list[float] = []
        self.views: list[RecheckView] = []
        self.recheck: Recheck | None = None
        self.grants_after = 0
        self.grant: Callable[[], object] = lambda: None

    async def __call__(self, seconds: float) -> None:
        assert self.recheck is not None
        self.seconds.append(seconds)
        self.views.append(self.recheck.view)
        self.clock.advance(seconds=seconds)
        if len(self.seconds) == self.grants_after:
            self.grant()


@pytest.fixture
def pauses(clock: ShiftedClock) -> Pauses:
    return Pauses(clock)


@pytest.fixture
def recheck(
    doctor: Doctor, joiner: ScriptedTokens, deployment: Deployment, clock: ShiftedClock, pauses: Pauses
) -> Recheck:
    pauses.recheck = Recheck(doctor, joiner, deployment, clock, pauses)
    return pauses.recheck


async def test_it_looks_every_15_seconds_and_stops_at_the_first_success(
    recheck: Recheck, pauses: Pauses, emulator: Emulator
) -> None:
    pauses.grants_after = 3
    pauses.grant = lambda: emulator.directory.grant(NEW_JOINER.object_id, "contoso-sweden")
    await recheck.run()
    view = recheck.view
    assert (view.stage, view.times) == (Stage.WORKS, 4)
    assert view.examination is not None
    assert view.examination.outcome is Outcome.WORKS
    assert pauses.seconds == pytest.approx([EVERY.total_seconds()] * 3, abs=0.5)


async def test_meanwhile_the_role_is_said_to_be_on_its_way_with_the_end_in_sight(
    recheck: Recheck, pauses: Pauses, clock: ShiftedClock
) -> None:
    began = clock()
    await recheck.run()
    for view in pauses.views:
        assert view.examination is not None
        role = view.examination.find("role")
        assert (role.cause, role.outcome) == ("role-spreading", Outcome.LOOK)
        assert "every 15 seconds" in role.remedy
        assert view.stage is Stage.LOOKING
        assert view.next_at <= view.ends_at
        assert abs(view.ends_at - began - FOR) < timedelta(seconds=1)


async def test_after_five_minutes_it_is_over_and_the_role_is_missing_again(recheck: Recheck, pauses: Pauses) -> None:
    await recheck.run()
    assert recheck.view.stage is Stage.OVER
    assert len(pauses.seconds) == FOR / EVERY - 1
    assert recheck.view.examination is not None
    assert recheck.view.examination.find("role").cause == "role-missing"


async def test_another_fault_for_a_moment_does_not_end_it(
    recheck: Recheck, pauses: Pauses, emulator: Emulator, deployment: Deployment
) -> None:
    emulator.directory.grant(NEW_JOINER.object_id, "contoso-sweden")
    emulator.openai.faults.set(deployment.name, "server_error")
    pauses.grants_after = 2
    pauses.grant = emulator.openai.faults.clear
    await recheck.run()
    assert recheck.view.stage is Stage.WORKS
    assert [view.examination.find("reachable").cause for view in pauses.views if view.examination] == [
        "service-failed"
    ] * 2


async def test_it_ends_with_the_session(
    doctor: Doctor, deployment: Deployment, clock: ShiftedClock, pauses: Pauses
) -> None:
    def signed_out(_scope: str, _refused: str) -> str:
        raise SignInAgain("You are signed out.", "Sign in again.")

    recheck = Recheck(doctor, ScriptedTokens(signed_out), deployment, clock, pauses)
    await recheck.run()
    assert recheck.view.stage is Stage.STOPPED
    assert pauses.seconds == []


class TestAllOfThem:
    @pytest.fixture
    def waiting(self) -> asyncio.Event:
        return asyncio.Event()

    @pytest.fixture
    def rechecks(self, doctor: Doctor, clock: ShiftedClock, waiting: asyncio.Event) -> Rechecks:
        async def pause(_seconds: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

        return Rechecks(doctor, clock, pause)

    async def test_one_at_a_time_for_each_identity_and_deployment(
        self, rechecks: Rechecks, joiner: ScriptedTokens, deployment: Deployment, waiting: asyncio.Event
    ) -> None:
        first = await rechecks.begin(joiner, deployment)
        await waiting.wait()
        assert await rechecks.begin(joiner, deployment) is first is rechecks.find(joiner, deployment)
        await rechecks.stop(joiner, deployment)

    async def test_a_stopped_one_counts_down_to_nothing(
        self, rechecks: Rechecks, joiner: ScriptedTokens, deployment: Deployment, waiting: asyncio.Event
    ) -> None:
        recheck = await rechecks.begin(joiner, deployment)
        assert recheck is not None
        await waiting.wait()
        await rechecks.stop(joiner, deployment)
        assert recheck.view.stage is Stage.STOPPED
        assert rechecks.find(joiner, deployment) is None

    async def test_an_ended_one_makes_room_for_another(
        self, rechecks: Rechecks, tokens: ScriptedTokens, deployment: Deployment
    ) -> None:
        first = await rechecks.begin(tokens, deployment)
        ((_, task),) = rechecks._all.values()
        await task
        assert rechecks.find(tokens, deployment) is first
        second = await rechecks.begin(tokens, deployment)
        assert second is not first
        await rechecks.stop(tokens, deployment)

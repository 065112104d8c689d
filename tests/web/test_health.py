"""What probes are told."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.errors import IdentityProviderDown, KeylessError
from core.web.entrance import Entrance
from core.web.gate import Gate
from core.web.health import CHECKS, WARNINGS, Health
from core.web.routes import routes
from tests.support.front import Front, front, web_settings
from tests.support.scripted_doors import ScriptedDoors
from tests.support.serving import serving

READY = dict.fromkeys(CHECKS, "ready")


def test_a_process_with_everything_is_ready(served: Front) -> None:
    answer = served.ask("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": READY}
    assert served.ask("/livez").json() == {"alive": True}


@pytest.mark.parametrize("part", [name for name in CHECKS if name not in WARNINGS])
def test_it_is_told_which_part_is_not_ready_and_nothing_else(part: str) -> None:
    doors = ScriptedDoors()

    def fail() -> None:
        raise IdentityProviderDown(detail="/secret/path v1.2.3")

    doors.checks[part] = fail
    with front(doors) as served:
        answer = served.ask("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "parts": {**READY, part: "not ready"}}


def test_a_clock_that_is_off_is_said_and_takes_nothing_out_of_service() -> None:
    doors = ScriptedDoors()

    def fail() -> None:
        raise KeylessError("This server's clock is 12 minutes behind Entra's.")

    doors.checks["clock"] = fail
    with front(doors) as served:
        answer = served.ask("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {**READY, "clock": "more than five minutes off"}}


def test_a_part_nobody_checks_is_not_ready() -> None:
    doors = ScriptedDoors()
    del doors.checks["keys"]
    with front(doors) as served:
        assert served.ask("/readyz").json()["parts"]["keys"] == "not ready"


@pytest.mark.parametrize("failure", [None, KeylessError()])
def test_the_process_is_alive_before_its_services_are_up_and_when_they_fail(failure: KeylessError | None) -> None:
    async def opening() -> ScriptedDoors:
        if failure:
            raise failure
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # it never comes

    entrance = Entrance(web_settings(), opening)
    app = Starlette(routes=routes(entrance), middleware=[Middleware(Gate, entrance=entrance)])
    with serving(app, host="localhost") as url:
        served = Front(url, ScriptedDoors(), entrance, behind=None)  # type: ignore[arg-type]  # nothing behind
        assert served.ask("/livez").status_code == 200
        answer = served.ask("/readyz")
        assert answer.status_code == 503
        assert set(answer.json()["parts"].values()) == {"not ready"}
        if failure:
            page = served.ask("/auth/sign-in")
            assert page.status_code in {500, 503}
            assert failure.reference in page.text


async def test_a_check_that_hangs_is_bounded_and_not_started_again() -> None:
    release, started = threading.Event(), []
    doors = ScriptedDoors()

    def hang() -> None:
        started.append(1)
        release.wait(20)

    async def opened() -> ScriptedDoors:
        return doors

    doors.checks["identity provider"] = hang
    health = Health(Entrance(web_settings(), opened), answer_seconds=0.01)
    try:
        for _ in range(3):
            answer = await health.readyz(None)  # type: ignore[arg-type]  # the request is not looked at
            assert answer.status_code == 503
        assert started == [1]
    finally:
        release.set()


async def test_the_identity_provider_is_not_asked_on_every_probe() -> None:
    asked: list[str] = []
    now = 100.0
    doors = ScriptedDoors()
    doors.checks = {name: lambda name=name: asked.append(name) for name in CHECKS}  # type: ignore[misc]  # bound early

    async def opened() -> ScriptedDoors:
        return doors

    health = Health(Entrance(web_settings(), opened), clock=lambda: now)
    for _ in range(3):
        await health.readyz(None)  # type: ignore[arg-type]  # the request is not looked at
    assert (asked.count("identity provider"), asked.count("database")) == (1, 3)
    now += 16
    await health.readyz(None)  # type: ignore[arg-type]  # the request is not looked at
    assert asked.count("identity provider") == 2

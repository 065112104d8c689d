"""The doctor with people who really signed in, across resources of several kinds and directories."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from core.access.findings import Outcome
from core.access.requesting import request_text
from core.deployments.catalogue import Catalogue, read_catalogue
from core.emulator.directory import AUTHORITY_HOST, BUSINESS_USER, FABRIKAM, FOUNDRY, NEW_JOINER, TENANT_ID
from core.identity.authority import Authority
from core.identity.user import User
from core.settings import read_settings
from core.storage.engine import Database
from tests.support.databases import sqlite_with_tables
from tests.support.identity import IdentityRoom, Stores, entra_http
from tests.support.openai_calls import BALANCED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.access.doctor import Doctor
    from core.access.findings import Examination
    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from core.identity.session_tokens import SessionTokenSource
    from tests.support.identity import ShiftedClock

SWEDEN = f"contoso-sweden/{BALANCED}"
IN_FOUNDRY = f"{FOUNDRY.name}/gpt-5-2-foundry"
ABROAD = f"{FABRIKAM.name}/gpt-5-2-fabrikam"


@pytest.fixture
def catalogue(emulator: Emulator, emulator_url: str, tmp_path: Path) -> Catalogue:
    data = emulator.catalogue(emulator_url, further=True)
    return read_catalogue(read_settings({}, tmp_path), data=data, on_loopback=True)


@pytest.fixture
def room(emulator: Emulator, emulator_url: str, clock: ShiftedClock, tmp_path: Path) -> Iterator[IdentityRoom]:
    authority = Authority(TENANT_ID, AUTHORITY_HOST, instance_discovery=False, rewrite_to=f"{emulator_url}/entra")
    database = Database.open(sqlite_with_tables(tmp_path / "access.sqlite3"), clock=clock)
    with contextlib.closing(database), entra_http(authority, clock) as http:
        yield IdentityRoom(emulator, clock, Stores(database, clock), http, authority)


async def signed_in(room: IdentityRoom, person: Person) -> SessionTokenSource:
    completed = await asyncio.to_thread(room.sign_in_as, person)
    return room.tokens.source(completed.record)


def causes(examinations: dict[str, Examination]) -> dict[str, tuple[str, str]]:
    """By deployment: the first problem's step and cause."""
    return {
        name: (problem.check, problem.cause)
        for name, examination in examinations.items()
        if (problem := examination.problem)
    }


async def test_whoever_has_the_roles_can_use_their_directory_s_deployments(
    room: IdentityRoom, doctor: Doctor, catalogue: Catalogue
) -> None:
    examinations = await doctor.access_map(await signed_in(room, BUSINESS_USER), catalogue)
    assert causes(examinations) == {}
    assert examinations[IN_FOUNDRY].claims["aud"] == "https://ai.azure.com"
    assert examinations[ABROAD].claims["tid"] == FABRIKAM.tenant_id


async def test_a_guest_s_role_is_asked_for_with_the_object_id_that_the_other_directory_gave(
    room: IdentityRoom, doctor: Doctor, catalogue: Catalogue, emulator: Emulator
) -> None:
    there = emulator.directory.strangers.admit(BUSINESS_USER.object_id)
    emulator.directory.revoke(there, FABRIKAM.name)
    source = await signed_in(room, BUSINESS_USER)
    examination = await doctor.examine(source, catalogue.find(ABROAD))
    assert examination.object_id == there != BUSINESS_USER.object_id
    problem = examination.problem
    assert problem is not None
    assert f"--assignee-object-id {there}" in problem.command
    user = User(TENANT_ID, BUSINESS_USER.object_id, BUSINESS_USER.username, BUSINESS_USER.name)
    text = request_text(problem, user, [catalogue.find(ABROAD)], examination, examination.checked_at)
    assert f"Object id: {there}" in text
    assert BUSINESS_USER.object_id not in text
    emulator.directory.grant(there, FABRIKAM.name)
    assert (await doctor.examine(source, catalogue.find(ABROAD), fresh=True)).outcome is Outcome.WORKS


async def test_the_new_joiner_lacks_every_role_and_each_kind_of_resource_has_its_own(
    room: IdentityRoom, doctor: Doctor, catalogue: Catalogue
) -> None:
    home = [deployment for deployment in catalogue if deployment.endpoint.tenant == TENANT_ID]
    examinations = await doctor.access_map(await signed_in(room, NEW_JOINER), home)
    assert {problem[0] for problem in causes(examinations).values()} == {"role"}
    assert causes(examinations)[SWEDEN] == ("role", "role-missing")
    assert causes(examinations)[IN_FOUNDRY] == ("role", "role-missing-foundry")
    assert '--role "Foundry User"' in examinations[IN_FOUNDRY].find("role").command
    assert "data action Microsoft.CognitiveServices/" in examinations[IN_FOUNDRY].find("role").remedy
    user = User(TENANT_ID, NEW_JOINER.object_id, NEW_JOINER.username, NEW_JOINER.name)
    foundry = examinations[IN_FOUNDRY]
    text = request_text(foundry.find("role"), user, [catalogue.find(IN_FOUNDRY)], foundry, foundry.checked_at)
    assert "the role “Foundry User (formerly Azure AI User)” on the resource" in text


async def test_a_session_that_was_signed_out_is_told_so_and_nothing_is_sent(
    room: IdentityRoom, doctor: Doctor, catalogue: Catalogue, emulator: Emulator
) -> None:
    source = await signed_in(room, BUSINESS_USER)
    await asyncio.to_thread(room.sign_in.sign_out, source.session.id)
    examination = await doctor.examine(source, catalogue.find(SWEDEN))
    problem = examination.problem
    assert problem is not None
    assert (problem.check, problem.cause, problem.who) == ("signed-in", "signed-out", "You")
    assert not emulator.received


@pytest.mark.parametrize(
    ("aadsts", "cause", "who"),
    [
        (65001, "consent-missing", "An administrator of your directory"),
        (50076, "interaction-required", "You"),
        (53003, "interaction-required", "An administrator of your directory"),
    ],
)
async def test_what_entra_asks_for_when_the_token_is_renewed_is_told(  # noqa: PLR0917 - rows
    room: IdentityRoom, doctor: Doctor, catalogue: Catalogue, emulator: Emulator, aadsts: int, cause: str, who: str
) -> None:
    record = await asyncio.to_thread(room.sign_in_with_a_token_about_to_end)
    emulator.directory.refuse(BUSINESS_USER.object_id, aadsts)
    examination = await doctor.examine(room.tokens.source(record), catalogue.find(SWEDEN))
    token = examination.find("token")
    assert (token.cause, token.who, token.outcome) == (cause, who, Outcome.NEEDS_ACTION)
    assert token.remedy
    assert "eyJ" not in repr(examination)
    assert not emulator.received


async def test_a_resource_that_wants_a_second_factor_asks_the_person_to_sign_in_again(
    room: IdentityRoom, doctor: Doctor, catalogue: Catalogue, emulator: Emulator
) -> None:
    source = await signed_in(room, BUSINESS_USER)
    emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    examination = await doctor.examine(source, catalogue.find(SWEDEN))
    problem = examination.problem
    assert problem is not None
    assert (problem.check, problem.cause, problem.who) == ("token", "interaction-required", "You")


async def test_a_token_lost_in_the_reply_is_nowhere(room: IdentityRoom, doctor: Doctor, catalogue: Catalogue) -> None:
    source = await signed_in(room, NEW_JOINER)
    examinations = await doctor.access_map(source, catalogue)
    token = (await source.token(catalogue.find(SWEDEN).endpoint.scope)).value
    assert token not in repr(examinations)
    assert token.split(".")[2] not in repr(examinations)

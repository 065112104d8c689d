from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from core.access.requesting import LONGEST_LINK, mail_link, request_text
from core.deployments.role_missing import Caller
from core.emulator.directory import NEW_JOINER, SERVICE, TENANT_ID
from core.errors import RoleMissing, SignInAgain
from core.identity.user import User, local_user
from tests.support.openai_calls import BALANCED, access_token
from tests.unit.access.test_causes import REFUSED, problem_of
from tests.unit.deployments.asking import ScriptedTokens

if TYPE_CHECKING:
    from core.access.doctor import Doctor
    from core.deployments.catalogue import Catalogue
    from core.emulator.emulator import Emulator

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NORA = User(TENANT_ID, NEW_JOINER.object_id, NEW_JOINER.username, NEW_JOINER.name)
AS_HERSELF = Caller(NEW_JOINER.username, "user", NEW_JOINER.object_id)
AS_THE_APP = Caller("the app's managed identity", "app", SERVICE.object_id)


async def test_the_new_joiner_s_request_can_be_sent_as_it_is(
    doctor: Doctor, catalogue: Catalogue, emulator: Emulator
) -> None:
    token = access_token(emulator, NEW_JOINER.object_id)
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    joiner = ScriptedTokens(lambda *_: token, identity=NEW_JOINER.username, object_id=NEW_JOINER.object_id)
    problem = problem_of(await doctor.examine(joiner, deployment))
    text = request_text(problem, NORA, [deployment], AS_HERSELF, NOW)
    resource_id = deployment.endpoint.resource_id
    assert text == (
        "Hello,\n"
        "\n"
        "Please give Nora Falk (new.joiner@contoso.example) the role “Cognitive Services OpenAI User” on the "
        "resource contoso-sweden. Keyless calls it with that identity; no key is used. It can take five minutes to "
        "start working. Owner and Contributor do not contain it.\n"
        "\n"
        "The command:\n"
        f"az role assignment create --assignee-object-id {NEW_JOINER.object_id} --assignee-principal-type User "
        f'--role "Cognitive Services OpenAI User" --scope {resource_id}\n'
        "Or in the portal: the resource, Access control (IAM), Add role assignment.\n"
        "\n"
        "What happened: new.joiner@contoso.example lacks the role Cognitive Services OpenAI User on the resource "
        "contoso-sweden.\n"
        "Who asks: Nora Falk (new.joiner@contoso.example)\n"
        f"Object id: {NEW_JOINER.object_id}\n"
        f"Directory: {TENANT_ID}\n"
        f"Resource: {resource_id}\n"
        f"Deployment: {BALANCED}\n"
        f"Reference: {problem.reference}\n"
        "Time: 2026-11-20 10:00:00+00:00"
    )
    assert token not in text


@pytest.mark.parametrize("fault", REFUSED)
async def test_every_cause_has_a_text_ready_to_send(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator, fault: str
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    emulator.openai.faults.set(deployment.name, fault)
    problem = problem_of(await doctor.examine(tokens, deployment))
    text = request_text(problem, NORA, [deployment], AS_HERSELF, NOW)
    for part in (problem.title, problem.command, problem.reference, deployment.endpoint.resource_id, NORA.object_id):
        assert part in text
    assert (await tokens.token("")).value not in text
    assert not re.search(r"[{}]", text)
    assert problem.remedy not in text, "what the person is told is not what another is asked for"


async def test_a_fault_of_the_whole_resource_is_asked_about_once_for_all_its_deployments(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
) -> None:
    deployments = [deployment for deployment in catalogue if deployment.endpoint.name == "contoso-sweden"]
    emulator.openai.faults.set(deployments[0].name, "firewall")
    problem = problem_of(await doctor.examine(tokens, deployments[0]))
    text = request_text(problem, NORA, deployments, AS_HERSELF, NOW)
    assert f"Deployments: {', '.join(deployment.name for deployment in deployments)}" in text


def test_consent_is_asked_for_with_the_address_where_it_is_given(catalogue: Catalogue) -> None:
    address = "https://login.example/t/adminconsent?client_id=c"
    missing = SignInAgain(cause="consent-missing", command=address)
    text = request_text(missing, NORA, [catalogue.find(f"contoso-sweden/{BALANCED}")], AS_HERSELF, NOW)
    assert "Please grant admin consent to the app" in text
    assert f"The address where it is done:\n{address}\n" in text
    assert "command" not in text


async def test_the_new_joiner_s_mail_is_not_cut(doctor: Doctor, catalogue: Catalogue, emulator: Emulator) -> None:
    token = access_token(emulator, NEW_JOINER.object_id)
    joiner = ScriptedTokens(lambda *_: token, identity=NEW_JOINER.username, object_id=NEW_JOINER.object_id)
    deployments = [deployment for deployment in catalogue if deployment.endpoint.name == "contoso-sweden"]
    problem = problem_of(await doctor.examine(joiner, deployments[0]))
    text = request_text(problem, NORA, deployments, AS_HERSELF, NOW)
    assert unquote(mail_link(problem.title, text)).endswith("Time: 2026-11-20 10:00:00+00:00")


async def test_for_the_app_s_identity_the_role_goes_to_the_app(
    doctor: Doctor, catalogue: Catalogue, tokens: ScriptedTokens, emulator: Emulator
) -> None:
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    emulator.openai.faults.set(deployment.name, "role_missing")
    app = replace(tokens, identity_kind="app", object_id=SERVICE.object_id, identity=AS_THE_APP.identity)
    problem = problem_of(await doctor.examine(app, deployment))
    text = request_text(problem, NORA, [deployment], AS_THE_APP, NOW)
    assert "Please give the app's identity (the app's managed identity) the role" in text
    assert "--assignee-principal-type ServicePrincipal" in text
    assert f"Object id: {SERVICE.object_id}" in text
    assert NORA.object_id not in text
    assert "Who asks: Nora Falk" in text
    assert "Who asks" not in request_text(problem, local_user(), [deployment], AS_THE_APP, NOW)


def test_words_from_outside_cannot_fill_in_the_text(catalogue: Catalogue) -> None:
    hostile = replace(NORA, name="{resource.__class__}", username="{0}")
    deployment = catalogue.find(f"contoso-sweden/{BALANCED}")
    text = request_text(RoleMissing("Title.", "Remedy {x}."), hostile, [deployment], AS_HERSELF, NOW)
    assert "Please give {resource.__class__} ({0}) the role" in text
    unknown = RoleMissing("Title.", "Remedy {x}.", cause="of-another-time")
    assert "\nRemedy {x}.\n" in request_text(unknown, hostile, [deployment], AS_HERSELF, NOW)


class TestMailLinks:
    def test_the_text_arrives_as_it_is(self) -> None:
        text = "Hello,\n\n“A & B” = 100 %? #1\nžluťoučký"
        link = mail_link("Access to contoso-sweden & more", text)
        parts = urlsplit(link)
        assert (parts.scheme, parts.path, parts.fragment) == ("mailto", "", "")
        query = parse_qs(parts.query)
        assert query["body"] == [text.replace("\n", "\r\n")]
        assert query["subject"] == ["Access to contoso-sweden & more"]

    def test_a_long_text_is_cut_at_a_line(self) -> None:
        text = "\n".join(["žluťoučký kůň"] * 500)
        link = mail_link("Subject", text)
        assert len(link) <= LONGEST_LINK
        body = parse_qs(urlsplit(link).query)["body"][0]
        assert text.replace("\n", "\r\n").startswith(body)
        assert body.endswith("kůň")

    def test_a_long_line_is_cut_between_characters(self) -> None:
        link = mail_link("Subject", "ž" * 5_000)
        assert len(link) <= LONGEST_LINK
        assert set(parse_qs(urlsplit(link).query)["body"][0]) == {"ž"}

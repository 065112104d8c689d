"""The access page, clicked through without a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import pytest

import core.services
from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER, NEW_JOINER, SYSTEM_IDENTITY
from core.errors import ServiceFailed, TokenError
from core.identity.app_credential import AppTokens
from core.identity.credential_chain import Member
from core.identity.credential_failures import CLI, DEVICE_CODE, WAITING, WORKLOAD
from core.runs.breaker import MOST_FAILURES
from tests.pages.conftest import button, said
from tests.support.signed_in import sign_in

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from core.emulator.emulator import Emulator
    from core.services import Services


@pytest.fixture
def access(app: AppTest) -> AppTest:
    """The page, opened."""
    app.run()
    return app.switch_page("access.py")


def test_whoever_may_use_everything_is_told_so_and_nothing_is_billed(access: AppTest, emulator: Emulator) -> None:
    access.run()
    assert "8 of 8" in str(access.success[0].value)
    assert not access.error
    assert "No setting that could hold a key exists." in said(access)
    assert "Proven" in said(access)
    asked = [received.status for received in emulator.received if "/openai/" in received.path]
    assert len(asked) >= 8
    assert set(asked) == {400}, "an answer would have been billed"


def test_the_new_joiner_reads_role_resource_and_command_and_gets_a_message_to_send(
    access: AppTest, services: Services
) -> None:
    access.user = {"session_id": sign_in(services, NEW_JOINER).id}
    access.run()
    assert access.error[0].proto.title == "2 things need action"
    messages = [str(code.value) for code in access.code]
    asked = next(message for message in messages if message.startswith("Hello"))
    assert "Cognitive Services OpenAI User" in asked
    assert NEW_JOINER.object_id in asked
    assert "az role assignment create" in asked
    assert "An owner of the resource" in said(access)


def test_what_passes_by_itself_asks_for_patience_only(
    access: AppTest, services: Services, emulator: Emulator
) -> None:
    for deployment in services.catalogue:
        emulator.openai.faults.set(deployment.name, "server_error")
    access.run()
    assert not access.error
    assert not access.success
    assert access.warning[0].proto.title == "Nothing to do but wait"
    assert "0 of 8" in str(access.warning[0].value)


def test_a_busy_deployment_can_be_used_all_the_same(access: AppTest, services: Services, emulator: Emulator) -> None:
    busy = next(iter(services.catalogue))
    emulator.openai.faults.set(busy.name, "rate_limited_86400")
    access.run()
    assert "8 of 8" in str(access.success[0].value)
    assert "The deployment asks to wait for a day or more." in said(access)
    assert re.search(r"Busy until .*\d+.*, ", access.expander[0].label), "the day too: it is not today"


def test_a_sign_in_that_is_asked_for_is_one_thing_to_do_for_all_resources(
    access: AppTest, emulator: Emulator
) -> None:
    emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    access.run()
    assert access.error[0].proto.title == "1 thing needs action"
    assert "8 deployments]" in access.expander[0].label


def test_two_names_that_are_wrong_are_two_things_to_do(
    access: AppTest, services: Services, emulator: Emulator
) -> None:
    wrong = list(services.catalogue)[:2]
    for deployment in wrong:
        emulator.openai.faults.set(deployment.name, "deployment_missing")
    access.run()
    assert access.error[0].proto.title == "2 things need action"
    for expander, deployment in zip(access.expander, wrong, strict=False):
        assert f"no deployment {deployment.name} " in expander.label


def test_a_role_that_was_given_is_found_by_checking_again(
    access: AppTest, services: Services, emulator: Emulator
) -> None:
    access.user = {"session_id": sign_in(services, NEW_JOINER).id}
    access.run()
    for resource in emulator.directory.resources:
        emulator.directory.grant(NEW_JOINER.object_id, resource.name)
    access.run()
    assert access.error, "what was heard within five minutes is still shown"
    button(access, "Check again").click().run()
    assert not access.error
    assert "8 of 8" in str(access.success[0].value)


def test_the_wait_for_a_role_to_spread_is_visible_and_can_be_stopped(access: AppTest, services: Services) -> None:
    access.user = {"session_id": sign_in(services, NEW_JOINER).id}
    access.run()
    button(access, "I was given the role").click().run()
    assert "Waiting for Azure" in access.info[0].proto.title
    assert "more" in str(access.info[0].value)
    for _ in range(50):
        if "Looked once" in str(access.info[0].value):
            break
        access.run()
    access.run()
    told = [expander.label for expander in access.expander if "deployments]" in expander.label]
    assert ["not spread it yet" in told[0], "contoso-eastus" in told[1], len(told)] == [True, True, 2]
    assert all("Look at this" in expander.label for expander in access.expander if "(Sweden" in expander.label)
    button(access, "Stop looking").click().run()
    assert not access.info


def test_the_support_bundle_and_the_claims_hold_no_token(access: AppTest) -> None:
    access.run()
    shown = said(access)
    assert "Keyless: support bundle" in shown
    assert "**oid**" in shown
    assert "eyJ" not in shown


def test_only_who_may_read_resource_manager_learns_that_keys_are_off(access: AppTest, services: Services) -> None:
    access.run()
    assert "is not known" in said(access)
    access.user = {"session_id": sign_in(services, ADMINISTRATOR).id}
    access.run()
    assert "takes no keys from anybody" in said(access)


def test_a_page_without_a_session_shows_nothing_of_itself(access: AppTest) -> None:
    access.user = {}
    access.run()
    assert not access.title
    assert not access.expander


def test_what_was_learned_can_be_forgotten(access: AppTest, services: Services) -> None:
    from core.storage.lessons import Lesson

    deployment = next(iter(services.catalogue))
    services.lessons.add(Lesson(deployment.id, "responses", "temperature", "drop", ""))
    access.run()
    assert "Temperature is left out" in said(access)
    button(access, "Forget what was learned").click().run()
    assert not services.lessons.of_deployment(deployment)


def test_the_app_s_own_access_is_looked_at_beside_the_person_s(access: AppTest, emulator: Emulator) -> None:
    emulator.directory.revoke(SYSTEM_IDENTITY.principal_id, "contoso-eastus")
    access.run()
    assert not access.error, "the person's own comes first"
    access.radio(key="whose-access").set_value("app").run()
    assert access.error[0].proto.title == "1 thing needs action"
    assert "4 of 8 deployments" in str(access.error[0].value)
    message = next(str(code.value) for code in access.code if str(code.value).startswith("Hello"))
    assert (
        f"--assignee-object-id {SYSTEM_IDENTITY.principal_id} --assignee-principal-type ServicePrincipal" in message
    )
    assert "Managed identity** answered" in said(access)
    assert emulator.received[-1].oid == SYSTEM_IDENTITY.principal_id


def test_each_credential_of_the_app_that_failed_says_why_what_to_do_and_who(
    access: AppTest, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def members_that_fail() -> list[Member]:
        return [
            Member(CLI, "the Azure CLI's account", lambda: Failing("Please run 'az login' to set up an account")),
            Member(DEVICE_CODE, "the account that signed in with a code", lambda: Failing(WAITING)),
            Member(WORKLOAD, "the app's workload identity", lambda: Failing(""), "AZURE_CLIENT_ID is not set"),
        ]

    app_tokens = AppTokens({}, services.settings, lambda: datetime.now(UTC), members=members_that_fail())
    monkeypatch.setattr(core.services, "_running", replace(services, app_tokens=app_tokens))
    access.run()
    access.radio(key="whose-access").set_value("app").run()
    shown, codes = said(access), [str(code.value) for code in access.code]
    assert "**Azure CLI**: Nobody is signed in to the Azure CLI" in shown
    assert "Run the command below on the computer that runs this app." in shown
    assert "Who can do it: **You**" in shown
    assert "az login" in " ".join(codes)
    assert "AZURE_CLIENT_ID is not set" in shown
    assert "The code to enter:" in shown
    assert "ABCD1234" in codes
    link = next(element for element in access.get("link_button") if "devicelogin" in element.proto.url)
    assert link.proto.label == "Open login.example"
    app_tokens.close()


def test_a_deployment_that_is_left_alone_for_everybody_says_so(access: AppTest, services: Services) -> None:
    deployment = next(iter(services.catalogue))
    for _ in range(MOST_FAILURES):
        with pytest.raises(ServiceFailed), services.live.breakers.passing(deployment):
            raise ServiceFailed("The service answered with an error.")
    access.run()
    assert "Left alone until" in access.expander[0].label
    assert "failed 5 times in a row" in str(access.warning[0].value)


class Failing:
    """A credential that says why it gives no token."""

    def __init__(self, why: str) -> None:
        self._why = why

    def get_token(self, *scopes: str, tenant_id: str = "", claims: str = "") -> NoReturn:  # noqa: ARG002 - as they have it
        if self._why == WAITING:
            raise TokenError(
                "The app waits for you to sign in with a code.",
                "Open https://login.example/devicelogin in a browser, enter the code below and sign in.",
                command="ABCD1234",
                who="You",
                cause=WAITING,
            )
        raise RuntimeError(self._why)

    def close(self) -> None:
        """Nothing to close."""

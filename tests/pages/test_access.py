"""The access page, clicked through without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import ADMINISTRATOR, NEW_JOINER
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
    assert "An owner of the resource" in str(access.error[1].value)


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

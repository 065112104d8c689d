"""As me, or as the app: the choice is there only where both are configured, and every answer says which it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import core.services
from core.emulator.directory import BUSINESS_USER, SYSTEM_IDENTITY
from tests.pages.conftest import button, said

if TYPE_CHECKING:
    import pytest
    from streamlit.testing.v1 import AppTest

    from core.emulator.emulator import Emulator
    from core.services import Services

ICE_CREAM = "Write a tagline for an ice cream brand:"


def test_without_the_apps_identity_there_is_no_choice(
    app: AppTest, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine_only = replace(services, settings=replace(services.settings, app_identity=False))
    monkeypatch.setattr(core.services, "_running", mine_only)
    app.run()
    assert "call-as" not in [group.key for group in app.radio]


def test_the_app_can_be_chosen_for_a_call_and_the_answer_says_so(app: AppTest, emulator: Emulator) -> None:
    app.run()
    button(app, ICE_CREAM).click().run()
    assert emulator.received[-1].oid == BUSINESS_USER.object_id
    assert "with their own token" in said(app)
    app.radio(key="call-as").set_value("app").run()
    button(app, "Regenerate").click().run()
    assert emulator.received[-1].oid == SYSTEM_IDENTITY.principal_id
    assert "called as the app" in said(app)


def test_the_demo_directory_takes_the_role_from_the_app_too(app: AppTest, emulator: Emulator) -> None:
    app.run()
    app.switch_page("demo_directory.py").run()
    app.toggle(key=f"role-contoso-sweden-{SYSTEM_IDENTITY.principal_id}").set_value(False).run()
    assert not emulator.directory.has_role(SYSTEM_IDENTITY.principal_id, "contoso-sweden")
    assert emulator.directory.has_role(SYSTEM_IDENTITY.principal_id, "contoso-eastus")

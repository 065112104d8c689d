"""As me, or as the app: the choice is there only where both are configured, and every answer says which it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import core.services
from core.emulator.directory import BUSINESS_USER, SYSTEM_IDENTITY
from core.identity.access_token import AccessToken
from tests.pages.conftest import button, said
from tests.support.openai_calls import access_token

if TYPE_CHECKING:
    import pytest
    from streamlit.testing.v1 import AppTest

    from core.emulator.emulator import Emulator
    from core.services import Services

ICE_CREAM = "Write a tagline for an ice cream brand:"


class AppIdentity:
    """The app's own identity, by tokens of the emulator."""

    identity = "keyless (managed identity)"
    identity_kind: Literal["app"] = "app"
    object_id = SYSTEM_IDENTITY.principal_id

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def token(
        self,
        scope: str,  # noqa: ARG002 - as sources have it
        *,
        tenant_id: str = "",  # noqa: ARG002 - the same
        force_refresh: bool = False,  # noqa: ARG002 - the same
        claims: str = "",  # noqa: ARG002 - the same
    ) -> AccessToken:
        value = access_token(self._emulator, self.object_id)
        return AccessToken(value, datetime.now(UTC) + timedelta(hours=1))


def test_without_the_apps_identity_there_is_no_choice(app: AppTest) -> None:
    app.run()
    assert "call-as" not in [group.key for group in app.button_group]


def test_the_app_can_be_chosen_for_a_call_and_the_answer_says_so(
    app: AppTest, services: Services, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = replace(services, settings=replace(services.settings, app_identity=True), app_tokens=AppIdentity(emulator))  # type: ignore[arg-type]  # a source of tokens in its place
    monkeypatch.setattr(core.services, "_running", both)
    app.run()
    button(app, ICE_CREAM).click().run()
    assert emulator.received[-1].oid == BUSINESS_USER.object_id
    assert "with their own token" in said(app)
    app.button_group(key="call-as").set_value("app").run()
    button(app, "Regenerate").click().run()
    assert emulator.received[-1].oid == SYSTEM_IDENTITY.principal_id
    assert "called as the app" in said(app)

"""What an access token must be like, and what it costs to name the room."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import TokenError
from core.identity.access_token import AccessToken, check_token, unverified_claims
from core.identity.user import User, local_user

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "empty"),
        ("secret\n", "line break"),
        ("sec\rret", "line break"),
        ("secr\u00e9t", "outside ASCII"),
        ("secret\ud800", "outside ASCII"),
        ("sec ret", "space or control"),
        ("sec\x00ret", "space or control"),
        ("secret" * 12_000, "64 KB"),
        ("secret" * 200_000, "64 KB"),
    ],
)
def test_a_token_that_cannot_be_sent_is_refused_by_reason_and_not_shown(token: str, reason: str) -> None:
    with pytest.raises(TokenError, match=reason) as refused:
        check_token(token)
    assert "secret" not in f"{refused.value} {refused.value.detail} {refused.value.remedy}"


def test_a_plausible_token_passes_unchanged() -> None:
    assert check_token("eyJ0eXAi.eyJhdWQi.c2ln-_~+/=") == "eyJ0eXAi.eyJhdWQi.c2ln-_~+/="


def test_a_token_does_not_print() -> None:
    token = AccessToken("the-secret", NOW)
    assert "the-secret" not in f"{token!r} {token}"


@pytest.mark.parametrize(("seconds", "fresh"), [(3600, True), (301, True), (300, False), (0, False), (-5, False)])
def test_a_token_is_fresh_until_five_minutes_before_its_end(seconds: int, *, fresh: bool) -> None:
    assert AccessToken("t", NOW + timedelta(seconds=seconds)).is_fresh(NOW) is fresh


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.W10.c", "a.\u00e9.c", "..", "a.eyJ4.c"])
def test_an_opaque_token_has_no_claims_to_show(token: str) -> None:
    assert unverified_claims(token) == {}


def test_a_person_is_tenant_and_object_id() -> None:
    one, two = User("t1", "o", "kim@contoso.example", "Kim"), User("t2", "o", "kim@contoso.example", "Kim")
    assert one.key != two.key
    assert local_user().key == ("local", "local")


@pytest.mark.parametrize(
    "module",
    ["core.identity", "core.identity.user", "core.identity.access_token", "core.identity.web_app_credential"],
)
def test_naming_the_room_imports_no_heavy_library(module: str) -> None:
    program = (
        f"import sys, {module}; "
        "heavy = {'msal', 'azure', 'jwt', 'requests', 'cryptography', 'sqlalchemy'} & set(sys.modules); "
        "sys.exit(','.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    assert done.returncode == 0, done.stderr

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from core.access.claims import SHOWN, claims_summary
from core.emulator.directory import BUSINESS_USER, SERVICE, TENANT_ID
from tests.support.openai_calls import AUDIENCE

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator


def token_with(**claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{part}.signature"


def test_a_person_s_token_says_whom_it_is_for_and_whose_it_is(emulator: Emulator) -> None:
    token = emulator.entra.mint.access_token_for_person(BUSINESS_USER, "client", AUDIENCE)
    summary = claims_summary(token)
    assert summary.pop("exp").endswith("+00:00")
    assert summary == {
        "aud": AUDIENCE,
        "tid": TENANT_ID,
        "oid": BUSINESS_USER.object_id,
        "upn": BUSINESS_USER.username,
        "idtyp": "user",
    }


def test_the_app_s_token_has_no_user_name(emulator: Emulator) -> None:
    summary = claims_summary(
        emulator.entra.mint.access_token_for_itself(SERVICE.client_id, SERVICE.object_id, AUDIENCE)
    )
    assert summary["idtyp"] == "app"
    assert "upn" not in summary


def test_nothing_but_the_listed_claims_is_shown() -> None:
    summary = claims_summary(token_with(aud="a", name="Anna", scp="user_impersonation", uti="x", ipaddr="10.0.0.1"))
    assert summary == {"aud": "a"}
    assert set(summary) <= set(SHOWN)


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "eyJ.!!!.x", token_with()])
def test_an_opaque_token_has_no_summary(token: str) -> None:
    assert claims_summary(token) == {}


@pytest.mark.parametrize("exp", [10**30, -(10**30), True, "soon", None, [1], 1e400])
def test_a_nonsensical_end_is_left_out(exp: object) -> None:
    assert claims_summary(token_with(exp=exp, aud="a")) == {"aud": "a"}


def test_odd_claims_are_cut_to_one_short_line() -> None:
    summary = claims_summary(token_with(aud="x" * 5_000, upn="anna\r\n<b>", oid=["list"], tid={"a": 1}))
    assert len(summary["aud"]) == 200
    assert summary["upn"] == "anna<b>"
    assert set(summary) == {"aud", "upn"}

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER, RESOURCES
from tests.support.openai_calls import access_token

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator

AUDIENCE = "https://management.azure.com"
RESOURCE_ID = RESOURCES[0].resource_id
VERSION = {"api-version": "2023-05-01"}


def get(url: str, token: str, resource_id: str = RESOURCE_ID, query: dict[str, str] | None = None) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    asked = VERSION if query is None else query
    return httpx2.get(f"{url}/management{resource_id}", params=asked, headers=headers, trust_env=False)


def code(reply: httpx2.Response) -> Any:  # noqa: ANN401 - any JSON value
    return reply.json()["error"]["code"]


@pytest.fixture
def reader(emulator: Emulator) -> str:
    return access_token(emulator, ADMINISTRATOR.object_id, aud=AUDIENCE)


def test_a_reader_is_told_about_the_resource(emulator: Emulator, emulator_url: str, reader: str) -> None:
    said = get(emulator_url, reader).json()
    assert said["id"] == RESOURCE_ID
    assert said["properties"]["disableLocalAuth"] is True
    emulator.management.takes_keys.add(RESOURCES[0].name)
    assert get(emulator_url, reader).json()["properties"]["disableLocalAuth"] is False


def test_whoever_may_not_read_is_refused_by_name(emulator: Emulator, emulator_url: str) -> None:
    reply = get(emulator_url, access_token(emulator, BUSINESS_USER.object_id, aud=AUDIENCE))
    assert (reply.status_code, code(reply)) == (403, "AuthorizationFailed")
    assert BUSINESS_USER.object_id in reply.text


def test_a_token_for_the_models_is_not_one_for_management(emulator: Emulator, emulator_url: str) -> None:
    reply = get(emulator_url, access_token(emulator, ADMINISTRATOR.object_id))
    assert (reply.status_code, code(reply)) == (401, "InvalidAuthenticationToken")
    assert (get(emulator_url, "").status_code, code(get(emulator_url, ""))) == (401, "AuthenticationFailed")


def test_a_version_has_to_be_named(emulator_url: str, reader: str) -> None:
    reply = get(emulator_url, reader, query={})
    assert (reply.status_code, code(reply)) == (400, "MissingApiVersionParameter")


def test_another_group_or_name_is_not_found(emulator_url: str, reader: str) -> None:
    for other in (RESOURCE_ID.replace("contoso-ai", "elsewhere"), f"{RESOURCE_ID}-2"):
        reply = get(emulator_url, reader, other)
        assert (reply.status_code, code(reply)) == (404, "ResourceNotFound")

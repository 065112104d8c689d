from __future__ import annotations

from typing import TYPE_CHECKING

import msal  # type: ignore[import-untyped]  # it ships no types
import pytest

from core.emulator.directory import AUTHORITY_HOST, CLIENT_ID, TENANT_ID
from tests.support.rewriting import RewritingClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AUTHORITY = f"https://{AUTHORITY_HOST}/{TENANT_ID}"


@pytest.fixture
def msal_client(emulator_url: str) -> Iterator[RewritingClient]:
    client = RewritingClient(AUTHORITY_HOST, emulator_url)
    yield client
    client.close()


@pytest.fixture
def public_client(msal_client: RewritingClient) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(
        CLIENT_ID, authority=AUTHORITY, http_client=msal_client, instance_discovery=False
    )


@pytest.fixture
def confidential_client(msal_client: RewritingClient) -> Callable[..., msal.ConfidentialClientApplication]:
    def build(credential: object, client_id: str = CLIENT_ID) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            client_id,
            client_credential=credential,
            authority=AUTHORITY,
            http_client=msal_client,
            instance_discovery=False,
        )

    return build

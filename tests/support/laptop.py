"""The settings of a laptop that signs in with Entra, from which those of tests differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.clouds import PUBLIC
from core.settings import CallsAs, Settings, SignInMode


def laptop_settings(**changed: Any) -> Settings:  # noqa: ANN401 - any field of the settings
    """Settings of a laptop, changed as told; who signs in where has to be told."""
    given: dict[str, Any] = {
        "demo": False,
        "sign_in": SignInMode.ENTRA,
        "calls_as": CallsAs.USER,
        "public_url": None,
        "client_secret": None,
        "client_certificate": None,
        "client_assertion_identity": None,
        "cloud": PUBLIC,
        "authority_host": PUBLIC.authority_host,
        "instance_discovery": True,
        "scope": PUBLIC.scope,
        "allowed_endpoint_hosts": (),
        "database_url": SecretStr("sqlite://"),
        "sealing_keys": (),
        "catalogue_path": None,
        "seed_endpoint": None,
        "demo_upstream": None,
        "data_folder": Path("unused"),
        "bind_address": "127.0.0.1",
        "device_code": False,
        "app_identity": False,
        "app_identity_role": "",
        "brand_name": "",
        "brand_logo": None,
    }
    return Settings(**{**given, **changed})

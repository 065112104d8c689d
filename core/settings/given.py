"""The settings as written, each judged alone: variables over the settings file."""

from __future__ import annotations

import base64
import binascii
import difflib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError

from core.clouds import CLOUDS, PUBLIC, Cloud
from core.errors import SettingsProblem
from core.loopback import is_loopback
from core.settings.model import CallsAs, SignInMode

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "KEYLESS_"
SETTINGS_FILE: Final = Path(".streamlit") / "keyless.toml"
_SEALING_KEY_BYTES: Final = 32
_BRAND_NAME_CHARACTERS: Final = 60


def _cloud(value: object) -> object:
    if value in CLOUDS:
        return CLOUDS[str(value)]
    raise ValueError(f"{value!r} is not a cloud; use {', '.join(CLOUDS)}")


def _commas(value: object) -> object:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip()) if isinstance(parts, list) else parts


def _sealing_keys(value: object) -> object:
    keys = _commas(value)
    for key in keys if isinstance(keys, tuple) else ():
        try:
            size = len(base64.b64decode(key, validate=True))
        except binascii.Error:
            size = 0
        if size != _SEALING_KEY_BYTES:
            raise ValueError("each key must be the base64 of 32 random bytes")
    return keys


def _origin(value: object) -> object:
    parts = urlsplit(str(value).strip().lower())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise ValueError("it must look like https://keyless.example.com")
    if parts.path.strip("/"):
        raise ValueError("the app stands at the root of its host, so the address has no path")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("only a loopback address may use http; people's sessions need https")
    return f"{parts.scheme}://{parts.netloc}"


def _host(value: object) -> object:
    host = str(value).strip().lower().removeprefix("https://").rstrip("/")
    parts = urlsplit(f"//{host}")
    if not parts.hostname or parts.username or parts.path or parts.query:
        raise ValueError("it must be a host name, or host:port; https is always used")
    return host


def _brand_name(value: object) -> object:
    name = " ".join(str(value).split())
    if len(name) > _BRAND_NAME_CHARACTERS or not name.isprintable():
        raise ValueError(f"it must be one line of at most {_BRAND_NAME_CHARACTERS} characters")
    return name


class GivenSettings(BaseModel):
    """The settings as written, each judged alone. Field names are the contract (``KEYLESS_`` and upper case)."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, str_strip_whitespace=True)

    public_url: Annotated[str, BeforeValidator(_origin)] | None = None
    sign_in: SignInMode | None = None
    calls_as: CallsAs | None = None
    tenant_id: UUID | None = None
    client_id: UUID | None = None
    client_secret: SecretStr | None = None
    client_certificate: Path | None = None
    client_assertion_identity: str | None = None
    cloud: Annotated[Cloud, BeforeValidator(_cloud)] = PUBLIC
    authority_host: Annotated[str, BeforeValidator(_host)] | None = None
    instance_discovery: bool = True
    scope: str | None = None
    allowed_endpoint_hosts: Annotated[tuple[str, ...], BeforeValidator(_commas)] = ()
    database_url: SecretStr | None = None
    sealing_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_sealing_keys)] = ()
    catalogue: Path | None = None
    demo_upstream: str | None = None
    device_code: bool = False
    app_identity: bool = False
    app_identity_role: str = ""
    brand_name: Annotated[str, BeforeValidator(_brand_name)] = ""
    brand_logo: Path | None = None

    @property
    def means_real(self) -> bool:
        """Whether anything is given that only a real tenant or resource can satisfy."""
        harmless = {"public_url", "database_url", "sealing_keys", "demo_upstream", "brand_name", "brand_logo"}
        return bool(self.model_fields_set - harmless)


REMEDIES: Final = {
    "public_url": "Give the address people type, such as https://keyless.example.com.",
    "sign_in": "Use entra (people sign in) or local (this laptop only).",
    "calls_as": "Use user (the person's own token) or app (the app's own identity).",
    "tenant_id": "Copy the Directory (tenant) ID from the app registration's overview in the Entra admin centre.",
    "client_id": "Copy the Application (client) ID from the app registration's overview in the Entra admin centre.",
    "cloud": f"Use one of {', '.join(CLOUDS)}.",
    "authority_host": "Leave it out for Microsoft's own, or give host or host:port.",
    "instance_discovery": "Use true or false.",
    "device_code": "Use true or false.",
    "app_identity": "Use true or false.",
    "brand_name": "Give the name that stands on the stage and on the slides, or leave it out.",
    "brand_logo": "Give the path of a PNG or JPEG picture, or leave it out.",
    "sealing_keys": 'Make one with: python -c "import os, base64; print(base64.b64encode(os.urandom(32)).decode())"',
}


def read_given(environ: Mapping[str, str], root: Path, problems: list[SettingsProblem]) -> GivenSettings:
    """What is written for the project at ``root``; ``problems`` found on the way are added to.

    A value that cannot be used is left at its default, so that what else is wrong can be told too; it still counts as
    given.
    """
    written = {**_from_file(root / SETTINGS_FILE, problems), **_from_environment(environ, problems)}
    try:
        return GivenSettings.model_validate(written)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
    problems += [_field_problem(dict(fault)) for fault in faults]
    unusable = {str(fault["loc"][0]) for fault in faults}
    given = GivenSettings.model_validate({name: value for name, value in written.items() if name not in unusable})
    given.model_fields_set.update(unusable)
    return given


def _from_file(path: Path, problems: list[SettingsProblem]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(SettingsProblem(str(SETTINGS_FILE), f"cannot be read: {error}", "Correct the file."))
        return {}


def _from_environment(environ: Mapping[str, str], problems: list[SettingsProblem]) -> dict[str, str]:
    known = {PREFIX + field.upper(): field for field in GivenSettings.model_fields}
    for name in environ:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.88)
        if name.startswith(PREFIX) and name not in known and near:
            problems.append(SettingsProblem(name, "is not a setting.", f"Did you mean {near[0]}?"))
    return {known[name]: value for name, value in environ.items() if name in known and value.strip()}


def _field_problem(error: dict[str, Any]) -> SettingsProblem:
    field = str(error["loc"][0])
    what = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, GivenSettings.model_fields, n=1)
        remedy = f"Did you mean {near[0]}?" if near else "Remove it; the README lists every setting."
        return SettingsProblem(f"{SETTINGS_FILE}: {field}", "is not a setting.", remedy)
    return SettingsProblem(PREFIX + field.upper(), what, REMEDIES.get(field, "The README says what it takes."))

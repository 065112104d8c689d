"""From what is written to what the process runs with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from core.errors import SettingsError, SettingsProblem
from core.settings.contradictions import contradictions
from core.settings.given import GivenSettings, read_given
from core.settings.model import CallsAs, SeedEndpoint, Settings, SignInMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

DEFAULT_CATALOGUE: Final = Path(".streamlit") / "deployments.toml"
DATA_FOLDER: Final = Path(".keyless")

KEY_LIKE: Final = (
    "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY",
    "OPENAI_WEBHOOK_SECRET",
    "OPENAI_BASE_URL",
    "OPENAI_CUSTOM_HEADERS",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_AD_TOKEN",
)
"""Variables with which the openai library would send a key, a token or a header, or go to another address."""


def read_settings(
    environ: Mapping[str, str],
    root: Path,
    bind_address: str = "127.0.0.1",
    *,
    further_check: Callable[[Settings], object] = lambda _: None,
) -> Settings:
    """Read the settings of the project at ``root``, which will listen on ``bind_address``.

    Args:
        further_check: Looks at what the settings point to (such as the catalogue) and may raise a SettingsError of
            its own, whose problems are told together with all others.

    Raises:
        SettingsError: naming every setting that cannot be used, each with its remedy.
    """
    problems = _key_like(environ)
    settings = _combine(read_given(environ, root, problems), environ, root, bind_address)
    problems += contradictions(settings, environ)
    try:
        further_check(settings)
    except SettingsError as error:
        problems += error.problems
    if problems:
        # The first that is said about a setting says why; the others only follow from it.
        raise SettingsError(list({problem.name: problem for problem in reversed(problems)}.values())[::-1])
    return settings


def forget_openai_variables(environ: MutableMapping[str, str]) -> None:
    """Remove what ``read_settings`` has taken, so that no library reads it a second time on its own."""
    for name in [name for name in environ if name.startswith(("OPENAI_", "AZURE_OPENAI_"))]:
        del environ[name]


def key_like(environ: Mapping[str, str]) -> list[str]:
    """The variables that are set and would make a library send a key, a token or a header, by name."""
    return [
        name
        for name in sorted(environ)
        if environ[name] and (name in KEY_LIKE or ("OPENAI" in name and name.endswith("_KEY")))
    ]


def _key_like(environ: Mapping[str, str]) -> list[SettingsProblem]:
    return [
        SettingsProblem(
            name,
            "is set, and would make the openai library send a key, a header or another address.",
            "Unset it. Keyless calls deployments with Entra tokens only.",
        )
        for name in key_like(environ)
    ]


def _combine(given: GivenSettings, environ: Mapping[str, str], root: Path, bind_address: str) -> Settings:
    default_catalogue = root / DEFAULT_CATALOGUE
    catalogue = given.catalogue or (default_catalogue if default_catalogue.is_file() else None)
    seed = _seed_endpoint(environ)
    only_seed = seed is not None and not (given.tenant_id or given.client_id or catalogue)
    sign_in = given.sign_in or (SignInMode.LOCAL if only_seed else SignInMode.ENTRA)
    data_folder = root / DATA_FOLDER
    return Settings(
        demo=not (given.means_real or catalogue or seed),
        sign_in=sign_in,
        calls_as=given.calls_as or (CallsAs.APP if sign_in is SignInMode.LOCAL else CallsAs.USER),
        public_url=given.public_url,
        tenant_id=str(given.tenant_id or ""),
        client_id=str(given.client_id or ""),
        client_secret=given.client_secret,
        client_certificate=root / given.client_certificate if given.client_certificate else None,
        client_assertion_identity=given.client_assertion_identity,
        cloud=given.cloud,
        authority_host=given.authority_host or given.cloud.authority_host,
        instance_discovery=given.instance_discovery,
        scope=given.scope or given.cloud.scope,
        allowed_endpoint_hosts=tuple(host.lower() for host in given.allowed_endpoint_hosts),
        database_url=given.database_url or SecretStr(f"sqlite:///{data_folder / 'keyless.sqlite3'}"),
        sealing_keys=given.sealing_keys,
        catalogue_path=root / catalogue if catalogue else None,
        seed_endpoint=seed,
        demo_upstream=given.demo_upstream,
        data_folder=data_folder,
        bind_address=bind_address,
        device_code=given.device_code,
        app_identity=given.app_identity,
        app_identity_role=given.app_identity_role,
        brand_name=given.brand_name,
        brand_logo=root / given.brand_logo if given.brand_logo else None,
    )


def _seed_endpoint(environ: Mapping[str, str]) -> SeedEndpoint | None:
    url = environ.get("AZURE_OPENAI_ENDPOINT", "").strip()
    if not url:
        return None
    return SeedEndpoint(
        url=url,
        deployment=environ.get("AZURE_OPENAI_DEPLOYMENT", "").strip(),
        api_version=environ.get("OPENAI_API_VERSION", "").strip() or None,
    )

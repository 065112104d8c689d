"""What is wrong between settings that are each right alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.errors import SettingsProblem
from core.settings.brand import unusable_picture
from core.settings.given import REMEDIES
from core.settings.model import CallsAs, Settings, SignInMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PRODUCTION_SIGNS: Final = {"IDENTITY_ENDPOINT": "", "APP_ENV": "production"}
_GO_REAL: Final = "Configure a tenant (KEYLESS_TENANT_ID, KEYLESS_CLIENT_ID) and a catalogue."


def contradictions(settings: Settings, environ: Mapping[str, str]) -> list[SettingsProblem]:
    """Every problem that only shows when the settings are seen together."""
    problems = [*_seed(settings, environ), *_brand(settings)]
    if settings.demo:
        return [*problems, *_demo(settings, environ)]
    return [
        *problems,
        *_people(settings),
        *_local(settings),
        *_app_identity(settings),
        *_deployments(settings),
        *_web_app_credential(settings),
    ]


def _seed(settings: Settings, environ: Mapping[str, str]) -> Iterator[SettingsProblem]:
    if settings.seed_endpoint and not settings.seed_endpoint.deployment:
        yield SettingsProblem(
            "AZURE_OPENAI_DEPLOYMENT", "is missing.", "Name the deployment at AZURE_OPENAI_ENDPOINT."
        )
    if not settings.seed_endpoint and environ.get("AZURE_OPENAI_DEPLOYMENT"):
        yield SettingsProblem(
            "AZURE_OPENAI_ENDPOINT",
            "is missing, but AZURE_OPENAI_DEPLOYMENT is set.",
            "Give the resource's address, such as https://NAME.openai.azure.com.",
        )


def _brand(settings: Settings) -> Iterator[SettingsProblem]:
    what = unusable_picture(settings.brand_logo) if settings.brand_logo else ""
    if what:
        yield SettingsProblem("KEYLESS_BRAND_LOGO", what, REMEDIES["brand_logo"])


def _demo(settings: Settings, environ: Mapping[str, str]) -> Iterator[SettingsProblem]:
    if not settings.on_loopback:
        yield SettingsProblem(
            "demo mode",
            f"is for this computer only, but the app would be reached at "
            f"{settings.public_url or settings.bind_address}.",
            f"Bind 127.0.0.1. Or: {_GO_REAL}",
        )
    for name, value in _PRODUCTION_SIGNS.items():
        if environ.get(name) and (not value or environ[name].lower() == value):
            yield SettingsProblem(name, "says that this is a hosted app, where demo mode must not start.", _GO_REAL)


def _people(settings: Settings) -> Iterator[SettingsProblem]:
    if settings.demo_upstream:
        yield SettingsProblem("KEYLESS_DEMO_UPSTREAM", "is for demo mode only.", "Unset it.")
    if settings.sign_in is not SignInMode.ENTRA:
        return
    for name, value in (("tenant_id", settings.tenant_id), ("client_id", settings.client_id)):
        if not value:
            yield SettingsProblem(
                f"KEYLESS_{name.upper()}", "is missing.", f"{REMEDIES[name]} Or set KEYLESS_SIGN_IN=local."
            )
    if settings.public_url is None and not settings.on_loopback:
        yield SettingsProblem("KEYLESS_PUBLIC_URL", "is missing.", REMEDIES["public_url"])


def _local(settings: Settings) -> Iterator[SettingsProblem]:
    if settings.sign_in is not SignInMode.LOCAL:
        return
    if settings.calls_as is CallsAs.USER:
        yield SettingsProblem(
            "KEYLESS_CALLS_AS",
            "cannot be user while KEYLESS_SIGN_IN is local: nobody is signed in with a token.",
            "Set KEYLESS_CALLS_AS=app, or KEYLESS_SIGN_IN=entra.",
        )
    if not settings.on_loopback:
        yield SettingsProblem("KEYLESS_SIGN_IN", "can be local only on loopback.", "Bind 127.0.0.1, or use entra.")


def _app_identity(settings: Settings) -> Iterator[SettingsProblem]:
    if settings.app_identity and settings.calls_as is CallsAs.APP:
        yield SettingsProblem(
            "KEYLESS_APP_IDENTITY",
            "offers the app's own identity beside the person's, but KEYLESS_CALLS_AS=app leaves no other.",
            "Unset it, or set KEYLESS_CALLS_AS=user.",
        )
    if settings.app_identity_role and not settings.app_identity:
        yield SettingsProblem(
            "KEYLESS_APP_IDENTITY_ROLE",
            "says who may use the app's own identity, but nobody is offered it.",
            "Set KEYLESS_APP_IDENTITY=true, or unset the role.",
        )
    if settings.device_code and not settings.on_loopback:
        yield SettingsProblem(
            "KEYLESS_DEVICE_CODE",
            "is for this computer only: a hosted app would call as whoever entered a code last.",
            "Unset it, and give the app a managed identity.",
        )
    if settings.device_code and settings.calls_as is CallsAs.USER and not settings.app_identity:
        yield SettingsProblem(
            "KEYLESS_DEVICE_CODE",
            "belongs to the app's own identity, which nothing uses here.",
            "Set KEYLESS_CALLS_AS=app, or unset it.",
        )


def _deployments(settings: Settings) -> Iterator[SettingsProblem]:
    if settings.catalogue_path is None and settings.seed_endpoint is None:
        yield SettingsProblem(
            "KEYLESS_CATALOGUE",
            "is missing, and so is AZURE_OPENAI_ENDPOINT: there is nothing to call.",
            "Write .streamlit/deployments.toml (the README shows one), or set AZURE_OPENAI_ENDPOINT.",
        )
    elif settings.catalogue_path is not None and not settings.catalogue_path.is_file():
        yield SettingsProblem("KEYLESS_CATALOGUE", "names a file that is not there.", "Correct the path.")


def _web_app_credential(settings: Settings) -> Iterator[SettingsProblem]:
    credentials = [settings.client_secret, settings.client_certificate, settings.client_assertion_identity]
    given = sum(credential is not None for credential in credentials)
    if settings.client_certificate and not settings.client_certificate.is_file():
        yield SettingsProblem(
            "KEYLESS_CLIENT_CERTIFICATE",
            "names a file that is not there.",
            "Give a PEM file with key and certificate.",
        )
    if given > 1:
        yield SettingsProblem(
            "KEYLESS_CLIENT_SECRET",
            "is one of several credentials of the web app.",
            "Keep one of KEYLESS_CLIENT_ASSERTION_IDENTITY, KEYLESS_CLIENT_CERTIFICATE, KEYLESS_CLIENT_SECRET.",
        )
    if settings.sign_in is SignInMode.ENTRA and not given and not settings.on_loopback:
        yield SettingsProblem(
            "KEYLESS_CLIENT_ASSERTION_IDENTITY",
            "is missing: a hosted web app proves itself to Entra when it redeems a sign-in.",
            "Set it to system or to the client id of a managed identity (no secret at all), or give a certificate.",
        )

"""How the web app proves to Entra that it is itself, best first: federation (no secret), certificate, secret."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

from core.errors import NoCredential, SettingsError, SettingsProblem
from core.identity.vendor_logs import hold_back_msal_logs

if TYPE_CHECKING:
    from core.settings import Settings

EXCHANGE_SCOPE: Final = "api://AzureADTokenExchange/.default"
SYSTEM: Final = "system"
_PEM_BLOCK: Final = re.compile(r"-----BEGIN (?P<kind>[A-Z0-9 ]+)-----.+?-----END (?P=kind)-----", re.DOTALL)

Credential = str | dict[str, Any] | None
"""MSAL's ``client_credential``; None makes a public client, which Entra admits on ``http://localhost`` only."""


def web_app_credential(settings: Settings) -> Credential:
    """The credential that the settings name.

    Raises:
        SettingsError: The certificate's file cannot be used.
    """
    if settings.client_assertion_identity:
        return {"client_assertion": _FederatedAssertion(settings.client_assertion_identity)}
    if settings.client_certificate:
        try:
            return _certificate(settings.client_certificate.read_text("ascii"))
        except (OSError, TypeError, ValueError):
            problem = SettingsProblem(
                "KEYLESS_CLIENT_CERTIFICATE",
                "is no PEM file with an unencrypted private key and its certificate.",
                "Put both into one PEM file that the app may read: the key, then the certificate.",
            )
            raise SettingsError([problem]) from None
    return settings.client_secret.get_secret_value() if settings.client_secret else None


class _FederatedAssertion:
    """A token of the host's managed identity, which Entra takes in place of a secret; asked for when needed.

    https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
    """

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._lock = threading.Lock()
        self._credential: Any = None

    def __call__(self) -> str:
        # azure-core is imported with the credential, not with the app.
        from azure.core.exceptions import AzureError
        from azure.identity import ManagedIdentityCredential

        hold_back_msal_logs()
        with self._lock:
            if self._credential is None:
                client_id = None if self._identity == SYSTEM else self._identity
                self._credential = ManagedIdentityCredential(
                    client_id=client_id, connection_timeout=2, read_timeout=5, retry_total=1
                )
            try:
                return str(self._credential.get_token(EXCHANGE_SCOPE).token)
            except (AzureError, ValueError, OSError) as error:
                raise NoCredential(
                    "The app could not prove itself to Entra: its managed identity did not answer.",
                    "Ask whoever runs this app to check the identity that KEYLESS_CLIENT_ASSERTION_IDENTITY names.",
                    cause="managed-identity-absent",
                    detail=f"client assertion: {type(error).__name__}",
                ) from None


def _certificate(pem: str) -> dict[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    blocks = {match["kind"]: match[0] for match in reversed(list(_PEM_BLOCK.finditer(pem)))}
    key_block = next((block for kind, block in blocks.items() if kind.endswith("PRIVATE KEY")), "")
    key = load_pem_private_key(key_block.encode(), None)
    certificate = x509.load_pem_x509_certificate(blocks.get("CERTIFICATE", "").encode())
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }

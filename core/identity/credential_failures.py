"""Why a credential of the app gave no token, and what to do: by codes, and by the libraries' own fixed first words.

The words are those of azure-identity 1.27 (``_credentials/azure_cli.py``) and MSAL 1.39 (``authority.py``).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.errors import IdentityProviderDown, KeylessError
from core.errors.who import RUNS_THE_APP, YOU
from core.identity.access_token import LOOKS_LIKE_A_TOKEN
from core.identity.entra_meanings import CREDENTIAL, FOREIGN, UNKNOWN_TENANT, meaning_of
from core.identity.entra_refusals import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKLOAD: Final = "WorkloadIdentityCredential"
MANAGED: Final = "ManagedIdentityCredential"
ENVIRONMENT: Final = "EnvironmentCredential"
CLI: Final = "AzureCliCredential"
DEVICE_CODE: Final = "DeviceCodeCredential"

WAITING: Final = "device-code-waiting"
"""The cause of a failure that ends when the person enters a code."""

_CODE: Final = re.compile(r"AADSTS(\d{4,9})")
_WITHOUT_REPLY: Final = frozenset(
    {"ServiceRequestError", "ServiceRequestTimeoutError", "ServiceResponseError", "ServiceResponseTimeoutError"}
)
"""azure-core's classes for requests that got no reply."""
_NO_SUCH_DIRECTORY: Final = "Unable to get authority configuration"
_AZ_NOT_FOUND: Final = ("Azure CLI not found on path", "Failed to execute ")
_AZ_NOT_LOGGED_IN: Final = "Please run 'az login'"
_AZ_SILENT: Final = "Failed to invoke the Azure CLI"
_AZ_TAKES_NO_CLAIMS: Final = "This credential doesn't support claims challenges"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What to tell about a credential that failed; ``command`` carries out the remedy, or is ""."""

    cause: str
    title: str
    remedy: str
    who: str = RUNS_THE_APP
    command: str = ""


_NO_MANAGED_IDENTITY: Final = Explanation(
    "managed-identity-absent",
    "The managed identity did not give a token.",
    "Switch on the managed identity of the app's host in Azure, or assign the user-assigned one whose client id "
    "AZURE_CLIENT_ID or KEYLESS_CLIENT_ASSERTION_IDENTITY names.",
)
_NO_ENTRA: Final = Explanation(
    IdentityProviderDown.default_cause,
    IdentityProviderDown.default_title,
    "Let the app's host reach Entra, and check AZURE_AUTHORITY_HOST.",
)
_NO_DIRECTORY: Final = Explanation(
    UNKNOWN_TENANT.cause, "There is no directory of this tenant id.", "Check AZURE_TENANT_ID and the cloud."
)
_UNKNOWN: Final = Explanation(
    "no-credential",
    "The credential gave no token.",
    "Look at the reason that it gave, in the app's log or on My access.",
)
_UNREADABLE: Final = {
    WORKLOAD: Explanation(
        "workload-token-missing",
        "The token file of the workload identity cannot be read.",
        "Check that AZURE_FEDERATED_TOKEN_FILE names a file that the app may read, as the cluster's webhook sets it.",
    ),
    ENVIRONMENT: Explanation(
        "service-principal-certificate-unusable",
        "The service principal's certificate cannot be used.",
        "Let AZURE_CLIENT_CERTIFICATE_PATH name a PEM or PKCS12 file with key and certificate that the app may read.",
    ),
}
_NOT_PROVEN: Final = {
    WORKLOAD: Explanation(
        "app-credential-refused",
        "Entra does not accept the workload's token.",
        "Give the app registration, or the user-assigned identity, a federated credential for this cluster's issuer "
        "and this service account.",
    ),
    ENVIRONMENT: Explanation(
        "app-credential-refused",
        "Entra does not accept the service principal's certificate.",
        "Register the certificate that AZURE_CLIENT_CERTIFICATE_PATH names with the app registration.",
    ),
}
_BY_CAUSE: Final = {
    told.cause: told
    for told in (
        Explanation(
            "service-principal-secret-wrong",
            "The service principal's secret is wrong.",
            "Set AZURE_CLIENT_SECRET to the value, not the ID, of a secret of the app registration AZURE_CLIENT_ID.",
        ),
        Explanation(
            "service-principal-secret-expired",
            "The service principal's secret has expired.",
            "Make a new one with the command below and set AZURE_CLIENT_SECRET to it; a managed identity needs none.",
            command='az ad app credential reset --append --id "$AZURE_CLIENT_ID"',
        ),
        Explanation(
            "app-unknown",
            "The directory does not know the service principal.",
            "Check AZURE_CLIENT_ID and AZURE_TENANT_ID.",
        ),
        _NO_DIRECTORY,
    )
}


def explain(credential: str, error: Exception, *, tenant_id: str = "", claims: str = "") -> Explanation:
    """Say what is behind the failure of a credential.

    Args:
        credential: Its name, such as ``AzureCliCredential``.
        error: What it raised.
        tenant_id: The directory that a token was asked of, as far as it is configured.
        claims: The challenge that the token had to answer.
    """
    if isinstance(error, KeylessError) and error.cause:
        return Explanation(error.cause, error.title, error.remedy, error.who or RUNS_THE_APP, error.command)
    if credential == CLI:
        return _explain_az(str(error), tenant_id, claims)
    if credential == MANAGED:
        return _NO_MANAGED_IDENTITY
    return _explain_principal(credential, error)


def reason_of(error: Exception) -> str:
    """Why a credential gave no token, in one line without a token in it."""
    text = error.detail if isinstance(error, KeylessError) else str(error)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    reason = in_one_line(LOOKS_LIKE_A_TOKEN.sub("(token)", first_line)) or type(error).__name__
    code = _CODE.search(text)
    return reason if code is None or code[0] in reason else f"{code[0]}: {reason}"


def _explain_principal(credential: str, error: Exception) -> Explanation:
    behind = list(_chain(error))
    if any(type(cause).__name__ in _WITHOUT_REPLY for cause in behind):
        return _NO_ENTRA
    codes = _codes(str(error))
    if not codes and any(str(cause).startswith(_NO_SUCH_DIRECTORY) for cause in behind):
        return _NO_DIRECTORY
    if not codes and isinstance(behind[-1], OSError | ValueError):
        return _UNREADABLE.get(credential, _UNKNOWN)
    meaning = meaning_of(codes, error="invalid_client")
    if meaning is CREDENTIAL:
        return _NOT_PROVEN.get(credential, _UNKNOWN)
    return _BY_CAUSE.get(meaning.cause) or Explanation(
        meaning.cause or meaning.kind.default_cause,
        meaning.title or meaning.kind.default_title,
        meaning.remedy or meaning.kind.default_remedy,
        meaning.who or meaning.kind.default_who,
    )


def _explain_az(said: str, tenant_id: str, claims: str) -> Explanation:
    login = f"az login --tenant {tenant_id}" if tenant_id else "az login"
    if said.startswith(_AZ_NOT_FOUND):
        return Explanation(
            "az-not-installed",
            "The Azure CLI is not installed.",
            "On your own computer, install the Azure CLI and run the command below. On Azure, give the app a managed "
            "identity.",
            YOU,
            login,
        )
    if said.startswith(_AZ_TAKES_NO_CLAIMS):
        challenge = base64.b64encode(claims.encode()).decode()
        return Explanation(
            "interaction-required",
            "Entra wants to see the account of the Azure CLI again.",
            "Run the command below on the computer that runs this app.",
            YOU,
            f"{login} --claims-challenge {challenge}",
        )
    if said.startswith(_AZ_SILENT):
        return Explanation(
            "az-failed",
            "The Azure CLI did not answer.",
            "Run the command below on the computer that runs this app and see what it says.",
            YOU,
            "az account get-access-token --query expiresOn",
        )
    return _explain_az_account(said, login)


def _explain_az_account(said: str, login: str) -> Explanation:
    meaning = meaning_of(_codes(said))
    if meaning in {FOREIGN, UNKNOWN_TENANT}:
        return Explanation(
            "az-wrong-tenant",
            "The account of the Azure CLI does not belong to the configured directory.",
            "Run the command below with an account of that directory, or correct the tenant.",
            YOU,
            login,
        )
    if meaning.cause in {"interaction-required", "signed-out"} or said.startswith(_AZ_NOT_LOGGED_IN):
        return Explanation(
            "interaction-required" if meaning.cause == "interaction-required" else "az-not-logged-in",
            "Nobody is signed in to the Azure CLI, or the sign-in has to be renewed.",
            "Run the command below on the computer that runs this app.",
            YOU,
            login,
        )
    return Explanation(
        "az-failed",
        "The Azure CLI gave no token.",
        "Run the command below on the computer that runs this app and see what it says.",
        YOU,
        "az account get-access-token --query expiresOn",
    )


def _codes(text: str) -> list[int]:
    return [int(code) for code in _CODE.findall(text)[:3]]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__

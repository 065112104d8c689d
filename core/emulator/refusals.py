"""Every refusal of the service, with the exact bodies that Azure OpenAI sends."""

from __future__ import annotations

import base64
from typing import Any

from core.emulator import content_filter
from core.emulator.entra_refusals import STEP_UP_CHALLENGE
from core.emulator.reply import Refused, as_json

_LEARN = "https://go.microsoft.com/fwlink/?linkid="


def refusal(status: int, body: Any, headers: dict[str, str] | None = None) -> Refused:  # noqa: ANN401 - any JSON
    """Refuse with a JSON body."""
    return Refused(status, as_json(body), headers or {})


def error(
    status: int, code: str | None, message: str, headers: dict[str, str] | None = None, **more: object
) -> Refused:
    """Refuse in the usual shape, an object ``error`` with code and message."""
    return refusal(status, {"error": {"code": code, "message": message, **more}}, headers)


def invalid_request(message: str, param: str | None, code: str | None) -> Refused:
    """Refuse a parameter, in the shape the models' own checks use."""
    body = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return refusal(400, {"error": body})


def token_refused(audience: str = "https://cognitiveservices.azure.com") -> Refused:
    """Refuse a token that is missing, expired, unsigned, or for another audience: a body without ``error``."""
    message = f"Unauthorized. Access token is missing, invalid, audience is incorrect ({audience}), or have expired."
    return refusal(401, {"statusCode": 401, "message": message})


def insufficient_claims() -> Refused:
    """Refuse a good token until its person signs in again: the challenge of continuous access evaluation."""
    claims = base64.b64encode(STEP_UP_CHALLENGE.encode()).decode()
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'error="insufficient_claims", claims="{claims}"'
    )
    message = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
    return error(401, "InvalidAuthenticationToken", message, {"www-authenticate": challenge})


def role_missing() -> Refused:
    """Refuse an identity without the data-plane role, as an Azure OpenAI resource says it."""
    return error(401, "PermissionDenied", "Principal does not have access to API/Operation.")


def role_missing_foundry(oid: str, operation: str) -> Refused:
    """Refuse an identity without the data-plane role, as a Foundry resource says it."""
    action = f"Microsoft.CognitiveServices/accounts/OpenAI/deployments/{operation}/action"
    message = (
        f"The principal {oid} lacks the required data action {action} to perform POST /openai/{operation} "
        f"operation. For more information, see {_LEARN}2264010."
    )
    return error(401, "PermissionDenied", message)


def key_auth_disabled() -> Refused:
    """Refuse a key on a resource that takes none."""
    return error(403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource.")


def firewall() -> Refused:
    """Refuse an address that the resource's firewall does not let in."""
    return error(403, "403", "Access denied due to Virtual Network/Firewall rules.")


def private_endpoint() -> Refused:
    """Refuse the public way in."""
    return error(403, "403", "Public access is disabled. Please configure private endpoint.")


def vnet_wrong_host() -> Refused:
    """Refuse the regional host of a resource inside a network: a body without ``error``."""
    message = (
        "A Virtual Network is configured for this resource. Please use the correct endpoint for making requests."
    )
    return refusal(403, {"code": "403", "message": f"{message} Check {_LEARN}2066129 for more details."})


def suspended() -> Refused:
    """Refuse everything: the resource is blocked."""
    message = (
        "Your resource has been temporarily blocked because we detected behavior that may violate our content "
        "policy. Please contact support to resolve this issue."
    )
    return error(403, "403", message)


def wrong_tenant(tenant: str = "00000000-0000-0000-0000-000000000000") -> Refused:
    """Refuse a good token of another directory."""
    message = f"Token tenant {tenant} does not match resource tenant."
    return error(400, "Tenant provided in token does not match resource token", message)


def deployment_missing() -> Refused:
    """Refuse a name that no deployment has."""
    message = (
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 "
        "minutes, please wait a moment and try again."
    )
    return error(404, "DeploymentNotFound", message)


def resource_missing() -> Refused:
    """Refuse a path, an api-version or a resource that is not there."""
    return error(404, "404", "Resource not found")


def operation_not_supported(operation: str, model: str) -> Refused:
    """Refuse an operation that the model behind the deployment does not have."""
    message = (
        f"The {operation} operation does not work with the specified model, {model}. Please choose different model "
        f"and try again. You can learn more about which models can be used with each operation here: {_LEARN}2197993."
    )
    return error(400, "OperationNotSupported", message)


def prompt_filtered(key: str | None = "content_filter_result") -> Refused:
    """Refuse a prompt; ``key`` is how ``innererror`` spells the result, ``None`` leaves ``innererror`` out."""
    message = (
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please "
        f"modify your prompt and retry. To learn more about our content filtering policies please read our "
        f"documentation: {_LEARN}2198766"
    )
    body: dict[str, Any] = {
        "message": message,
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
    }
    if key is not None:
        body["innererror"] = {"code": "ResponsibleAIPolicyViolation", key: content_filter.FILTERED_PROMPT}
    return refusal(400, {"error": body})


def prompt_filtered_with_notes() -> Refused:
    """Refuse a prompt as Responses do: with a note of the filter in place of ``innererror``."""
    message = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
    note = {"blocked": True, "source_type": "prompt", "content_filter_results": content_filter.FILTERED_PROMPT}
    kind = "invalid_request_error"
    return error(400, "content_filter", message, type=kind, param="prompt", content_filters=[note])


def rate_limited(seconds: int, headers: dict[str, str] | None = None) -> Refused:
    """Refuse a call too many; without ``headers`` the wait stands in ``retry-after``."""
    said = {"retry-after": str(seconds)} if headers is None else headers
    return error(429, "429", f"Rate limit is exceeded. Try again in {seconds} seconds.", said)


def quota_exceeded(kind: str, operation: str, seconds: int, headers: dict[str, str]) -> Refused:
    """Refuse a call beyond the deployment's requests or tokens per minute (``kind`` is ``call`` or ``token``)."""
    message = (
        f"Requests to the {operation} Operation under Azure OpenAI API have exceeded {kind} rate limit of your "
        f"current OpenAI S0 pricing tier. Please retry after {seconds} seconds. Please go here: https://aka.ms/oai/quotaincrease"
        " if you would like to further increase the default rate limit."
    )
    return error(429, "429", message, {**headers, "retry-after": str(seconds), "retry-after-ms": str(seconds * 1000)})


def capacity() -> Refused:
    """Refuse because the service, not the caller, is at its limit."""
    message = (
        "The system is currently experiencing high demand and cannot process your request. Your request exceeds the "
        "maximum usage size allowed during peak load. For improved capacity reliability, consider switching to "
        "Provisioned Throughput."
    )
    return error(429, "429", message)


def reduction(seconds: int) -> Refused:
    """Refuse because the service has lowered the limit of a deployment for a while."""
    message = f"The rate limit of this deployment was temporarily reduced. Please retry after {seconds} seconds."
    return error(429, "429", message, {"retry-after": str(seconds)})


def estimate(seconds: int) -> Refused:
    """Refuse because prompt and maximum together are estimated at more than the minute holds."""
    message = (
        "The estimated tokens of this request (prompt and max_tokens) exceed the tokens that remain in this minute. "
        f"Please retry after {seconds} seconds."
    )
    return error(429, "429", message, {"retry-after": str(seconds)})


def unreadable_body() -> Refused:
    """Refuse a body that is no JSON object."""
    message = "We could not parse the JSON body of your request. The service expects a JSON payload."
    return invalid_request(message, None, None)


def missing_parameter(name: str) -> Refused:
    """Refuse a request without a parameter it needs."""
    return invalid_request(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")


def invalid_type(name: str, expected: str) -> Refused:
    """Refuse a parameter of the wrong type."""
    return invalid_request(f"Invalid type for '{name}': expected {expected}.", name, "invalid_type")


def out_of_range(name: str, value: float, low: float, high: float) -> Refused:
    """Refuse a number out of its range."""
    if value < low:
        message = (
            f"Invalid '{name}': decimal below minimum value. Expected a value >= {low}, but got {value} instead."
        )
        return invalid_request(message, name, "decimal_below_min_value")
    message = f"Invalid '{name}': decimal above maximum value. Expected a value <= {high}, but got {value} instead."
    return invalid_request(message, name, "decimal_above_max_value")


def unsupported_parameter(name: str, instead: str | None = None) -> Refused:
    """Refuse a parameter that the model does not have."""
    hint = f" Use '{instead}' instead." if instead else ""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
    return invalid_request(message, name, "unsupported_parameter")


def unsupported_value(name: str, value: object, default: object) -> Refused:
    """Refuse any value but the default one."""
    message = (
        f"Unsupported value: '{name}' does not support {value} with this model. "
        f"Only the default ({default}) value is supported."
    )
    return invalid_request(message, name, "unsupported_value")


def previous_response_missing(identifier: str) -> Refused:
    """Refuse to go on from a response: this service stores none."""
    message = f"Previous response with id '{identifier}' not found."
    return invalid_request(message, "previous_response_id", "previous_response_not_found")

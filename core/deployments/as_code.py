"""A call as code to take along: keyless, in Python, for curl, or in C#. It holds no token, and asks for one."""

from __future__ import annotations

import json
import re
import shlex
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from core.clouds import PUBLIC, cloud_of_host
from core.deployments.deployment import Operation
from core.deployments.request_body import USAGE, build

if TYPE_CHECKING:
    from core.clouds import Cloud
    from core.deployments.deployment import Endpoint
    from core.deployments.lessons import Lessons
    from core.deployments.parameters import Call
    from core.deployments.request_body import Request

_PATHS: Final = {
    Operation.RESPONSES: "responses",
    Operation.CHAT: "chat/completions",
    Operation.COMPLETIONS: "completions",
}
_PYTHON: Final = {
    Operation.RESPONSES: ("responses", "output_text"),
    Operation.CHAT: ("chat.completions", "choices[0].message.content"),
    Operation.COMPLETIONS: ("completions", "choices[0].text"),
}
"""Where the library has each operation, and where its answer has the text."""
_HIDDEN: Final = re.compile(
    "[\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Characters that an editor would not show, or take for the end of a line."""

_LAST_OF_FOUR_DIGITS: Final = 0xFFFF


class Language(StrEnum):
    """In which language a call is written."""

    PYTHON = "Python"
    CURL = "curl"
    CSHARP = "C#"


def as_code(call: Call, lessons: Lessons, language: Language) -> str:
    """A program that makes this call with the identity of whoever runs it, and prints the answer.

    It sends what the app would send, for the operation and with the parameters that the deployment is known to take,
    but asks for the answer in one piece.
    """
    request = build(call, lessons)
    body = {name: value for name, value in request.body.items() if name not in {"stream", USAGE}}
    write = {Language.PYTHON: _python, Language.CURL: _curl, Language.CSHARP: _csharp}[language]
    return write(call.deployment.endpoint, request, body)


def _python(endpoint: Endpoint, request: Request, body: dict[str, Any]) -> str:
    cloud = _cloud(endpoint)
    credential = "DefaultAzureCredential()"
    if cloud != PUBLIC:
        credential = f"DefaultAzureCredential(authority={quoted(cloud.authority_host)})"
    is_dated = request.api_version is not None
    library = "AzureOpenAI" if is_dated else "OpenAI"
    where = (
        [f"azure_endpoint={quoted(endpoint.url)}", f"api_version={quoted(request.api_version or '')}"]
        if is_dated
        else [f"base_url={quoted(f'{endpoint.url}/openai/v1/')}"]
    )
    token = f"{'azure_ad_token_provider' if is_dated else 'api_key'}=token_provider"
    operation, text = _PYTHON[request.operation]
    return _lines(
        "# pip install openai azure-identity",
        *_sign_in(endpoint, "#"),
        "from azure.identity import DefaultAzureCredential, get_bearer_token_provider",
        f"from openai import {library}",
        "",
        f"token_provider = get_bearer_token_provider({credential}, {quoted(endpoint.scope)})",
        f"client = {library}({', '.join([*where, token])})",
        f"answer = client.{operation}.create(",
        *(f"    {name}={_python_literal(value)}," for name, value in body.items()),
        ")",
        f"print(answer.{text})",
    )


def _curl(endpoint: Endpoint, request: Request, body: dict[str, Any]) -> str:
    # The body holds no line that could end it: in JSON, texts have no line breaks.
    return _lines(
        *_sign_in(endpoint, "#"),
        f"token=$(az account get-access-token --scope {shlex.quote(endpoint.scope)} \\",
        "  --query accessToken --output tsv)",
        f"curl --silent --show-error --fail-with-body {shlex.quote(_url(endpoint, request, body))} \\",
        '  --header "Authorization: Bearer $token" \\',
        "  --header 'Content-Type: application/json' \\",
        "  --data-binary @- <<'JSON'",
        _hidden_as_pairs(json.dumps(body, ensure_ascii=False, indent=2)),
        "JSON",
    )


def _csharp(endpoint: Endpoint, request: Request, body: dict[str, Any]) -> str:
    cloud = _cloud(endpoint)
    options = ""
    if cloud != PUBLIC:
        authority = quoted(f"https://{cloud.authority_host}/")
        options = f"new DefaultAzureCredentialOptions {{ AuthorityHost = new Uri({authority}) }}"
    credential = f"new DefaultAzureCredential({options})"
    written = f"var body = BinaryData.FromObjectAsJson<object>({_csharp_literal(body)});"
    if request.operation is Operation.CHAT and request.api_version is None:
        return _lines(
            "// dotnet add package OpenAI; dotnet add package Azure.Identity",
            *_sign_in(endpoint, "//"),
            "using System.ClientModel;",
            "using System.ClientModel.Primitives;",
            "using System.Text.Json;",
            "using Azure.Identity;",
            "using OpenAI;",
            "using OpenAI.Chat;",
            "#pragma warning disable OPENAI001 // signing in with a token is marked experimental in some versions",
            "",
            f"var token = new BearerTokenPolicy({credential}, {quoted(endpoint.scope)});",
            f"var endpoint = new Uri({quoted(f'{endpoint.url}/openai/v1/')});",
            "var options = new OpenAIClientOptions { Endpoint = endpoint };",
            f"var client = new ChatClient({quoted(body['model'])}, token, options);",
            written,
            "ClientResult answer = await client.CompleteChatAsync(BinaryContent.Create(body));",
            "using var json = JsonDocument.Parse(answer.GetRawResponse().Content.ToString());",
            'Console.WriteLine(json.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content"));',
        )
    return _lines(
        "// dotnet add package Azure.Identity",
        "// Plain HTTP: the OpenAI package names this operation differently from version to version, or lacks it.",
        *_sign_in(endpoint, "//"),
        "using System.Net.Http.Headers;",
        "using Azure.Core;",
        "using Azure.Identity;",
        "",
        f"var credential = {credential};",
        f"var token = await credential.GetTokenAsync(new TokenRequestContext(new[] {{ {quoted(endpoint.scope)} }}));",
        "using var http = new HttpClient();",
        'http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);',
        written,
        "using var content = new ByteArrayContent(body.ToArray());",
        'content.Headers.ContentType = new MediaTypeHeaderValue("application/json");',
        f"using var answer = await http.PostAsync({quoted(_url(endpoint, request, body))}, content);",
        "Console.WriteLine(await answer.Content.ReadAsStringAsync());",
    )


def quoted(text: str) -> str:
    """A text in double quotes, as Python and C# both read it; what an editor would hide is written as its number."""
    return _HIDDEN.sub(_numbered, json.dumps(text, ensure_ascii=False))


def _numbered(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else f"\\U{code:08x}"


def _hidden_as_pairs(written: str) -> str:
    """JSON whose hidden characters are written as numbers; those beyond four digits as two halves."""
    return _HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], written)


def _python_literal(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{quoted(name)}: {_python_literal(inner)}' for name, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_python_literal(inner) for inner in value)}]"
    return repr(value)


def _csharp_literal(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        inside = ", ".join(f"[{quoted(name)}] = {_csharp_literal(inner)}" for name, inner in value.items())
        return f"new Dictionary<string, object> {{ {inside} }}"
    if isinstance(value, list):
        return f"new object[] {{ {', '.join(_csharp_literal(inner) for inner in value)} }}"
    return json.dumps(value)


def _url(endpoint: Endpoint, request: Request, body: dict[str, Any]) -> str:
    path = _PATHS[request.operation]
    if request.api_version is None:
        return f"{endpoint.url}/openai/v1/{path}"
    inside = "" if request.operation is Operation.RESPONSES else f"deployments/{quote(body['model'], safe='')}/"
    return f"{endpoint.url}/openai/{inside}{path}?api-version={quote(request.api_version, safe='')}"


def _sign_in(endpoint: Endpoint, comment: str) -> list[str]:
    tenant = f" --tenant {endpoint.tenant}" if re.fullmatch(r"[\w.-]+", endpoint.tenant) else ""
    return [f"{comment} On your own computer, sign in first: az login{tenant}"]


def _cloud(endpoint: Endpoint) -> Cloud:
    return cloud_of_host(urlsplit(endpoint.url).hostname or "") or PUBLIC


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"

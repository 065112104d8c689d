"""Where the server is going to listen, asked of whoever starts it.

There are three ways: Streamlit's own command and ``python app.py``, which listen where Streamlit's options say, and
uvicorn, which has a command line of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UVICORN_ADDRESS: Final = "127.0.0.1"
UVICORN_PORT: Final = "8000"
A_SOCKET: Final = "a socket that uvicorn was handed"
"""Instead of an address: who can connect to it is not for us to see."""

_READ_BY_STREAMLITS_COMMAND: Final = {
    "server.address": "STREAMLIT_SERVER_ADDRESS",
    "server.port": "STREAMLIT_SERVER_PORT",
}


def streamlit_options(environ: Mapping[str, str]) -> dict[str, Any]:
    """Where ``python app.py`` is to listen: only Streamlit's own command reads these variables by itself."""
    given = {option: environ.get(name, "").strip() for option, name in _READ_BY_STREAMLITS_COMMAND.items()}
    return {option: int(value) if value.isdecimal() else value for option, value in given.items() if value}


def bind_address(streamlit_address: str, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The address that the process will be reached at.

    Args:
        streamlit_address: Streamlit's ``server.address``; it counts unless uvicorn itself was started.
        arguments: The command line, program first.
        environ: Where uvicorn also looks for its host.
    """
    if not _is_uvicorn(arguments):
        return streamlit_address
    if _uvicorn_option("uds", arguments, environ) or _uvicorn_option("fd", arguments, environ):
        return A_SOCKET
    return _uvicorn_option("host", arguments, environ) or UVICORN_ADDRESS


def port_to_bind(streamlit_port: int, arguments: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """The port that the process listens on, or None when that shows only at the first request.

    Args:
        streamlit_port: Streamlit's ``server.port`` once its socket is bound; it counts when it started ``app.py``.
        arguments: The command line, program first.
        environ: Where uvicorn also looks for its port.
    """
    if _is_uvicorn(arguments):
        port = _uvicorn_option("port", arguments, environ) or UVICORN_PORT
        is_socket = bind_address("", arguments, environ) == A_SOCKET
        return None if is_socket or not port.isdecimal() else int(port) or None
    return streamlit_port if _parts(arguments)[-1:] == ["app.py"] else None


def _uvicorn_option(name: str, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    value = environ.get(f"UVICORN_{name.upper()}", "")
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == f"--{name}":
            value = following
        elif argument.startswith(f"--{name}="):
            value = argument.removeprefix(f"--{name}=")
    return value


def _is_uvicorn(arguments: Sequence[str]) -> bool:
    return any(part in {"uvicorn", "uvicorn.exe"} for part in _parts(arguments)[-2:])


def _parts(arguments: Sequence[str]) -> list[str]:
    return arguments[0].replace("\\", "/").split("/")

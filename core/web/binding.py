"""Where the server is going to listen, asked of whoever starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UVICORN_DEFAULT: Final = "127.0.0.1"


def bind_address(streamlit_address: str, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The address that the process will be reached at.

    Args:
        streamlit_address: Streamlit's ``server.address``; it counts unless uvicorn itself was started.
        arguments: The command line, program first.
        environ: Where uvicorn also looks for its host.
    """
    if not _is_uvicorn(arguments[0]):
        return streamlit_address
    address = environ.get("UVICORN_HOST", UVICORN_DEFAULT)
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "--host":
            address = following
        elif argument.startswith("--host="):
            address = argument.removeprefix("--host=")
        elif argument in {"--uds", "--fd"}:
            # Who can connect to it is not for us to see.
            return "a socket that uvicorn was handed"
    return address


def _is_uvicorn(program: str) -> bool:
    return any(part in {"uvicorn", "uvicorn.exe"} for part in program.replace("\\", "/").split("/")[-2:])

"""Serve the emulator alone: ``python -m core.emulator --port 8600``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette

from core.emulator.directory import CLIENT_ID, TENANT_ID
from core.emulator.emulator import Emulator, is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX: Final = "/emulator"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, say what is served where, and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m core.emulator", description=Emulator.__doc__)
    parser.add_argument("--port", type=int, default=8600, help="the port to listen on (default: %(default)s)")
    parser.add_argument(
        "--host", type=_loopback, default="127.0.0.1", help="a loopback address (default: %(default)s)"
    )
    parser.add_argument("--upstream", help="base URL of an OpenAI-compatible server that writes the answers")
    options = parser.parse_args(arguments)
    emulator = Emulator(upstream=options.upstream)
    sys.stdout.write(_description(emulator, f"http://{_in_url(options.host)}:{options.port}{PREFIX}"))
    sys.stdout.flush()
    app = Starlette(routes=emulator.routes(PREFIX))
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")


def _loopback(host: str) -> str:
    if not is_loopback(_in_url(host)):
        raise argparse.ArgumentTypeError(f"{host} is not a loopback address; the emulator serves this machine only")
    return host


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _description(emulator: Emulator, base_url: str) -> str:
    catalogue = emulator.catalogue(base_url, further=True)
    endpoints = "".join(f"  {endpoint['url']}\n" for endpoint in catalogue["endpoint"])
    return (
        "A simulated Entra tenant and Azure OpenAI, for this machine only.\n"
        f"Entra (tenant {TENANT_ID}, client {CLIENT_ID})\n"
        f"  {base_url}/entra/{TENANT_ID}/v2.0/.well-known/openid-configuration\n"
        "Managed identity\n"
        f"  IDENTITY_ENDPOINT={base_url}/identity/token\n  IDENTITY_HEADER={emulator.identity_header}\n"
        f"The same of a virtual machine\n  AZURE_POD_IDENTITY_AUTHORITY_HOST={base_url}/imds\n"
        f"Azure OpenAI\n{endpoints}"
    )


if __name__ == "__main__":
    main()

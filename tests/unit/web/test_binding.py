"""Where the server is going to listen, whoever starts it."""

from __future__ import annotations

import pytest

from core.web.binding import A_SOCKET, bind_address, port_to_bind, streamlit_options

STREAMLIT = ("10.0.0.4", 8501)
UVICORN = "/venv/lib/uvicorn/__main__.py"


@pytest.mark.parametrize(
    ("command", "environ", "address", "port"),
    [
        (["/srv/app.py"], {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "1"}, *STREAMLIT),  # noqa: S104  it must not count
        (["C:\\keyless\\app.py"], {}, *STREAMLIT),
        (["gunicorn"], {}, "10.0.0.4", None),
        (["/venv/bin/uvicorn", "app:app"], {}, "127.0.0.1", 8000),
        ([UVICORN, "app:app", "--host", "0.0.0.0", "--port", "9000"], {}, "0.0.0.0", 9000),  # noqa: S104  it is asked
        ([UVICORN, "app:app", "--host=::", "--port=9000"], {}, "::", 9000),
        (["uvicorn.exe"], {"UVICORN_HOST": "10.0.0.5", "UVICORN_PORT": "9001"}, "10.0.0.5", 9001),
        ([UVICORN, "--port", "9002"], {"UVICORN_PORT": "9001"}, "127.0.0.1", 9002),
        ([UVICORN, "--port", "0"], {}, "127.0.0.1", None),
        ([UVICORN, "--host"], {}, "127.0.0.1", 8000),
        ([UVICORN, "--uds", "/run/keyless.sock", "--port", "9000"], {}, A_SOCKET, None),
        ([UVICORN, "--fd=3"], {}, A_SOCKET, None),
        ([UVICORN], {"UVICORN_UDS": "/run/keyless.sock"}, A_SOCKET, None),
    ],
)
def test_address_and_port_are_those_of_whoever_starts_the_server(
    command: list[str], environ: dict[str, str], address: str, port: int | None
) -> None:
    assert bind_address(STREAMLIT[0], command, environ) == address
    assert port_to_bind(STREAMLIT[1], command, environ) == port


def test_python_app_py_listens_where_streamlits_variables_say() -> None:
    environ = {
        "STREAMLIT_SERVER_PORT": " 8600 ",
        "STREAMLIT_SERVER_ADDRESS": "::1",
        "STREAMLIT_LOGGER_LEVEL": "debug",
    }
    assert streamlit_options(environ) == {"server.port": 8600, "server.address": "::1"}
    assert streamlit_options({"STREAMLIT_SERVER_PORT": ""}) == {}

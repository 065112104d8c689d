"""Keyless as an ASGI app: ``streamlit run app.py``, ``uvicorn app:app`` and ``python app.py`` start the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core.logs import set_up_logging
from core.starting import Starting, settings_or_exit
from core.web.binding import bind_address, port_to_bind, streamlit_options
from core.web.gate import Gate
from core.web.routes import routes
from pages.components.preloading import preload
from pages.components.script_errors import show_script_error

ROOT = Path(__file__).parent
LISTENING = streamlit_options(os.environ) if __name__ == "__main__" else {}

set_up_logging()
address = LISTENING.get("server.address", st.get_option("server.address"))
settings = settings_or_exit(ROOT, bind_address(address, sys.argv, os.environ))
starting = Starting(settings, lambda: port_to_bind(st.get_option("server.port"), sys.argv, os.environ), preload)
app = st.App(
    ROOT / "pages" / "navigation.py",
    routes=[*routes(starting.entrance), *starting.emulator_routes],
    middleware=[Middleware(Gate, entrance=starting.entrance)],
    lifespan=starting.lifespan,
    on_script_error=show_script_error,
)

if __name__ == "__main__":
    app.run(config=LISTENING)

"""What a person sees when a page breaks: a sentence and a number; the log has the rest under the same number."""

from __future__ import annotations

import logging

from core.errors import KeylessError
from pages.components.failure import draw_failure

_log = logging.getLogger(__name__)


def show_script_error(error: Exception) -> bool:
    """Draw ``error`` as a notice; Streamlit's own display, which could quote secrets, is not used."""
    failure = error if isinstance(error, KeylessError) else KeylessError()
    if failure is not error:
        # Only the class and the places: the message of a foreign exception may quote a prompt or a token.
        _log.error("%s a page met an unexpected %s at %s", failure.reference, type(error).__name__, _places(error))
    draw_failure(failure)
    return True


def _places(error: Exception) -> str:
    places = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_name}:{step.tb_lineno}")
        step = step.tb_next
    return " > ".join(places[-5:])

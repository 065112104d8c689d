"""MSAL's loggers, held back: they would write codes, verifiers and token replies."""

from __future__ import annotations

import logging
from typing import Final


class _FixedWordsOnly(logging.Filter):
    """Lets a record's own words through, never its arguments: MSAL logs the body of a token reply it cannot read."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO:
            return False
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        return True


_FIXED_WORDS_ONLY: Final = _FixedWordsOnly()


def hold_back_msal_logs() -> None:
    """Keep every logger of MSAL at INFO or above and without arguments.

    At DEBUG it logs authorization codes and PKCE verifiers. A filter of the parent does not see what its children
    log, so each has it.
    """
    # A copy first: other threads make loggers meanwhile.
    known = list(logging.Logger.manager.loggerDict)
    for name in ("msal", *(name for name in known if name.startswith("msal."))):
        logger = logging.getLogger(name)
        if _FIXED_WORDS_ONLY not in logger.filters:
            logger.addFilter(_FIXED_WORDS_ONLY)
    if logging.getLogger("msal").level < logging.INFO:
        logging.getLogger("msal").setLevel(logging.INFO)

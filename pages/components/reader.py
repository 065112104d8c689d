"""How the reader's browser writes numbers and times."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from babel.core import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_time
from babel.numbers import format_currency

if TYPE_CHECKING:
    from decimal import Decimal


def reader_locale() -> Locale:
    """The browser's locale, English where it has none that is known."""
    try:
        return Locale.parse((st.context.locale or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def reader_zone() -> tzinfo:
    """The browser's time zone, UTC where it has none that is known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def cost_words(cost_usd: Decimal | None) -> str:
    """An estimated cost; what is unknown is never called free."""
    if cost_usd is None:
        return "cost unknown"
    amount = format_currency(cost_usd, "USD", format="¤0.00####", locale=reader_locale(), currency_digits=False)
    return f"{amount} (estimate)"


def clock_time(moment: datetime) -> str:
    """The time of day of ``moment`` where the reader is; with the day, when that is not today."""
    zone = reader_zone()
    if moment.astimezone(zone).date() != datetime.now(zone).date():
        return date_and_time(moment)
    return format_time(moment, format="medium", tzinfo=zone, locale=reader_locale())


def date_and_time(moment: datetime) -> str:
    """The day and the time of ``moment`` where the reader is, in few letters."""
    return format_datetime(moment, format="short", tzinfo=reader_zone(), locale=reader_locale())

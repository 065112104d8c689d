"""Reading JSON of any origin: strict about types, and a sentence instead of an exception for what is broken."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeVar

from core.errors import KeylessError

T = TypeVar("T")
Number = TypeVar("Number", int, float, Decimal)

LARGEST_BYTES: Final = 64_000_000
"""Enough for the largest comparison there can be, with answers of a usual length."""
BROKEN: Final = (
    "This file cannot be read: it was changed or cut off.",
    "Export the comparison again and choose the new file.",
)
_LARGEST_NUMBER: Final = 10**15
"""No answer takes, counts or costs as much, and larger ones cannot be written out in every unit and currency."""
_MONEY: Final = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reader:
    """An object of the file; its methods raise ``KeyError``, ``TypeError`` or ``ValueError`` for what is not so."""

    values: dict[str, Any]

    def text(self, name: str) -> str:
        """A text."""
        return _checked(self.values[name], str)

    def texts(self, name: str) -> tuple[str, ...]:
        """Several texts."""
        return tuple(_checked(one, str) for one in _checked(self.values[name], list))

    def flag(self, name: str) -> bool:
        """True or false."""
        return _checked(self.values[name], bool)

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.values[name]
        if value is None:
            return None
        return _credible(float(value) if type(value) is int else _checked(value, float))

    def count(self, name: str) -> int | None:
        """A whole number."""
        value = self.values[name]
        return None if value is None else _credible(_checked(value, int))

    def money(self, name: str) -> Decimal | None:
        """An amount."""
        value = self.values[name]
        if value is None:
            return None
        if not _MONEY.fullmatch(_checked(value, str)):
            raise ValueError
        return _credible(Decimal(value))

    def moment(self, name: str) -> datetime:
        """A moment in UTC; it has to say its zone."""
        moment = datetime.fromisoformat(_checked(self.values[name], str))
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)

    def scalars(self, name: str) -> dict[str, Any]:
        """An object of texts, numbers and flags."""
        values: dict[str, Any] = _checked(self.values[name], dict)
        if not all(value is None or isinstance(value, (str, int, float, bool)) for value in values.values()):
            raise TypeError
        return values

    def inside(self, name: str) -> Reader:
        """The object of this name."""
        return Reader(_checked(self.values[name], dict))

    def several(self, name: str) -> list[Reader]:
        """The list of objects of this name."""
        return [Reader(_checked(one, dict)) for one in _checked(self.values[name], list)]


def read_json(data: bytes | str) -> dict[str, Any]:
    """The object in a file.

    Raises:
        KeylessError: It is too large, or there is no JSON object in it.
    """
    if len(data) > LARGEST_BYTES:
        raise KeylessError(
            f"This file is too large: {len(data) // 1_000_000} MB, and {LARGEST_BYTES // 1_000_000} MB are the most.",
            "Choose a file that was exported from a comparison as JSON.",
        )
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
        values = json.loads(text, parse_constant=_refuse)
        # Half a surrogate pair, which the app never writes and no browser can be sent, fails here.
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError, MemoryError):
        raise KeylessError(*BROKEN) from None
    if not isinstance(values, dict):
        raise KeylessError(*BROKEN)
    return values


def _refuse(_name: str) -> NoReturn:
    """NaN and infinity are no JSON."""
    raise ValueError


def _credible(number: Number) -> Number:
    if not abs(number) < _LARGEST_NUMBER:  # also none at all
        raise ValueError
    return number


def _checked(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind) or type(value) is not kind:
        raise TypeError
    return value

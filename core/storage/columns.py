"""Column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, DateTime, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text as every database keeps it: NUL and lone surrogates become U+FFFD, all else stays as it is.

    PostgreSQL refuses NUL in text, and neither database can encode half a surrogate pair.
    """
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)


class Words(TypeDecorator[str]):
    """Text of any length, read back as ``storable`` wrote it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """To the database; an enum's member as plain text."""
        return None if value is None else storable(str(value))


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database. A naive datetime is refused: nobody could say which instant it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("A moment needs a time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Any JSON value. Lone surrogates in it become U+FFFD; NUL is kept, as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002 - any JSON; SQLAlchemy's
        """To the database; None stays NULL."""
        return None if value is None else storable(json.dumps(value, allow_nan=False, ensure_ascii=False))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - any JSON; SQLAlchemy's
        """From the database."""
        return None if value is None else json.loads(value)


class Usd(TypeDecorator[Decimal]):
    """Money in millionths of a millionth of a dollar: exact, and summable on both databases.

    A price is given in dollars per million tokens with up to six decimals, so twelve decimals hold every cost.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """To the database, rounded to twelve decimals."""
        return None if value is None else round(value.scaleb(12))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's
        """From the database."""
        return None if value is None else Decimal(value).scaleb(-12)

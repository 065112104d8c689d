from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, func, insert, select

from core.storage.columns import Json, Moment, Usd, Words, storable

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

ANY_TEXT = st.text(st.characters(codec=None))


def round_trip(kind: TypeEngine[Any], *values: object) -> list[Any]:
    engine = create_engine("sqlite://")
    table = Table("one", MetaData(), Column("value", kind))
    try:
        with engine.begin() as connection:
            table.create(connection)
            for value in values:
                connection.execute(insert(table).values(value=value))
            return list(connection.execute(select(table.c.value)).scalars())
    finally:
        engine.dispose()


@given(ANY_TEXT)
def test_storable_text_has_the_same_length_and_can_be_encoded(text: str) -> None:
    kept = storable(text)
    assert len(kept) == len(text)
    assert "\x00" not in kept.encode().decode()
    assert storable(kept) == kept


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_text_without_nul_and_surrogates_stays_as_it_is(text: str) -> None:
    assert storable(text) == text


def test_sqlite_could_not_keep_a_lone_surrogate_itself() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(UnicodeEncodeError):
        connection.execute("SELECT ?", ("\ud800",))
    connection.close()


def test_words_are_kept_by_that_rule() -> None:
    assert round_trip(Words(), "a\x00\ud800\u202e", "", None) == ["a\ufffd\ufffd\u202e", "", None]


def test_moments_come_back_in_utc_to_the_microsecond() -> None:
    moment = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5, minutes=45)))
    found = round_trip(Moment(), moment, elsewhere, None)
    assert found == [moment, moment, None]
    assert [value.tzinfo for value in found[:2]] == [UTC, UTC]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(Exception, match="time zone"):
        round_trip(Moment(), datetime(2026, 3, 29))  # noqa: DTZ001 - the point of the test


def test_json_comes_back_equal() -> None:
    value = {"stop": ["\n", "ü🍦"], "temperature": 0.1, "n": None, "deep": [{"a": True}], "nul": "\x00"}
    assert round_trip(Json(), value, [], None) == [value, [], None]
    assert round_trip(Json(), ["\ud800"]) == [["\ufffd"]]


def test_json_that_is_no_json_is_refused() -> None:
    with pytest.raises(Exception, match="JSON"):
        round_trip(Json(), float("nan"))


@given(st.decimals(min_value=0, max_value=1_000_000, places=12))
def test_money_is_exact_to_twelve_decimals(amount: Decimal) -> None:
    assert round_trip(Usd(), amount) == [amount]


def test_money_can_be_summed_in_the_database() -> None:
    engine = create_engine("sqlite://")
    table = Table("one", MetaData(), Column("value", Usd))
    with engine.begin() as connection:
        table.create(connection)
        for _ in range(10):
            connection.execute(insert(table).values(value=Decimal("0.1")))
        assert connection.execute(select(func.sum(table.c.value))).scalar() == Decimal(1)
    engine.dispose()

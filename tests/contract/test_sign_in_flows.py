from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from core.errors import StorageError
from core.storage.sealing import Sealer
from core.storage.sessions import FlowStore, StoredFlow
from core.storage.tables import sign_in_flows

if TYPE_CHECKING:
    from core.storage.engine import Database
    from tests.support.databases import HandClock

FLOW = b'{"code_verifier": "kept between us"}'


def test_a_flow_can_be_taken_once(flows: FlowStore) -> None:
    flows.put(cookie="browser", flow=FLOW, next_path="/history?id=7")
    assert flows.take("browser") == StoredFlow(flow=FLOW, next_path="/history?id=7")
    assert flows.take("browser") is None


def test_another_browser_does_not_get_the_flow(flows: FlowStore) -> None:
    flows.put(cookie="browser", flow=FLOW, next_path="/")
    assert flows.take("another") is None
    assert flows.take("browser") is not None


def test_a_flow_lasts_ten_minutes(flows: FlowStore, clock: HandClock) -> None:
    flows.put(cookie="in time", flow=FLOW, next_path="/")
    flows.put(cookie="too late", flow=FLOW, next_path="/")
    clock.advance(minutes=10, microseconds=-1)
    assert flows.take("in time") is not None
    clock.advance(microseconds=1)
    assert flows.take("too late") is None


def test_of_many_who_take_a_flow_at_once_one_gets_it(flows: FlowStore) -> None:
    flows.put(cookie="browser", flow=FLOW, next_path="/")
    with ThreadPoolExecutor(8) as pool:
        taken = [flow for flow in pool.map(flows.take, ["browser"] * 16) if flow]
    assert len(taken) == 1


def test_beginning_again_in_the_same_browser_drops_the_first_flow(flows: FlowStore) -> None:
    flows.put(cookie="browser", flow=b"first", next_path="/")
    flows.put(cookie="browser", flow=b"second", next_path="/library")
    assert flows.take("browser") == StoredFlow(flow=b"second", next_path="/library")


def test_flows_nobody_came_back_for_do_not_pile_up(flows: FlowStore, database: Database, clock: HandClock) -> None:
    for number in range(5):
        flows.put(cookie=f"browser {number}", flow=FLOW, next_path="/")
    clock.advance(minutes=10)
    flows.put(cookie="next", flow=FLOW, next_path="/")
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(sign_in_flows)).scalar() == 1


def test_the_verifier_is_sealed(flows: FlowStore, database: Database) -> None:
    flows.put(cookie="browser", flow=FLOW, next_path="/")
    with database.read() as connection:
        stored = connection.execute(select(sign_in_flows.c.flow)).scalar_one()
    assert b"kept between us" not in stored


def test_a_flow_moved_to_another_browser_does_not_open(flows: FlowStore, database: Database) -> None:
    flows.put(cookie="one", flow=FLOW, next_path="/")
    flows.put(cookie="two", flow=b"other", next_path="/")
    database.write(
        lambda connection: (
            connection.execute(
                text(
                    "UPDATE sign_in_flows SET flow = (SELECT flow FROM sign_in_flows ORDER BY cookie_sha256 LIMIT 1)"
                )
            ).rowcount
        )
    )
    opened = []
    for cookie in ("one", "two"):
        try:
            opened.append(flows.take(cookie))
        except StorageError:
            opened.append(None)
    assert opened.count(None) == 1


def test_without_the_key_a_flow_does_not_open(flows: FlowStore, database: Database, clock: HandClock) -> None:
    flows.put(cookie="browser", flow=FLOW, next_path="/")
    with pytest.raises(StorageError):
        FlowStore(database, Sealer([b"9" * 32]), clock).take("browser")

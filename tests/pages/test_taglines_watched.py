"""What others than the one who asked for cards see of it, on real services."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from core.emulator.directory import BUSINESS_USER, NEW_JOINER
from core.storage.board_records import Role
from core.taglines.board import show_deployments
from core.taglines.brief import Brief
from core.taglines.generation import Generation, Part
from pages.components.taglines.live import draw_progress
from tests.pages.conftest import said
from tests.support.signed_in import sign_in

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.testing.v1 import AppTest

    from core.services import Services
    from core.taglines.board import Board

FAST = "contoso-sweden/gpt-5-2-mini-sweden"


class Place:
    """Keeps what is drawn in it."""

    def __init__(self) -> None:
        self.drawn = ""

    def markdown(self, body: str) -> None:
        self.drawn = body


def board_of_a_failed_generation(services: Services, *, shows: bool) -> Board:
    """Made by somebody without a role, shared with the person who looks."""
    session = sign_in(services, NEW_JOINER)
    owner, viewer = services.user_of(session), services.user_of(sign_in(services, BUSINESS_USER))
    taglines = services.taglines
    board = taglines.create(owner, Brief(deployment_ids=(FAST,)), title="Ice")
    taglines.change(owner, board.id, board.version, lambda seen: show_deployments(seen, shows=shows))
    taglines.sharing.join(viewer, taglines.sharing.make(owner, board.id, Role.VIEWER).id)
    taglines.generate(owner, session.id, services.tokens_for(session), board.id).ended.result(20)
    return board


def looked_at(app: AppTest, board: Board) -> AppTest:
    app.run()
    app.query_params["id"] = board.id
    return app.switch_page("taglines.py").run()


def test_the_remedy_of_a_failure_is_only_for_who_asked(app: AppTest, services: Services) -> None:
    looked_at(app, board_of_a_failed_generation(services, shows=True))
    (failure,) = app.error
    assert "Reference" in str(failure.value)
    assert services.catalogue.find(FAST).label in str(failure.proto.title).replace("\u2060", "")
    assert not app.code
    assert not [each for each in app.error if "az " in str(each.value)]


def test_a_failure_on_a_board_that_hides_its_deployments_names_none(app: AppTest, services: Services) -> None:
    looked_at(app, board_of_a_failed_generation(services, shows=False))
    assert len(app.error) == 1
    shown = " ".join([said(app), *(str(each.proto.title) for each in app.error)]).replace("\u2060", "")
    assert services.catalogue.find(FAST).label not in shown
    assert "mini" not in shown
    assert not app.code


def test_the_progress_of_a_board_that_hides_its_deployments_counts_them(services: Services) -> None:
    board = services.taglines.create(services.user_of(sign_in(services, BUSINESS_USER)))
    parts = [Part("sweden/fast", "Fast one"), Part("france/slow", "Slow")]
    generation = Generation("g", board.id, board.owner, parts)
    place = Place()
    draw_progress(cast("DeltaGenerator", place), generation.view(), board)
    assert "Fast one" in place.drawn
    draw_progress(cast("DeltaGenerator", place), generation.view(), replace(board, shows_deployments=False))
    assert "Deployment 1: waiting · Deployment 2: waiting" in place.drawn

from __future__ import annotations

from typing import TYPE_CHECKING

from core.emulator.directory import BUSINESS_USER
from core.runs.comparison_plan import Plan, both_identities, side_by_side
from core.storage.records import RunState
from tests.support.signed_in import services_on, sign_in
from tests.unit.runs.scripted import BOUND_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from core.emulator.emulator import Emulator


def test_real_deployments_answer_over_warm_connections_as_the_person_and_as_the_app(
    emulator: Emulator, tmp_path: Path
) -> None:
    with services_on(emulator, tmp_path) as services:
        session = sign_in(services, BUSINESS_USER)
        user, identities = services.user_of(session), services.identities_for(session)
        deployments = list(services.catalogue)[:4]
        arms = (
            *side_by_side(deployments, "Write a tagline for an ice cream brand:"),
            *both_identities(deployments[:1], "Ice?"),
        )
        plan = Plan(arms, repeats=2)
        comparison_id = services.comparing.start(user, session.id, identities, plan)
        live = services.comparing.live(user, comparison_id)
        if live:
            live.over.result(BOUND_SECONDS)
        comparison = services.comparing.comparison(user, comparison_id)
        assert [cell.run.state for cell in comparison.cells if cell.run.error] == []
        assert {cell.run.state for cell in comparison.cells} == {RunState.COMPLETE}
        assert len(comparison.cells) == plan.calls() == 12
        assert comparison.notices == ("Connections were warmed for all columns before each round.",)
        assert {cell.run.identity_kind for cell in comparison.cells} == {"user", "app"}


def test_signing_out_ends_a_comparison(emulator: Emulator, tmp_path: Path) -> None:
    with services_on(emulator, tmp_path) as services:
        session = sign_in(services, BUSINESS_USER)
        user, identities = services.user_of(session), services.identities_for(session)
        services.sessions.delete(session.id)
        plan = Plan(side_by_side(list(services.catalogue)[:2], "Ice?"), repeats=3)
        comparison_id = services.comparing.start(user, session.id, identities, plan)
        live = services.comparing.live(user, comparison_id)
        if live:
            live.over.result(BOUND_SECONDS)
        comparison = services.comparing.comparison(user, comparison_id)
        assert comparison.cells == ()
        assert comparison.notices == ("Paused in round 1: You are signed out. Sign in again. Then continue.",)

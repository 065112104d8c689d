from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from core.access.findings import CHECKS, DEPLOYMENT, HEADROOM, ROLE, Examination, Finding, Outcome
from core.comparisons.reading import findings_of, reading
from core.deployments.catalogue import Catalogue
from core.errors import NotFound
from core.runs.comparison import EVERYTHING, Verdict, Vote
from tests.support.comparisons import ARMS, BEGAN, OWNER, READER, comparison
from tests.unit.deployments.asking import ScriptedTokens, deployment_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.deployments.deployment import Deployment
    from core.deployments.tokens import Tokens

NOW = BEGAN + timedelta(hours=1)


def examined(
    deployment_id: str, outcomes: Mapping[str, Outcome] | None = None, *, seconds_ago: float = 0.0
) -> Examination:
    outcomes = outcomes or {}
    at = NOW - timedelta(seconds=seconds_ago)
    findings = tuple(
        Finding(
            check,
            outcomes.get(check, Outcome.WORKS),
            f"{check} says so.",
            at,
            remedy=f"Mend {check}.",
            who="An owner",
        )
        for check in CHECKS
    )
    return Examination(deployment_id, "reader@contoso.example", "user", "reader", findings, {}, at)


def nobody(_deployment_id: str) -> Examination | None:
    return None


def everything(deployment_id: str) -> Examination | None:
    return examined(deployment_id)


def vote(number: int, first: int, second: int) -> Vote:
    return Vote("comparison-one", number, first, second, Verdict.TIE, NOW)


def test_the_owner_sees_all_answers_without_a_finding() -> None:
    one = reading(comparison(), OWNER, nobody, NOW)
    assert one.comparison == comparison()
    assert not one.withheld
    assert not one.hides_names


def test_a_reader_without_a_finding_sees_no_answer_and_may_check() -> None:
    one = reading(comparison(), READER, nobody, NOW)
    assert one.comparison == replace(comparison(), cells=())
    assert [withheld.deployment_id for withheld in one.withheld] == [arm.deployment_id for arm in ARMS]
    assert all(withheld.can_check and "five minutes" in withheld.title for withheld in one.withheld)


def test_a_reader_sees_the_answers_of_what_they_may_use_and_no_figure_of_the_others() -> None:
    one = reading(
        comparison(), READER, lambda asked: examined(asked) if asked == ARMS[1].deployment_id else None, NOW
    )
    assert {cell.arm for cell in one.comparison.cells} == {1}
    assert [withheld.arm for withheld in one.withheld] == [0, 2]
    assert one.is_withheld(0) is one.withheld[0]
    assert one.is_withheld(1) is None


@pytest.mark.parametrize(("seconds", "is_shown"), [(0, True), (300, True), (301, False), (-301, False)])
def test_a_finding_is_good_for_five_minutes(seconds: float, is_shown: bool) -> None:  # noqa: FBT001 - a parameter
    one = reading(comparison(), READER, lambda asked: examined(asked, seconds_ago=seconds), NOW)
    assert bool(one.comparison.cells) is is_shown


@pytest.mark.parametrize("check", [ROLE, DEPLOYMENT])
@pytest.mark.parametrize("outcome", [Outcome.NEEDS_ACTION, Outcome.LOOK, Outcome.UNKNOWN, Outcome.NOT_ASKED])
def test_only_who_was_let_in_sees_answers(check: str, outcome: Outcome) -> None:
    one = reading(comparison(), READER, lambda asked: examined(asked, {check: outcome}), NOW)
    assert not one.comparison.cells
    assert all(withheld.remedy for withheld in one.withheld)


def test_what_stands_in_the_way_is_said_in_the_doctors_words() -> None:
    one = reading(comparison(), READER, lambda asked: examined(asked, {ROLE: Outcome.NEEDS_ACTION}), NOW)
    assert "role says so." in one.withheld[0].title
    assert (one.withheld[0].remedy, one.withheld[0].who) == ("Mend role.", "An owner")


def test_a_deployment_that_is_busy_is_still_one_that_the_reader_may_use() -> None:
    one = reading(comparison(), READER, lambda asked: examined(asked, {HEADROOM: Outcome.LOOK}), NOW)
    assert len(one.comparison.cells) == 6


def test_a_finding_of_another_deployment_opens_nothing() -> None:
    one = reading(comparison(), READER, lambda _asked: examined("sweden/other"), NOW)
    assert not one.comparison.cells


def test_a_deployment_that_left_the_catalogue_stays_withheld_and_cannot_be_checked() -> None:
    def gone(_deployment_id: str) -> Examination | None:
        raise NotFound

    one = reading(comparison(), READER, gone, NOW)
    assert not one.comparison.cells
    assert not any(withheld.can_check for withheld in one.withheld)


def test_a_person_of_the_same_id_in_another_directory_is_another_reader() -> None:
    assert not reading(comparison(), ("tenant-two", OWNER[1]), nobody, NOW).comparison.cells


@pytest.mark.parametrize("person", [OWNER, READER])
def test_names_are_hidden_until_this_person_has_judged_every_pair(person: tuple[str, str]) -> None:
    blind = comparison(is_blind=True)
    assert reading(blind, person, everything, NOW).hides_names
    votes = [vote(number, *pair) for number in range(2) for pair in combinations(range(3), 2)]
    assert reading(blind, person, everything, NOW, votes[:-1]).hides_names
    decided = reading(blind, person, everything, NOW, votes)
    assert not decided.hides_names


def test_names_are_shown_to_whoever_gave_up_blindness() -> None:
    seen = Vote("comparison-one", EVERYTHING, EVERYTHING, EVERYTHING, Verdict.SEEN, NOW)
    assert not reading(comparison(is_blind=True), OWNER, nobody, NOW, [seen]).hides_names


def test_names_stay_hidden_while_more_answers_are_on_their_way() -> None:
    going_on = comparison(is_blind=True, is_running=True, cells=())
    assert reading(going_on, OWNER, nobody, NOW).hides_names


def test_names_stay_hidden_from_a_reader_who_may_not_read_all_answers() -> None:
    blind = comparison(is_blind=True)
    assert reading(blind, READER, nobody, NOW).hides_names


def test_a_withheld_answer_has_no_text_among_the_blind_ones() -> None:
    shown = ARMS[1].deployment_id
    one = reading(comparison(is_blind=True), READER, lambda asked: examined(asked) if asked == shown else None, NOW)
    texts = [answer.text for row in one.blind_rows() for answer in row]
    assert sorted(text for text in texts if text) in ([], ["Answer 0 of gpt-far.", "Answer 1 of gpt-far."])


@dataclass
class Desk:
    findings: dict[str, Examination]

    def kept(self, tokens: Tokens, deployment: Deployment) -> Examination | None:
        return self.findings.get(f"{tokens.identity_kind} {deployment.id}")


def test_only_the_identity_that_a_person_usually_calls_with_opens_a_deployment() -> None:
    lab = deployment_at("https://contoso.openai.azure.com")
    me, app = ScriptedTokens(), ScriptedTokens(identity_kind="app")
    refused, good = examined(lab.id, {ROLE: Outcome.NEEDS_ACTION}), examined(lab.id)
    desk = Desk({f"user {lab.id}": refused, f"app {lab.id}": good})
    assert findings_of(desk, Catalogue([lab]), me)(lab.id) is refused
    assert findings_of(desk, Catalogue([lab]), app)(lab.id) is good
    assert findings_of(Desk({}), Catalogue([lab]), me)(lab.id) is None
    with pytest.raises(NotFound):
        findings_of(desk, Catalogue([]), me)(lab.id)

"""Which texts become cards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.taglines.births import MOST_NAMED, Births
from core.taglines.resemblance import twin_of

TEXTS = st.sampled_from(
    ["Sun.", "sun!", "Snow", "Snows", "Taste the sunshine.", "Taste the sunshine again.", "Go", "🍦"]
)


def test_a_deployment_gives_its_share_and_the_rest_is_held_back() -> None:
    births = Births([], [1, 1])
    assert [births.take(0, text) for text in ("Sun.", "Snow.", "Rain.")] == [True, False, False]
    assert births.rest() == [(0, "Snow.")]
    assert births.rest() == []


def test_repetitions_are_left_out_and_said() -> None:
    births = Births(["Sun."], [3])
    taken = [births.take(0, text) for text in ("sun", "Taste the sunshine.", "Taste the sunshine again.", "Sun!")]
    assert taken == [False, True, False, False]
    (notice,) = births.notices()
    assert notice.split("\n") == [
        "2 duplicates and 1 near-duplicate were left out.",
        "“sun”",
        "“Taste the sunshine again.”, which is nearly “Taste the sunshine.”",
        "“Sun!”",
    ]


def test_a_notice_quotes_only_some() -> None:
    births = Births([str(number) for number in range(20)], [20])
    for number in range(20):
        births.take(0, f"{number}\n!")
    (notice,) = births.notices()
    said, *texts = notice.split("\n")
    assert said == "20 duplicates were left out."
    assert texts == [*(f"“{number} !”" for number in range(MOST_NAMED)), "and others"]


def test_what_is_near_may_be_wished_for() -> None:
    births = Births(["Taste the sunshine again."], [1], may_be_near=True)
    assert not births.take(0, "taste the sunshine AGAIN")
    assert births.take(0, "Taste the sunshine.")


@given(
    st.lists(TEXTS, max_size=4), st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), TEXTS), max_size=30),
)  # fmt: skip
def test_cards_are_never_more_than_asked_for_and_never_twins(
    existing: list[str], shares: list[int], said: list[tuple[int, str]]
) -> None:
    births = Births(existing, shares)
    cards = [text for place, text in said if place < len(shares) and births.take(place, text)]
    cards += [text for _, text in births.rest()]
    assert len(cards) <= sum(shares)
    for index, card in enumerate(cards):
        assert twin_of(card, [*existing, *cards[:index]]) is None

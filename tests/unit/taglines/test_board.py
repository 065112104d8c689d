"""Changes of a board, what is shown of it, and what comes of two people's changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import KeylessError, NotFound
from core.taglines.board import (
    MOST_CARD_TEXT,
    MOST_CARDS_ON_A_BOARD,
    Board,
    Card,
    add,
    allow_replays,
    comment,
    edit,
    move,
    rate,
    remove,
    rename,
    require_room,
    set_brief,
    shortlist,
    show_deployments,
    written_card,
)
from core.taglines.brief import Brief
from core.taglines.checking import marks_of_board
from core.taglines.history import what_changed
from core.taglines.merging import merge
from core.taglines.shown import Filter, deployments_of, shown
from tests.support.boards import a_card

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def a_board(*ids: str) -> Board:
    cards = [Card(one, f"text of {one}", NOW, original=f"text of {one}", how="generated") for one in ids]
    return Board("board", ("contoso", "ana"), "Ana", "Ice cream", NOW, NOW, Brief(), tuple(cards))


def order(board: Board) -> str:
    return "".join(card.id for card in board.cards)


def test_editing_keeps_what_was_generated() -> None:
    board = edit(edit(a_board("a"), "a", "  mine "), "a", "mine again")
    assert (board.card("a").text, board.card("a").original) == ("mine again", "text of a")
    assert board.card("a").is_edited
    assert not a_board("a").card("a").is_edited


@pytest.mark.parametrize("text", ["", "  \n", "x" * (MOST_CARD_TEXT + 1)])
def test_a_card_without_a_text_or_with_too_much_of_it_is_refused(text: str) -> None:
    with pytest.raises(KeylessError):
        edit(a_board("a"), "a", text)
    with pytest.raises(KeylessError):
        written_card(text, NOW)


def test_stars_stay_between_none_and_five() -> None:
    assert [rate(a_board("a"), "a", stars).card("a").stars for stars in (-1, 0, 5, 9)] == [0, 0, 5, 5]


@pytest.mark.parametrize(
    ("card", "steps", "expected"),
    [("a", -1, "abcd"), ("d", 1, "abcd"), ("a", 1, "bacd"), ("d", -1, "abdc"), ("b", 2, "acdb"), ("c", -9, "cabd")],
)
def test_a_card_moves_by_places_and_stops_at_the_ends(card: str, steps: int, expected: str) -> None:
    assert order(move(a_board(*"abcd"), card, steps)) == expected


@pytest.mark.parametrize(("card", "steps", "expected"), [("d", -1, "dabc"), ("a", 1, "bcda"), ("a", -1, "abcd")])
def test_among_shown_cards_a_card_moves_past_those_that_are_hidden(card: str, steps: int, expected: str) -> None:
    assert order(move(a_board(*"abcd"), card, steps, among={"a", "d"})) == expected


def test_cards_are_added_once_at_the_end_or_behind_another() -> None:
    board = a_board("a", "b")
    new = Card("c", "c", NOW)
    assert order(add(board, [new])) == "abc"
    assert order(add(board, [new], after="a")) == "acb"
    assert order(add(add(board, [new]), [new])) == "abc"


def test_a_full_board_takes_no_more() -> None:
    with pytest.raises(KeylessError, match="400"):
        require_room(a_board("a"), MOST_CARDS_ON_A_BOARD)


def test_a_card_that_is_gone_is_said_to_be_gone() -> None:
    with pytest.raises(NotFound, match="not on the board any more"):
        rate(a_board("a"), "b", 3)


def test_the_shortlist_and_orders_show_what_they_say() -> None:
    board = a_board(*"abcd")
    board = rate(shortlist(rate(board, "b", 5), "c"), "c", 2)
    assert [card.id for card in shown(board, only_shortlisted=True)] == ["c"]
    assert [card.id for card in shown(board, "stars")] == list("bcad")
    newer = replace(board, cards=(*board.cards, Card("e", "x", NOW + timedelta(1), deployment_label="A")))
    assert [card.id for card in shown(newer, order="newest")] == list("eabcd")
    assert [card.id for card in shown(newer, order="shortest")] == list("eabcd")


def filtered(board: Board, *deployment_ids: str, only_keeping: bool = False) -> str:
    where = Filter(frozenset(deployment_ids), only_keeping=only_keeping)
    return order(replace(board, cards=shown(board, where=where, marks=marks_of_board(board))))


def test_a_filter_shows_the_cards_of_some_deployments_and_those_written_by_hand() -> None:
    cards = [a_card(each, NOW, id=each, deployment_id=each.upper(), deployment_label="Same") for each in "ab"]
    board = replace(a_board(), cards=(*cards, replace(written_card("c", NOW), id="c")))
    assert deployments_of(board) == {"A": "Same", "B": "Same", "": ""}
    assert [filtered(board), filtered(board, "A"), filtered(board, "B", "")] == ["abc", "a", "bc"]
    assert filtered(board, "gone") == "abc"


def test_a_filter_leaves_out_what_certainly_breaks_the_brief() -> None:
    texts = {"a": "Taste", "b": "Scoops", "c": "Scoop of joy", "d": "taste!"}
    cards = tuple(a_card(text, NOW, id=each) for each, text in texts.items())
    board = replace(a_board(), cards=cards, brief=Brief(longest=10, banned=("scoop",)))
    assert filtered(board, only_keeping=True) == "ab"


def test_hidden_deployments_do_not_show_by_a_filter() -> None:
    cards = tuple(a_card(each, NOW, id=each, deployment_id=each) for each in "ab")
    board = replace(a_board(), cards=cards, shows_deployments=False)
    assert (deployments_of(board), filtered(board, "a")) == ({}, "ab")


def test_hidden_deployments_do_not_show_by_the_order() -> None:
    board = a_board("a", "b")
    board = replace(
        board, cards=tuple(replace(card, deployment_label={"a": "Z", "b": "A"}[card.id]) for card in board.cards)
    )
    assert order(replace(board, cards=shown(board, order="deployment"))) == "ba"
    assert order(replace(board, cards=shown(show_deployments(board, shows=False), order="deployment"))) == "ab"


def test_a_change_is_said_in_a_few_words() -> None:
    board = a_board("a", "b")
    assert what_changed(board, board) == ""
    assert what_changed(board, shortlist(board, "a")) == "Shortlisted a card"
    assert what_changed(board, remove(board, "a", "b")) == "Removed 2 cards"
    assert what_changed(board, move(board, "a", 1)) == "Changed the order"
    assert what_changed(board, rename(rate(board, "a", 1), "New")) == "Gave stars and more"


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
cards = st.builds(
    Card,
    id=st.text("abcdefgh", min_size=8, max_size=8),
    text=words,
    created_at=st.datetimes(timezones=st.just(UTC)),
    original=words,
    comment=words,
    how=st.sampled_from(["generated", "by hand", "replayed"]),
    is_shortlisted=st.booleans(),
    stars=st.integers(0, 5),
)
boards = st.builds(
    lambda title, found, shows, replays: replace(
        a_board(), title=title, cards=tuple(found), shows_deployments=shows, replays=replays
    ),
    words,
    st.lists(cards, max_size=5, unique_by=lambda card: card.id),
    st.booleans(),
    st.booleans(),
)


@given(boards)
def test_a_board_comes_back_from_its_content_exactly(board: Board) -> None:
    assert a_board("x").with_content(board.content()) == board


@given(boards, boards)
def test_a_change_that_meets_no_other_stands_exactly(before: Board, after: Board) -> None:
    assert merge(before, after, before).board == after
    assert merge(before, after, before).clashes == ()
    assert merge(before, before, after).board == after


def a_change(draw: st.DrawFn, board: Board, who: str, number: int) -> Board:
    """One thing that a person does with what they see."""
    there = [card.id for card in board.cards]
    kinds = ["add", "title"] + (["edit", "comment", "rate", "list", "move", "remove"] if there else [])
    kind = draw(st.sampled_from(kinds))
    card = draw(st.sampled_from(there)) if there else ""
    said = f"{who}{number}"
    changes = {
        "add": lambda: add(board, [Card(said, said, NOW)], after=card if draw(st.booleans()) else ""),
        "title": lambda: rename(board, said),
        "edit": lambda: edit(board, card, said),
        "comment": lambda: comment(board, card, said),
        "rate": lambda: rate(board, card, draw(st.integers(0, 5))),
        "list": lambda: shortlist(board, card, is_shortlisted=draw(st.booleans())),
        "move": lambda: move(board, card, draw(st.integers(-3, 3))),
        "remove": lambda: remove(board, card),
    }
    return changes[kind]()


@st.composite
def two_sides(draw: st.DrawFn) -> tuple[Board, Board, Board]:
    base = a_board(*"abc"[: draw(st.integers(0, 3))])
    mine = theirs = base
    for number in range(draw(st.integers(0, 5))):
        mine = a_change(draw, mine, "mine", number)
    for number in range(draw(st.integers(0, 5))):
        theirs = a_change(draw, theirs, "theirs", number)
    return base, mine, theirs


@given(two_sides())
def test_whatever_two_people_do_at_once_no_word_of_either_is_lost(sides: tuple[Board, Board, Board]) -> None:
    base, mine, theirs = sides
    merged = merge(base, mine, theirs)
    texts = {card.text for card in merged.board.cards}
    comments = {line for card in merged.board.cards for line in card.comment.split("\n")}
    for side, other in ((mine, theirs), (theirs, mine)):
        before = {card.id: card for card in base.cards}
        for card in side.cards:
            is_new = card.id not in before
            if is_new or card.text != before[card.id].text:
                assert card.text in texts
            if is_new or card.comment != before[card.id].comment:
                assert set(card.comment.split("\n")) <= comments or not card.comment
        untouched_by_other = [
            one for one in before.values() if one in other.cards and all(one.id != card.id for card in side.cards)
        ]
        assert all(one.id not in {card.id for card in merged.board.cards} for one in untouched_by_other)
    ids = [card.id for card in merged.board.cards]
    assert len(ids) == len(set(ids))


@given(two_sides())
def test_what_only_one_changed_needs_no_word_about_it(sides: tuple[Board, Board, Board]) -> None:
    base, mine, theirs = sides
    touched = [
        {card.id for card in side.cards if card not in base.cards}
        | {card.id for card in base.cards if card not in side.cards}
        for side in (mine, theirs)
    ]
    clashing = {clash.card_id for clash in merge(base, mine, theirs).clashes if clash.card_id}
    assert clashing <= touched[0] & touched[1]


@given(two_sides())
def test_taking_a_change_back_leaves_what_others_did(sides: tuple[Board, Board, Board]) -> None:
    base, mine, theirs = sides
    assert merge(mine, base, mine).board == base
    both = merge(base, mine, theirs)
    if not both.clashes:
        undone = merge(both.board, merge(mine, base, both.board).board, both.board).board
        assert {card.text for card in theirs.cards if card not in base.cards} <= {card.text for card in undone.cards}


def test_of_two_texts_of_one_card_both_stay_side_by_side() -> None:
    base = a_board("a", "b")
    merged = merge(base, rate(edit(base, "a", "mine"), "a", 4), edit(base, "a", "theirs"))
    assert [card.text for card in merged.board.cards] == ["theirs", "mine", "text of b"]
    assert [(card.original, card.stars) for card in merged.board.cards[:2]] == [("text of a", 4)] * 2
    [clash] = merged.clashes
    assert (clash.outcome, clash.card_id) == ("kept beside", "a")
    assert merged.board.cards[1].made_from == "a"


def test_of_two_comments_both_stay_and_of_two_ratings_the_later_stands() -> None:
    base = a_board("a")
    merged = merge(base, rate(comment(base, "a", "mine"), "a", 2), rate(comment(base, "a", "theirs"), "a", 5))
    assert (merged.board.card("a").comment, merged.board.card("a").stars) == ("theirs\nmine", 2)
    assert [clash.outcome for clash in merged.clashes] == ["replaced", "put together"]


def test_what_one_removes_while_the_other_works_on_it_stays() -> None:
    base = a_board("a", "b")
    kept = merge(base, remove(base, "a"), edit(base, "a", "theirs"))
    assert [card.text for card in kept.board.cards] == ["theirs", "text of b"]
    assert [clash.outcome for clash in kept.clashes] == ["kept though removed"]
    back = merge(base, edit(base, "a", "mine"), remove(base, "a"))
    assert [card.text for card in back.board.cards] == ["mine", "text of b"]
    assert [clash.outcome for clash in back.clashes] == ["brought back"]


def test_briefs_come_together_field_by_field() -> None:
    base = a_board()
    mine, theirs = (set_brief(base, replace(base.brief, **changed)) for changed in ({"tone": "bold"}, {"count": 12}))
    merged = merge(base, mine, theirs)
    assert (merged.board.brief, merged.clashes) == (replace(base.brief, tone="bold", count=12), ())
    again = merge(base, mine, set_brief(base, replace(base.brief, tone="dry")))
    assert again.board.brief.tone == "bold"
    assert [clash.sentence() for clash in again.clashes] == [
        "Somebody changed the brief at the same time. Yours stands now; earlier versions have theirs."
    ]


def test_switches_and_orders_of_both_come_together() -> None:
    base = a_board(*"abc")
    merged = merge(
        base,
        allow_replays(move(base, "c", -2), replays=False),
        show_deployments(add(base, [Card("d", "d", NOW)], after="a"), shows=False),
    )
    assert order(merged.board) == "cadb"
    assert (merged.board.replays, merged.board.shows_deployments) == (False, False)

"""Two people changed the same board: what comes of it, with nobody's words lost."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from core.taglines.board import Board, Card, new_card_id
from core.taglines.brief import Brief

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

T = TypeVar("T")
"""Any value of a board."""

Outcome = Literal["kept beside", "put together", "replaced", "kept though removed", "brought back"]

_SENTENCES: Final[dict[Outcome, str]] = {
    "kept beside": "{who} changed this card at {when}. Both texts are kept: yours is the card after it.",
    "put together": "{who} commented on this card at {when}. Both comments are kept.",
    "replaced": "{who} changed {what} at {when}. Yours stands now; earlier versions have theirs.",
    "kept though removed": "{who} changed this card at {when}, so it was not removed.",
    "brought back": "{who} removed this card at {when}. It is back, with your change.",
}


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing that two people changed at the same time.

    ``what`` names it; ``card_id`` is "" when it is the board's own. ``who`` and ``at`` tell whose change was there
    first, and when.
    """

    outcome: Outcome
    what: str
    card_id: str = ""
    who: str = ""
    at: datetime | None = None

    def sentence(self, when: str = "") -> str:
        """What happened, for the one who came later; ``when`` is ``at`` as the reader writes it, else in UTC."""
        moment = when or (f"{self.at:%H:%M} UTC" if self.at else "the same time")
        return _SENTENCES[self.outcome].format(who=self.who or "Somebody", what=self.what, when=moment)


@dataclass(frozen=True, slots=True)
class Merged:
    """The board with both changes, and where they met."""

    board: Board
    clashes: tuple[Clash, ...]


def merge(base: Board, mine: Board, theirs: Board) -> Merged:
    """Bring the change from ``base`` to ``mine`` to ``theirs``, which is newer than ``base``.

    What only one side changed stands as that side has it. Where both changed the same card's text, both texts stay,
    as two cards; both comments stay, in one. Of two ratings, titles or orders the later one, mine, stands.
    """
    if theirs.content() == base.content():
        return Merged(replace(theirs.with_content(mine.content())), ())
    clashes: list[Clash] = []
    cards, copies = _cards(base, mine, theirs, clashes)
    order = _order(base, mine, theirs, clashes)
    placed = [card for card_id in order if card_id in cards for card in (cards[card_id], *copies.get(card_id, ()))]
    merged = replace(
        theirs,
        title=_settled(base.title, mine.title, theirs.title, "the title", clashes),
        brief=_brief(base.brief, mine.brief, theirs.brief, clashes),
        cards=tuple(placed),
        shows_deployments=_later(base.shows_deployments, mine.shows_deployments, theirs.shows_deployments),
        replays=_later(base.replays, mine.replays, theirs.replays),
    )
    return Merged(merged, tuple(clashes))


def _cards(
    base: Board, mine: Board, theirs: Board, clashes: list[Clash]
) -> tuple[dict[str, Card], dict[str, tuple[Card, ...]]]:
    before, ours, other = ({card.id: card for card in board.cards} for board in (base, mine, theirs))
    cards: dict[str, Card] = {}
    copies: dict[str, tuple[Card, ...]] = {}
    for card_id in {**other, **ours}:
        was, my, their = before.get(card_id), ours.get(card_id), other.get(card_id)
        if my is not None and their is not None:
            cards[card_id], copies[card_id] = _card(was or my, my, their, clashes)
        elif my is not None and my != was:
            cards[card_id] = my
            if was is not None:
                clashes.append(Clash("brought back", "the card", card_id))
        elif their is not None and their != was:
            cards[card_id] = their
            if was is not None:
                clashes.append(Clash("kept though removed", "the card", card_id))
    return cards, copies


def _card(base: Card, mine: Card, theirs: Card, clashes: list[Clash]) -> tuple[Card, tuple[Card, ...]]:
    """The card as both left it, and the copies that hold what did not fit into one."""
    merged = replace(
        theirs,
        stars=_settled(base.stars, mine.stars, theirs.stars, "the stars of this card", clashes, theirs.id),
        is_shortlisted=_later(base.is_shortlisted, mine.is_shortlisted, theirs.is_shortlisted),
        comment=_comment(base, mine, theirs, clashes),
    )
    if mine.text in {base.text, theirs.text}:
        return merged, ()
    if theirs.text == base.text:
        return replace(merged, text=mine.text), ()
    copy = replace(merged, id=new_card_id(), text=mine.text, made_from=theirs.id)
    clashes.append(Clash("kept beside", "the text", theirs.id))
    return merged, (copy,)


def _comment(base: Card, mine: Card, theirs: Card, clashes: list[Clash]) -> str:
    if mine.comment in {base.comment, theirs.comment}:
        return theirs.comment
    if theirs.comment == base.comment:
        return mine.comment
    clashes.append(Clash("put together", "the comment", theirs.id))
    return "\n".join(comment for comment in (theirs.comment, mine.comment) if comment)


def _brief(base: Brief, mine: Brief, theirs: Brief, clashes: list[Clash]) -> Brief:
    met: list[Clash] = []
    merged = {
        one.name: _settled(
            getattr(base, one.name), getattr(mine, one.name), getattr(theirs, one.name), "the brief", met
        )
        for one in fields(Brief)
    }
    clashes += met[:1]
    return Brief(**merged)


def _settled(  # noqa: PLR0913, PLR0917 - three sides of one thing, and where to say it
    base: T,
    mine: T,
    theirs: T,
    what: str,
    clashes: list[Clash],
    card_id: str = "",
) -> T:
    if theirs not in (base, mine) and mine != base:
        clashes.append(Clash("replaced", what, card_id))
    return _later(base, mine, theirs)


def _later(base: T, mine: T, theirs: T) -> T:
    return theirs if mine == base else mine


def _order(base: Board, mine: Board, theirs: Board, clashes: list[Clash]) -> list[str]:
    """The ids of all cards of both sides; who moved cards says in which order."""
    before, ours, other = ([card.id for card in board.cards] for board in (base, mine, theirs))
    i_moved, they_moved = _moved(before, ours), _moved(before, other)
    if i_moved and they_moved:
        clashes.append(Clash("replaced", "the order of the cards"))
    return _woven(ours, other) if i_moved else _woven(other, ours)


def _moved(before: Iterable[str], after: list[str]) -> bool:
    stayed = [card_id for card_id in before if card_id in set(after)]
    return stayed != [card_id for card_id in after if card_id in set(before)]


def _woven(order: list[str], others: list[str]) -> list[str]:
    """``order`` with what only ``others`` has, each behind the one that it follows there."""
    woven = list(order)
    place = 0
    for card_id in others:
        if card_id in order:
            place = woven.index(card_id) + 1
        else:
            woven.insert(place, card_id)
            place += 1
    return woven

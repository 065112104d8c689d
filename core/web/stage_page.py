"""The stage as HTML: cards, the vote and the controls. No deployment is named in it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.loopback import is_loopback
from core.taglines.replay import stored_note
from core.taglines.typesetting import one_line
from core.taglines.voting import FEWEST_CHOICES
from core.web import html, paths
from core.web.forms import token_field

if TYPE_CHECKING:
    from core.storage.board_records import Poll
    from core.taglines.board import Board, Card
    from core.web.shown_files import ShownFiles

_SIZES: Final = ((28, "xl"), (60, "l"), (120, "m"), (240, "s"))
_CONTROLS: Final = (
    ("previous", "Previous", "←", "ArrowLeft"),
    ("next", "Next", "→", "ArrowRight Space"),
    ("grid", "Grid", "G", "G"),
    ("names", "Names", "N", "N"),
    ("vote", "Vote", "V", "V"),
    ("theme", "Theme", "T", "T"),
    ("full", "Full screen", "F", "F"),
)
"""What a control does, its label, its key as shown, and its keys as browsers name them."""


def on_stage(board: Board) -> tuple[Card, ...]:
    """The cards that are shown: the shortlist, or all while it is empty."""
    return board.shortlist or board.cards


def stage_page(  # noqa: PLR0913 - what is seen, by name
    board: Board, poll: Poll | None, *, files: ShownFiles, origin: str, form_token: str, may_edit: bool
) -> str:
    """The whole page."""
    cards, vote = _cards(board), _vote(board, poll, origin=origin, form_token=form_token, may_edit=may_edit)
    title = one_line(board.title) or "Taglines"
    back = f"{paths.BOARDS}?id={escape(board.id)}"
    buttons = "".join(
        f'<button type="button" data-do="{do}" aria-keyshortcuts="{keys}">'
        f'<kbd aria-hidden="true">{shown}</kbd><span>{label}</span></button>'
        for do, label, shown, keys in _CONTROLS
    )
    body = (
        f'<header><p class="brand">{files.brand()}</p><h1 dir="auto">{escape(title)}</h1></header>'
        f'<main><div id="cards" role="group" tabindex="0" aria-label="Taglines">{cards}</div>'
        f'<section id="vote" aria-label="Audience vote">{vote}</section></main>'
        '<p id="counter" aria-hidden="true"></p><p id="spoken" role="status"></p><p id="notice" role="status"></p>'
        f'<nav aria-label="Stage">{buttons}'
        f'<a data-do="close" href="{back}" aria-keyshortcuts="Escape" title="Back to the board">'
        '<kbd aria-hidden="true">Esc</kbd><span>Close</span></a></nav>'
    )
    root = f' data-board="{escape(board.id)}" data-state="{state_of(cards, vote)}"'
    return html.document(title, files.head("stage.css", "stage.js"), body, root=root)


def stage_state(board: Board, poll: Poll | None, *, origin: str, form_token: str, may_edit: bool) -> str:
    """The same for two moments in which the stage looks the same."""
    return state_of(_cards(board), _vote(board, poll, origin=origin, form_token=form_token, may_edit=may_edit))


def state_of(*parts: str) -> str:
    """A short sum of what is shown."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def qr_code(address: str) -> str:
    """An address as a picture inside the page, made here."""
    import segno

    return str(segno.make(address, error="m", micro=False).svg_inline(border=0, dark="#0E1116", omitsize=True))


def _cards(board: Board) -> str:
    cards = on_stage(board)
    if not cards:
        return '<p class="empty">There is no tagline on this board yet. What is added appears here by itself.</p>'
    return "".join(_card(card, number, len(cards)) for number, card in enumerate(cards, 1))


def _card(card: Card, number: int, count: int) -> str:
    text = one_line(card.text)
    size = next((name for most, name in _SIZES if len(text) <= most), "xs")
    key = f"card-{escape(card.id)}"
    note = stored_note(card)
    stored = f'<p class="stored">{escape(note)}</p>' if note else ""
    return (
        f'<article id="{key}" data-size="{size}"><h2 dir="auto">{escape(text)}</h2><p class="by"></p>{stored}'
        f'<a class="open" href="#{key}" tabindex="-1"><span>Show tagline {number} of {count} alone</span></a>'
        "</article>"
    )


def _vote(board: Board, poll: Poll | None, *, origin: str, form_token: str, may_edit: bool) -> str:
    action = f"{paths.STAGE}{escape(board.id)}/vote"

    def form(do: str, label: str) -> str:
        if not may_edit:
            return ""
        return (
            f'<form method="post" action="{action}">{token_field(form_token)}'
            f'<button class="main" name="do" value="{do}">{label}</button></form>'
        )

    if poll is None:
        who = "" if may_edit else " The owner or an editor of the board opens it."
        is_enough = len(on_stage(board)) >= FEWEST_CHOICES
        what = "Colleagues who are signed in vote on their phones, one vote each."
        words = f"{what}{who}" if is_enough else "A vote needs at least two taglines on the board."
        begin = form("open", "Open the vote") if is_enough else ""
        return f'<div class="ask"><h2>Let the audience vote</h2><p>{words}</p>{begin}</div>'
    most = max(poll.votes.values(), default=0)
    rows = "".join(
        _tally(one_line(choice.text), choice.card_id, poll.votes.get(choice.card_id, 0), most, is_open=poll.is_open)
        for choice in poll.choices
    )
    cast = f"{poll.votes_cast} vote{'' if poll.votes_cast == 1 else 's'}"
    tally = f'<div class="tally"><h2>{escape(one_line(poll.question))}</h2><ol>{rows}</ol></div>'
    if not poll.is_open:
        again = form("open", "Open a new vote")
        return f'<div class="ask"><p class="cast">{cast}</p><p>The vote is closed.</p>{again}</div>{tally}'
    address = f"{origin}{paths.VOTE}{poll.id}"
    near = '<p class="near">This address works on this computer only.</p>' if _is_near(origin) else ""
    shown = escape(address.partition("://")[2])
    return (
        f'<div class="ask"><div class="code" role="img" aria-label="QR code of the address">{qr_code(address)}</div>'
        f'<p class="address"><a href="{escape(address)}">{shown}</a></p>{near}'
        f'<p class="cast">{cast}</p>{form("close", "Close the vote")}</div>{tally}'
    )


def _tally(text: str, card_id: str, votes: int, most: int, *, is_open: bool) -> str:
    ahead = ' class="ahead"' if votes and votes == most and not is_open else ""
    name = f"tally-{escape(card_id)}"
    return (
        f'<li{ahead}><p><span dir="auto">{escape(text)}</span><b>{votes}</b></p>'
        f'<progress id="{name}" value="{votes}" max="{max(most, 1)}" aria-label="Votes">{votes}</progress></li>'
    )


def _is_near(origin: str) -> bool:
    return is_loopback(urlsplit(origin).hostname or "")

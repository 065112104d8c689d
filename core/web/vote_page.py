"""The audience's page for voting, and the invitation to a board, as HTML for phones."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

from core.taglines.typesetting import one_line
from core.web import html, paths
from core.web.forms import token_field
from core.web.safe_next import HOME

if TYPE_CHECKING:
    from core.storage.board_records import Choice, Invitation, Poll
    from core.web.doors import Session
    from core.web.shown_files import ShownFiles


def vote_page(poll: Poll, mine: str, session: Session, files: ShownFiles) -> str:
    """The cards of a vote, of which one can be chosen; after the vote is closed, what became of it."""
    title = one_line(poll.question)
    inside = _ballot(poll, mine, session) if poll.is_open else _outcome(poll, mine)
    whose = f'<p class="reference">You are signed in as {escape(session.username)}.</p>'
    root = f' data-state="{vote_state(poll, mine)}"'
    content = f'<main class="ballot"><h1 dir="auto">{escape(title)}</h1>{inside}{whose}</main>'
    return _document(title, content, files, root=root, script=True)


def vote_state(poll: Poll, mine: str) -> str:
    """The same for two moments in which the page looks the same to somebody who voted for the card ``mine``."""
    return hashlib.sha256(f"{mine}{poll.is_open}{poll.votes if not poll.is_open else ''}".encode()).hexdigest()[:16]


def invitation_page(invitation: Invitation, share_id: str, session: Session, files: ShownFiles) -> str:
    """The question before somebody becomes a member of a board: opening a link alone must not do it."""
    what = "view and edit it" if invitation.role.may_edit else "view it"
    title = one_line(invitation.title)
    content = (
        '<main class="narrow"><section class="card"><h1>Open this board?</h1>'
        f'<p class="lead"><strong dir="auto">{escape(one_line(invitation.owner_name))}</strong> shares the board '
        f'<strong dir="auto">{escape(title)}</strong> with you. You will be able to {what}, and its owner will see '
        f"that you ({escape(session.username)}) have joined.</p>"
        f'<form method="post" action="{paths.JOIN}{escape(share_id)}">{token_field(session.form_token)}'
        '<p class="actions"><button class="button main">Open the board</button>'
        f'<a class="button" href="{HOME}">Not now</a></p></form></section></main>'
    )
    return _document("Open this board?", content, files)


def _ballot(poll: Poll, mine: str, session: Session) -> str:
    said = (
        "Your vote is counted. Until the vote is closed, you can change it." if mine else "Tap the one you like best."
    )
    choices = "".join(_choice(choice, is_mine=choice.card_id == mine) for choice in poll.choices)
    return (
        f'<p class="lead" role="status">{said}</p>'
        f'<form method="post" action="{paths.VOTE}{escape(poll.id)}">{token_field(session.form_token)}'
        f"{choices}</form>"
    )


def _choice(choice: Choice, *, is_mine: bool) -> str:
    pressed, mark = ("true", "<small>Your vote</small>") if is_mine else ("false", "")
    return (
        f'<button class="choice" name="card" value="{escape(choice.card_id)}" aria-pressed="{pressed}">'
        f'<span dir="auto">{escape(one_line(choice.text))}</span>{mark}</button>'
    )


def _outcome(poll: Poll, mine: str) -> str:
    cast = f"{poll.votes_cast} vote{'' if poll.votes_cast == 1 else 's'}"
    rows = "".join(_result(poll, choice, is_mine=choice.card_id == mine) for choice in _by_votes(poll))
    return f'<p class="lead" role="status">This vote is closed. {cast} counted.</p><ol class="results">{rows}</ol>'


def _result(poll: Poll, choice: Choice, *, is_mine: bool) -> str:
    votes = poll.votes.get(choice.card_id, 0)
    mark = "<small>Your vote</small>" if is_mine else ""
    return (
        f'<li><p><span dir="auto">{escape(one_line(choice.text))}</span><b>{votes}</b></p>'
        f'<progress value="{votes}" max="{max(poll.votes_cast, 1)}" aria-label="Votes">{votes}</progress>{mark}</li>'
    )


def _by_votes(poll: Poll) -> list[Choice]:
    return sorted(poll.choices, key=lambda choice: -poll.votes.get(choice.card_id, 0))


def _document(title: str, content: str, files: ShownFiles, *, root: str = "", script: bool = False) -> str:
    head = files.head("page.css", "vote.css", *(["vote.js"] if script else []))
    brand = files.brand() or html.PRODUCT_MARK
    return html.document(title, head, f'<header class="brand">{brand}</header>{content}', root=root)

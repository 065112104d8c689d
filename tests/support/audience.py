"""The real gate with real services behind it: boards, and browsers of people who are signed in."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from core.emulator.directory import TENANT_ID
from core.emulator.emulator import Emulator
from core.identity.user import User
from core.taglines.board import Card, add, new_card_id
from tests.support.front import front
from tests.support.signed_in import services_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import httpx2

    from core.services import Services
    from core.taglines.board import Board
    from core.taglines.desk import Taglines
    from tests.support.front import Front
    from tests.support.scripted_doors import ScriptedDoors

TEXTS = ("Scoop up a little happiness.", "Life is better by the scoop.", "La vie est glace.")
LABEL = "GPT-5.2 (Sweden)"


@dataclass(frozen=True)
class Person:
    """Somebody with a signed-in browser."""

    user: User
    cookie: str
    form_token: str


@dataclass(frozen=True)
class Audience:
    """The served gate and the services behind it."""

    front: Front
    services: Services

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return self.front.url

    @property
    def taglines(self) -> Taglines:
        """Boards."""
        return self.services.taglines

    def person(self, name: str) -> Person:
        """Somebody who has just signed in."""
        user = User(TENANT_ID, f"object-of-{name}", f"{name.lower()}@contoso.example", name)
        cookie = secrets.token_urlsafe(32)
        session = self.services.sessions.create(
            cookie=cookie,
            tenant_id=user.tenant_id,
            object_id=user.object_id,
            username=user.username,
            name=user.name,
            token_cache=None,
        )
        return Person(user, cookie, session.form_token)

    def board(self, owner: Person, texts: Sequence[str] = TEXTS, **facts: Any) -> Board:  # noqa: ANN401 - any field
        """A board with a card for each text, all by the deployment ``LABEL``."""
        board = self.taglines.create(owner.user, title="Ice cream for grown-ups")
        cards = [
            Card(new_card_id(), text, board.created_at, original=text, deployment_id="d1", deployment_label=LABEL)
            for text in texts
        ]
        change = self.taglines.change(
            owner.user, board.id, board.version, lambda now: replace(add(now, cards), **facts), "Cards"
        )
        return change.board

    def get(self, person: Person | None, path: str) -> httpx2.Response:
        """What a browser sees at an address."""
        return self.front.ask(path, cookie=person.cookie if person else "")

    def post(self, person: Person, path: str, **fields: str) -> httpx2.Response:
        """Send a form as the person's browser would."""
        sent = {"form_token": person.form_token, **fields}
        return self.front.ask(
            path, method="POST", cookie=person.cookie, data=sent, headers={"origin": self.front.url}
        )


@contextlib.contextmanager
def audience(
    folder: Path,
    database_url: str = "",
    **settings: Any,  # noqa: ANN401 - any field of the settings
) -> Iterator[Audience]:
    """Serve it until the block ends; ``settings`` differ from a laptop's with Entra sign-in."""
    with (
        services_on(Emulator(pace=0), folder, database_url) as services,
        # The gate needs no more of them than their doors; what is scripted there, nobody here asks for.
        front(cast("ScriptedDoors", services), **settings) as served,
    ):
        yield Audience(served, services)

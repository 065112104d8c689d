"""What is stored of a board. Light: needs no database library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from core.storage.records import Owner


class Role(StrEnum):
    """What somebody may do with a board."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"

    @property
    def may_edit(self) -> bool:
        """Whether they may change it."""
        return self is not Role.VIEWER


@dataclass(frozen=True, slots=True)
class StoredBoard:
    """A board at its newest version, as one person finds it; ``role`` is what that person may do."""

    id: str
    owner: Owner
    owner_name: str
    version: int
    content: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    role: Role


@dataclass(frozen=True, slots=True)
class BoardHeading:
    """A board as it stands in a person's list."""

    id: str
    title: str
    owner_name: str
    role: Role
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class BoardVersion:
    """One version of a board without what it held: who made it, when and why.

    ``name`` is "" unless a person named it; named versions are kept for good. ``undoes`` is the number of the version
    that this one took back, or 0; ``follows`` is the one it was made from, or 0.
    """

    number: int
    author: Owner
    author_name: str
    at: datetime
    reason: str
    name: str
    follows: int
    undoes: int


@dataclass(frozen=True, slots=True)
class Step:
    """Why a board is saved: whose doing it is, and the reason in words.

    Versions that follow each other with the same ``step`` that is not "" become one, as the cards of a generation.
    """

    author: Owner
    author_name: str
    reason: str
    step: str = ""
    undoes: int = 0


@dataclass(frozen=True, slots=True)
class StoredGeneration:
    """What the process that makes cards for a board told of it last, for the other processes to see.

    ``process_is_gone`` says that nobody makes them any more; None in ``ended_at`` while that was not told.
    """

    id: str
    board_id: str
    owner: Owner
    told: Mapping[str, Any]
    began_at: datetime
    ended_at: datetime | None
    process_is_gone: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A link by which signed-in people become members; None in ``taken_back_at`` while it works."""

    id: str
    role: Role
    made_at: datetime
    taken_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link offers before it is used: which board, whose, and what one will be able to do."""

    title: str
    owner_name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who joined by a link: one who may use the board, or left it at ``left_at``."""

    person: Owner
    name: str
    username: str
    role: Role
    share_id: str
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A card as it stood when a vote was opened on it."""

    card_id: str
    text: str
    deployment_label: str


@dataclass(frozen=True, slots=True)
class Poll:
    """A vote of an audience; None in ``closed_at`` while votes are taken. ``votes`` counts them by card id."""

    id: str
    board_id: str
    question: str
    choices: tuple[Choice, ...]
    opened_at: datetime
    closed_at: datetime | None
    votes: Mapping[str, int]

    @property
    def is_open(self) -> bool:
        """Whether votes are still taken."""
        return self.closed_at is None

    @property
    def votes_cast(self) -> int:
        """How many people voted."""
        return sum(self.votes.values())

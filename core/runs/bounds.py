"""How many runs go on at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.storage.records import Owner


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many runs go on at once, and how many are kept in memory together with those that have ended."""

    of_one_person: int = 24
    of_all: int = 400
    in_memory: int = 1_000


DEFAULT_BOUNDS: Final = Bounds()


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """The right to start one run: counted like a running one until it is used or given back."""

    owner: Owner
    conversation_id: str | None

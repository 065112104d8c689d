"""A brief: what taglines are wanted for, and what they have to keep to."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from core.errors import KeylessError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_TEXT: Final = "Write a tagline for an ice cream brand:"
DEFAULT_COUNT: Final = 8

MOST_CARDS: Final = 40
MOST_DEPLOYMENTS: Final = 8
MOST_WORDS_NAMED: Final = 50
MOST_TEXT: Final = 4_000
MOST_DETAIL: Final = 300
MOST_OF_A_WORD: Final = 60
LONGEST_OF: Final = {"characters": 1_000, "words": 200}
"""The largest limit of length that makes sense for one card, by unit."""

Unit = Literal["characters", "words"]

_DETAILS: Final = ("product", "audience", "tone", "language")
_VARIABLE: Final = re.compile(r"\{\{[ \t]*([^\W\d]\w{0,39})[ \t]*\}\}")
_BRACES: Final = re.compile(r"\{\{|\}\}")


@dataclass(frozen=True, slots=True)
class Brief:
    """What is asked for. The text alone is enough; every detail may stay empty, which leaves it open.

    ``text`` may hold ``{{variables}}``, whose values are in ``variables``. ``language`` is the English name of a
    language. ``longest`` is the most that one card may hold, in ``longest_unit``. ``count`` is how many cards are
    wanted, of all deployments together.
    """

    text: str = DEFAULT_TEXT
    product: str = ""
    audience: str = ""
    tone: str = ""
    language: str = ""
    must_have: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    longest: int | None = None
    longest_unit: Unit = "characters"
    count: int = DEFAULT_COUNT
    deployment_ids: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)

    def as_dict(self) -> dict[str, Any]:
        """The brief ready for JSON; ``brief_from`` reads it back exactly."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        lists = {name: list(value) for name, value in given.items() if isinstance(value, tuple)}
        return {**given, **lists, "variables": dict(self.variables)}

    @property
    def variable_names(self) -> tuple[str, ...]:
        """The variables that the text holds, in their order, each once."""
        return tuple(dict.fromkeys(_VARIABLE.findall(self.text)))

    @property
    def missing_variables(self) -> tuple[str, ...]:
        """The variables of the text that have no value yet."""
        return tuple(name for name in self.variable_names if not self.variables.get(name, "").strip())

    @property
    def filled_text(self) -> str:
        """The text with the values in place; a variable without a value stays as it is written."""
        return _VARIABLE.sub(lambda found: self.variables.get(found[1], "").strip() or found[0], self.text).strip()

    @property
    def fingerprint(self) -> str:
        """The same for two briefs that ask for the same thing, however many of it and of whichever deployments."""
        asked = self.as_dict() | {"text": self.filled_text}
        for name in ("count", "deployment_ids", "variables"):
            del asked[name]
        if self.longest is None:
            del asked["longest_unit"]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def problems(self) -> tuple[str, ...]:
        """Why nothing can be asked with this brief, in sentences; empty when it is fine."""
        return (*_of_text(self), *_of_words(self), *_of_numbers(self))

    def check(self) -> None:
        """Make sure that something can be asked with this brief.

        Raises:
            KeylessError: It cannot; the title is the first of ``problems``.
        """
        problems = self.problems()
        if problems:
            raise KeylessError(problems[0], " ".join([*problems[1:], "Change the brief and try again."]))


def brief_from(data: Mapping[str, Any]) -> Brief:
    """Read a brief back from what ``as_dict`` made of it; what is not there is as by default.

    Raises:
        KeylessError: It is no brief.
    """
    known = {one.name for one in fields(Brief)}
    given = {name: value for name, value in data.items() if name in known}
    for name in ("must_have", "banned", "deployment_ids"):
        if isinstance(given.get(name), list):
            given[name] = tuple(given[name])
    brief = Brief(**given)
    if not _is_well_formed(brief):
        raise KeylessError("This brief cannot be read.", "Start a new one; the stored one is damaged.")
    return brief


def words_in(typed: str) -> tuple[str, ...]:
    """The words or phrases of a field in which people separate them by commas, semicolons or lines; each once."""
    parts = (" ".join(part.split()) for part in re.split(r"[,;\n]", typed))
    return tuple({part.casefold(): part for part in parts if part}.values())


def _of_text(brief: Brief) -> list[str]:
    said = []
    if not brief.text.strip():
        said.append("The brief is empty: say what the taglines are for.")
    if len(brief.filled_text) > MOST_TEXT:
        said.append(f"The brief is longer than {MOST_TEXT:,} characters.")
    said += [f"The variable {{{{{name}}}}} has no value yet." for name in brief.missing_variables]
    if _BRACES.search(_VARIABLE.sub("", brief.text)):
        said.append("A variable is written as {{name}}, with letters, digits and underscores between the braces.")
    said += [
        f"The {name} is longer than {MOST_DETAIL} characters."
        for name in _DETAILS
        if len(getattr(brief, name)) > MOST_DETAIL
    ]
    return said


def _of_words(brief: Brief) -> list[str]:
    said = []
    for label, words in (("must-have", brief.must_have), ("banned", brief.banned)):
        if len(words) > MOST_WORDS_NAMED:
            said.append(f"There are more than {MOST_WORDS_NAMED} {label} words.")
        said += [
            f"The {label} word “{word[:20]}…” is longer than {MOST_OF_A_WORD} characters."
            for word in words
            if len(word) > MOST_OF_A_WORD
        ]
    banned = {word.casefold().strip() for word in brief.banned}
    said += [
        f"“{word}” is both must-have and banned." for word in brief.must_have if word.casefold().strip() in banned
    ]
    return said


def _of_numbers(brief: Brief) -> list[str]:
    said = []
    if not 1 <= brief.count <= MOST_CARDS:
        said.append(f"Between 1 and {MOST_CARDS} taglines can be asked for at once.")
    if len(brief.deployment_ids) > MOST_DEPLOYMENTS:
        said.append(f"More than {MOST_DEPLOYMENTS} deployments cannot be asked at once.")
    if brief.longest is None:
        return said
    most = LONGEST_OF[brief.longest_unit]
    if not 1 <= brief.longest <= most:
        return [*said, f"The longest length is between 1 and {most:,} {brief.longest_unit}."]
    for word in brief.must_have:
        length = len(word) if brief.longest_unit == "characters" else len(word.split())
        if length > brief.longest:
            said.append(f"“{word}” alone is longer than {brief.longest} {brief.longest_unit}.")
    return said


def _is_well_formed(brief: Brief) -> bool:
    texts = (brief.text, *(getattr(brief, name) for name in _DETAILS))
    lists = (brief.must_have, brief.banned, brief.deployment_ids)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(words, tuple) and all(isinstance(word, str) for word in words) for words in lists)
        and _is_whole(brief.count)
        and (brief.longest is None or _is_whole(brief.longest))
        and brief.longest_unit in get_args(Unit)
        and isinstance(brief.variables, dict)
        and all(isinstance(one, str) for pair in brief.variables.items() for one in pair)
    )


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)

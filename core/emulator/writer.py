"""The seeded text generator behind the simulated deployments."""

from __future__ import annotations

import json
import random
import re
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.emulator import brief as briefs
from core.emulator import followup, prose, wishes
from core.emulator.schema_filling import SchemaFilling
from core.emulator.taglines import shortest, taglines

if TYPE_CHECKING:
    from core.emulator.brief import Brief
    from core.emulator.deployments import Deployment, Style
    from core.emulator.prompt import Prompt

CLOSING: Final = "*Simulated answer – no model was called.*"  # noqa: RUF001 - a dash
PARAGRAPHS: Final[dict[Style, int]] = {"brisk": 1, "plain": 1, "lavish": 4, "thoughtful": 3}
USUAL_PARAGRAPHS: Final = 2
MOST_REMEMBERED: Final = 10_000

_BREVITY = re.compile(r"\b(short|brief|concise|terse|one sentence|few words)\b", re.IGNORECASE)
_LINE_PROPERTY = re.compile(r"tag_?line|slogan|headline|claim|motto|line|idea|text", re.IGNORECASE)
_NAME_PROPERTY = re.compile(r"name|title|product|brand|subject|topic", re.IGNORECASE)


class Writer:
    """Writes answers from the words of the prompt.

    The same seed, deployment, prompt and parameters give the same text. Asked the same once more at a temperature
    above 0 and without a seed of the caller's own, it writes something else, as a model would.

    Args:
        seed: Of the whole emulator.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()

    def write(self, deployment: Deployment, prompt: Prompt) -> list[str]:
        """Write as many alternatives as the prompt wants, in the style of the deployment."""
        key = f"{self._seed} {deployment.name} {prompt.turns} {prompt.system} {prompt.temperature} {prompt.seed}"
        attempt = self._attempt(key) if prompt.temperature and prompt.seed is None else 0
        return [_Answer(deployment, prompt, f"{key} {attempt + index}").text() for index in range(prompt.choices)]

    def _attempt(self, key: str) -> int:
        """How often this was asked before."""
        with self._lock:
            if len(self._asked) > MOST_REMEMBERED:
                self._asked.clear()
            self._asked[key] += 1
            return self._asked[key] - 1


class _Answer:
    """One alternative while it is put together."""

    def __init__(self, deployment: Deployment, prompt: Prompt, key: str) -> None:
        self._prompt = prompt
        self._order = random.Random(f"{deployment.name} {prompt.turns}")  # noqa: S311 - repeatable on purpose
        self._chance = random.Random(key)  # noqa: S311 - repeatable on purpose
        self._style: Style = deployment.style
        if self._style != "plain" and _BREVITY.search(prompt.system):
            self._style = "brisk"
        self._ideas = deployment.ideas
        self._asked = prompt.turns[-1].text if prompt.turns else ""

    def text(self) -> str:
        """The whole answer. JSON stays bare: nothing may stand beside it."""
        schema = self._prompt.schema or wishes.form_in_words(f"{self._prompt.system}\n{self._asked}")
        if schema is not None:
            return self._json(schema)
        body = self._body()
        closing = CLOSING.strip("*") if self._style == "plain" else CLOSING
        return f"\n\n{body}\n\n{closing}" if self._style == "plain" else f"{body}\n\n{closing}"

    def _body(self) -> str:
        earlier = [turn.text for turn in self._prompt.turns[:-1] if turn.role == "assistant"]
        wish = followup.wish_of(self._asked) if earlier else None
        if wish is None:
            return self._fresh(self._asked)
        if wish == "shorter":
            lines = followup.body_of(earlier[-1])[:1] or [earlier[-1]]
            return "\n".join(followup.shortened(line) for line in lines)
        first = followup.first_request(self._prompt.turns)
        if wish == "longer":
            said = " ".join(followup.body_of(earlier[-1])[:1])
            return f"{said}\n\n{prose.write(first, self._chance, PARAGRAPHS['lavish'])}"
        return self._fresh(first, self._asked)

    def _fresh(self, text: str, wish: str = "") -> str:
        """Answer a prompt that stands on its own, with the tone, number and language of a later wish."""
        if not briefs.asks_for_lines(text):
            return prose.write(text, self._chance, PARAGRAPHS.get(self._style, USUAL_PARAGRAPHS))
        brief = self._brief(text)
        wished = briefs.read(wish)
        brief = replace(
            brief,
            tone=wished.tone or brief.tone,
            language=wished.language or brief.language,
            count=briefs.number_in(wish) or brief.count,
        )
        return self._styled(brief, self._lines(brief, brief.count or self._ideas))

    def _brief(self, text: str) -> Brief:
        brief = briefs.read(wishes.essence(text))
        system = briefs.read(self._prompt.system)
        return replace(brief, tone=brief.tone or system.tone, language=brief.language or system.language)

    def _lines(self, brief: Brief, count: int) -> list[str]:
        wished = wishes.wishes_of(self._asked)
        if wished == wishes.Wishes():
            return taglines(brief, count, self._chance, self._order, self._prompt.temperature)
        # More than are wanted, so that enough of them keep to what is wished for.
        lines = taglines(brief, briefs.MOST_LINES, self._chance, self._order, 1.0)
        if wished.longest is not None:
            lines = list(dict.fromkeys([*lines, *shortest(brief, self._chance)]))
            self._chance.shuffle(lines)
        return wished.kept_by(lines, count)

    def _styled(self, brief: Brief, lines: list[str]) -> str:  # noqa: PLR0911 - one return per style
        why = prose.comment(brief, self._chance)
        listed = lines[0] if len(lines) == 1 else "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1))
        match self._style:
            case "brisk" | "plain":
                return listed
            case "lavish":
                reasons = [
                    f"{n}. **{line}**  \n   {prose.comment(brief, self._chance)}" for n, line in enumerate(lines, 1)
                ]
                return f"## Ideas for {brief.subject}\n\n" + "\n".join(reasons) + f"\n\n**My pick:** {lines[0]} {why}"
            case "thoughtful":
                more = prose.sentence(prose.topic_of(brief.subject), self._chance)
                return f"{listed}\n\n**Why this works.** {why} {more}"
            case "technical":
                return f"{listed}\n\n- Words: {len(lines[0].split())}\n- Subject: `{brief.subject}`\n- Note: {why}"
            case "warm":
                return f"What a lovely brief! Here is what came to mind:\n\n{listed}\n\nShall we polish it together?"
            case "poetic":
                french = taglines(replace(brief, language="french", tone=""), 1, self._chance, self._order, 1.0)
                return f"{listed}\n\n*{french[0]}*"
            case _:
                return f"{listed}\n\n{why}"

    def _json(self, schema: dict[str, object]) -> str:
        brief = self._brief(self._first_request())
        found = self._lines_for_json(brief)
        lines = iter(found)

        def text(name: str) -> str:
            if _LINE_PROPERTY.search(name) and briefs.asks_for_lines(self._first_request()):
                return next(lines, "") or f"{brief.subject}, once more."
            if _NAME_PROPERTY.search(name):
                return brief.name or brief.subject
            return f"{prose.sentence(prose.topic_of(self._asked), self._chance)} (Simulated.)"

        count = 1 if wishes.wants_one(self._asked) else brief.count
        items = min(count, len(found)) if count else None
        return json.dumps(SchemaFilling(schema, text, self._chance, items).fill(), ensure_ascii=False)

    def _first_request(self) -> str:
        """What the JSON is about, even when the prompt only complains of the answer before."""
        return self._asked if briefs.asks_for_lines(self._asked) else followup.first_request(self._prompt.turns)

    def _lines_for_json(self, brief: Brief) -> list[str]:
        long = wishes.line_to_shorten(self._asked)
        clauses = followup.clauses_of(long)
        shorter = [f"{clauses[0]}."] if len(clauses) > 1 else []
        shorter += [line for line in shortest(brief, self._chance) if len(line) < len(long)]
        return shorter or self._lines(brief, briefs.MOST_LINES)

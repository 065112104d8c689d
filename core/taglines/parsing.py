"""Reading taglines out of whatever a model writes, while it writes it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from core.taglines.json_texts import JsonTexts

MOST_CHARACTERS: Final = 100_000
"""How much of an answer is read. A hundred taglines are a tenth of it."""

MOST_TEXTS: Final = 100
LONGEST_TEXT: Final = 1_000
LONGEST_LINE: Final = 4_000

_JSON_WITHIN: Final = re.compile(r'[\[{]\s*["\[{]')
_ITEM: Final = re.compile(
    r"(?:(?P<number>(?:\*\*)?\d{1,3}[.):](?:\*\*)?)|(?P<bullet>[-*+•·–]))[ \t]+(?P<text>\S.*)"  # noqa: RUF001 - a dash
)
_QUOTES: Final = {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "‘": "’", "'": "'", "「": "」"}  # noqa: RUF001 - quotes
_MARKED: Final = re.compile(r"(?P<mark>\*\*\*|\*\*|__|\*|_|`)(?P<text>.+?)(?P=mark)(?P<rest>.*)")
_EXPLANATION: Final = re.compile(r"\s*(?:[-–—:(]\s|\().*")  # noqa: RUF001 - dashes
_NEVER_SHOWN: Final = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Characters that turn the direction of what stands around them, or that nobody sees. Joiners stay."""


class Reading:
    """Reads one answer piece by piece: JSON, in a fence or not, or a numbered, bulleted or quoted list of lines.

    Other text around them is passed over. Whichever of these comes first is the form of the whole answer: the notes
    below a numbered list are no taglines.
    """

    def __init__(self) -> None:
        self.count = 0
        """How many texts were found."""
        self.left_out = 0
        """How many were empty or too long for a tagline, or came after the most that are taken."""
        self._read = 0
        self._json: JsonTexts | None = None
        self._line = ""
        self._looked = 0
        self._form = ""
        self._indent = ""

    def feed(self, piece: str) -> list[str]:
        """Read what has arrived; the taglines that are finished by it."""
        piece = piece[: MOST_CHARACTERS - self._read]
        self._read += len(piece)
        texts: list[str] = []
        start = 0
        while start < len(piece):
            start = self._in_json(piece, start, texts) if self._json else self._in_line(piece, start, texts)
        return self._taken(texts)

    def finish(self, *, is_whole: bool = True) -> list[str]:
        """No more comes; the tagline that only the end finishes. Without ``is_whole`` what was cut off is dropped."""
        if self._json or not is_whole or self._read >= MOST_CHARACTERS:
            return []
        texts: list[str] = []
        self._end_line(texts)
        return self._taken(texts)

    @property
    def problem(self) -> str:
        """Why there is no tagline, as a sentence; "" when there is one."""
        if self.count:
            return ""
        if not self._read:
            return "The answer is empty."
        if self.left_out:
            return "What was written is empty, or too long for a tagline."
        return "The answer holds no list of taglines."

    def _in_json(self, piece: str, start: int, texts: list[str]) -> int:
        reader = self._json
        for place in range(start, len(piece)):
            if reader is None:
                break
            texts += reader.take(piece[place])
            if reader.is_over or reader.is_broken:
                self._json = None
                if reader.is_broken and not (texts or self.count):
                    self._form = ""  # It only looked like JSON.
                return place + 1
        return len(piece)

    def _in_line(self, piece: str, start: int, texts: list[str]) -> int:
        """Read on in a line, up to its end or to JSON that begins in it; where to go on."""
        end = piece.find("\n", start)
        part = piece[start : len(piece) if end < 0 else end]
        room = LONGEST_LINE - len(self._line)
        before = len(self._line)
        self._line += part[:room]
        begin = self._json_begins()
        if begin is not None and self._form in {"", "json"}:
            self._form, self._json = "json", JsonTexts()
            # What of the JSON came with an earlier piece stands in the line; the rest is read on from the piece.
            for character in self._line[begin:before]:
                self._json.take(character)
            consumed = start + max(0, begin - before)
            self._new_line()
            return consumed
        if end < 0:
            return len(piece)
        self._end_line(texts)
        return end + 1

    def _json_begins(self) -> int | None:
        """Where in the line JSON begins: at its first bracket, or where one is followed by a quotation mark."""
        if self._line.lstrip()[:1] in {"{", "["}:
            return len(self._line) - len(self._line.lstrip())
        found = _JSON_WITHIN.search(self._line, max(0, self._looked - 8))
        self._looked = len(self._line)
        return found.start() if found else None

    def _end_line(self, texts: list[str]) -> None:
        line = self._line.strip()
        indent = self._line[: len(self._line) - len(self._line.lstrip())].expandtabs(4)
        self._new_line()
        found = _ITEM.fullmatch(line)
        if found is not None and not line.endswith(":"):
            form, text = ("number" if found["number"] else "bullet"), found["text"]
        elif len(_quoted(line)) == len(line) - 2:
            form, text = "quoted", line
        else:
            return
        if not self._form:
            self._form, self._indent = form, indent
        if form == self._form and len(indent) <= len(self._indent) + 1:
            texts.append(_bare(text))

    def _new_line(self) -> None:
        self._line, self._looked = "", 0

    def _taken(self, texts: list[str]) -> list[str]:
        taken = []
        for text in map(cleaned, texts):
            if text and len(text) <= LONGEST_TEXT and self.count < MOST_TEXTS:
                taken.append(text)
                self.count += 1
            else:
                self.left_out += 1
        return taken


def read_all(text: str) -> list[str]:
    """The taglines of a whole answer."""
    reading = Reading()
    return [*reading.feed(text), *reading.finish()]


def cleaned(text: str) -> str:
    """A tagline as one line, without what cannot be shown. Everything else stays to the letter."""
    text = _NEVER_SHOWN.sub("", " ".join(text.split()))
    return "".join(one for one in text if unicodedata.category(one) not in {"Cc", "Cs"}).strip()


def _bare(item: str) -> str:
    """The tagline of a list item: without the marks and quotes around it, or an explanation behind those."""
    item = item.strip()
    for _ in range(3):
        marked = _MARKED.fullmatch(item)
        if marked and (not marked["rest"] or _EXPLANATION.fullmatch(marked["rest"])):
            item = marked["text"].strip()
        elif quoted := _quoted(item):
            item = quoted
        else:
            break
    return item


def _quoted(text: str) -> str:
    """What stands in the quotation marks with which a text begins, if nothing or an explanation follows; or ""."""
    closing = _QUOTES.get(text[:1], "")
    for mark in closing:
        end = text.find(mark, 1)
        if end > 1 and (end == len(text) - 1 or _EXPLANATION.fullmatch(text[end + 1 :])):
            return text[1:end].strip()
    return ""

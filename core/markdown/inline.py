"""One paragraph, heading or cell: emphasis passes, and whatever could do more is rebuilt or escaped.

Nothing that was written reaches the page as a link, an image, HTML, a directive or a code span unless it was
recognised here and written anew, whole and on one line. So it does not matter whether the page, with its own parser
and its own extensions, would have divided the text into paragraphs in the same way.
"""

import html
import re
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from core.markdown.characters import WORD_JOINER, escaped, escaped_colon, plain_line, revealed, unformatted
from core.markdown.formulas import MOST_FORMULAS, formula
from core.markdown.links import address, decoded, image, link

_TOKEN = re.compile(
    r"""
    (?P<line_break>\\\n)
  | \\(?P<escape>[!-/:-@\[-`{-~])
  | (?P<code>`+)
  | (?P<math>\$+)
  | (?P<opening>!?\[)
  | (?P<closing>\])
  | <(?P<angle>[a-z][a-z0-9+.-]{1,31}:[^\s<>]*+)>
  | (?P<picture><img\b[^<>]*+>)
  | (?P<bare>(?<![a-z])(?:https?://|(?<![0-9])www\.)[^\s<>`|"\\\[\]{}^]{1,2000}+)
  | (?P<reference>&(?:\#x?[0-9a-f]{1,7}|[a-z][a-z0-9]{1,31});)
  | (?P<colon>:(?=\S))
  | (?P<literal>[<\\]|&(?=[#a-z])|~{3,}|\*{4,}|_{4,})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DESTINATION = re.compile(
    r"""\(\s*+(?:<(?P<angle>(?:\\.|[^<>\\\n])*+)>|(?P<bare>(?:\\[!-~]|[^\s\\()<]|\((?:\\[!-~]|[^\s\\()])*+\)|(?<!\()<)*+))
    (?:\s++(?:"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|\((?:\\.|[^()\\])*+\)))?+\s*+\)""",
    re.VERBOSE | re.DOTALL,
)
_LABEL = re.compile(r"\[((?:\\.|[^\[\]\\]){0,999}+)\]", re.DOTALL)
_DEFINITION = re.compile(
    r"^[ \t>]*+(?:[-+*][ \t]++)?\[((?:\\.|[^\[\]\\]){1,999}+)\]:[ \t]*+(?:\n[ \t>]*+)?(?:<([^<>\n]*+)>|(\S++))",
    re.MULTILINE,
)
_MATH = re.compile(r"\$\$(?![$])([^$]+)\$\$(?!\$)|\$(?![\s$])([^$]*[^\s$\\])\$(?![0-9$])")
_SOURCE = re.compile(r"""\ssrc\s*=\s*["']?([^\s"'>]+)""", re.IGNORECASE)
_TRAILING = "?!.,:*_~'"
_TRAILING_REFERENCE = re.compile(r"(?:&#?[A-Za-z0-9]{1,31})?;$")
_LINE_END = re.compile(r"[ \t]*\n[ \t]*")
_SCHEMES = {"http", "https"}
_LONGEST_LABEL = 999
_LONGEST_REFERENCE = 40


@dataclass
class Page:
    """What all parts of one text share: the addresses its references name, and how many formulas may still be set."""

    destinations: dict[str, str] = field(default_factory=dict)
    formulas_left: int = MOST_FORMULAS

    @classmethod
    def of(cls, text: str) -> "Page":
        """The page of ``text``, with its reference definitions; the first of several with one label counts."""
        page = cls()
        if "]:" in text:
            for match in _DEFINITION.finditer(text):
                page.destinations.setdefault(_normal(match[1]), match[2] or match[3] or "")
        return page

    def harmless_formula(self, content: str) -> str | None:
        """The content as it may be set, or None when it is refused or too many were set already."""
        allowed = formula(content) if self.formulas_left else None
        self.formulas_left -= allowed is not None
        return allowed


class _Opening(NamedTuple):
    piece: int
    start: int
    is_image: bool


def inline(text: str, page: Page) -> str:
    """Safe Markdown for the inline content ``text``."""
    return _Inline(text, page).written()


class _Inline:
    """One pass from left to right.

    ``pieces`` is what was written so far, ``openings`` are the brackets that may still become links or images.
    """

    def __init__(self, text: str, page: Page) -> None:
        self.text = text
        self.page = page
        self.pieces: list[str] = []
        self.openings: list[_Opening] = []
        self.no_links_below = 0
        self.own_links: dict[int, str] = {}
        self.ticks: dict[int, deque[int]] | None = None

    def written(self) -> str:
        position = 0
        while token := _TOKEN.search(self.text, position):
            if token.start() > position:
                self.pieces.append(revealed(self.text[position : token.start()]))
            position = getattr(self, f"_{token.lastgroup}")(token)
        self.pieces.append(revealed(self.text[position:]))
        return "".join(self.pieces)

    def _line_break(self, token: re.Match[str]) -> int:
        self.pieces.append("  \n" if self.pieces else "\\\\\n")
        return token.end()

    def _escape(self, token: re.Match[str]) -> int:
        is_colon = token["escape"] == ":"
        self.pieces.append(escaped_colon(self.text, token.end() - 1) if is_colon else token[0])
        return token.end()

    def _code(self, token: re.Match[str]) -> int:
        if self.ticks is None:
            self.ticks = {}
            for run in re.finditer("`+", self.text):
                self.ticks.setdefault(len(run[0]), deque()).append(run.start())
        ends = self.ticks.get(len(token[0]), deque())
        while ends and ends[0] < token.end():
            ends.popleft()
        if not ends:
            self.pieces.append(escaped(token[0]))
            return token.end()
        end = ends[0] + len(token[0])
        self.pieces.append(_LINE_END.sub(" ", self.text[token.start() : end]))
        return end

    def _math(self, token: re.Match[str]) -> int:
        found = _MATH.match(self.text, token.start())
        content = self.page.harmless_formula(found[1] or found[2]) if found else None
        if found is None or content is None:
            self.pieces.append(escaped(token[0]))
            return token.end()
        dollars = "$$" if found[1] else "$"
        self.pieces.append(f"{dollars}{_LINE_END.sub(' ', content)}{dollars}")
        return found.end()

    def _opening(self, token: re.Match[str]) -> int:
        self.openings.append(_Opening(len(self.pieces), token.end(), is_image=len(token[0]) > 1))
        self.pieces.append(escaped(token[0]))
        return token.end()

    def _closing(self, token: re.Match[str]) -> int:
        opening = self.openings.pop() if self.openings else None
        active = opening is not None and (opening.is_image or len(self.openings) >= self.no_links_below)
        self.no_links_below = min(self.no_links_below, len(self.openings))
        destination, end = self._destination(opening, token) if opening and active else (None, token.end())
        if opening is None or destination is None:
            self.pieces.append("\\]")
            return token.end()
        inside = range(opening.piece + 1, len(self.pieces))
        shown = "".join(self.own_links.pop(index, self.pieces[index]) for index in inside)
        del self.pieces[opening.piece :]
        if opening.is_image:
            self.pieces.append(image(destination))
        else:
            source = self.text[opening.start : token.start()]
            self._link(_LINE_END.sub(" ", shown), source, destination)
            self.no_links_below = len(self.openings)
        return end

    def _destination(self, opening: _Opening, token: re.Match[str]) -> tuple[str | None, int]:
        """The decoded address that the bracket closed by ``token`` leads to, and where its link ends."""
        if found := _DESTINATION.match(self.text, token.end()):
            return decoded(found["angle"] or found["bare"] or ""), found.end()
        if not self.page.destinations or self.text.startswith(":", token.end()):
            return None, token.end()
        explicit = _LABEL.match(self.text, token.end())
        label = explicit[1] if explicit else ""
        if not label and token.start() - opening.start <= _LONGEST_LABEL:
            label = self.text[opening.start : token.start()]
        destination = self.page.destinations.get(_normal(label))
        return (None if destination is None else decoded(destination)), explicit.end() if explicit else token.end()

    def _angle(self, token: re.Match[str]) -> int:
        self._own_link(token["angle"], token["angle"], f"\\<{plain_line(token['angle'])}>")
        return token.end()

    def _bare(self, token: re.Match[str]) -> int:
        shown = _without_trail(token[0])
        # What follows may not complete a shortcode that begins in an address shown as text.
        otherwise = plain_line(token[0]) + WORD_JOINER
        if self._own_link(shown, shown if shown[:1] in "hH" else f"http://{shown}", otherwise):
            return token.start() + len(shown)
        return token.end()

    def _own_link(self, shown: str, destination: str, otherwise: str) -> bool:
        """Write a link whose text is its own address (inside another link it stays text), or else ``otherwise``."""
        if not address(destination):
            self.pieces.append(otherwise)
            return False
        scheme, _, rest = shown.partition("://")
        label = f"{scheme}\\://{unformatted(rest)}" if scheme.lower() in _SCHEMES else unformatted(shown)
        self._link(label, shown, destination)
        self.own_links[len(self.pieces) - 1] = label + WORD_JOINER
        return True

    def _link(self, label: str, source: str, destination: str) -> None:
        if self.pieces and self.pieces[-1].endswith("!"):
            self.pieces.append(WORD_JOINER)  # an exclamation mark would make an image of the link
        self.pieces.append(link(label, source, destination))

    def _picture(self, token: re.Match[str]) -> int:
        source = _SOURCE.search(token[0])
        self.pieces.append(image(html.unescape(source[1]) if source else ""))
        return token.end()

    def _reference(self, token: re.Match[str]) -> int:
        meant = html.unescape(token[0])
        if meant == token[0] or not meant:
            self.pieces.append("\\" + token[0])
        elif meant.isspace():
            self.pieces.append(token[0])
        else:
            # Letters, dots and colons may not become part of a shortcode or an address that was never written.
            glue = WORD_JOINER if re.search(r"[A-Za-z0-9:./@]", meant) else ""
            self.pieces.append(revealed(escaped(meant)) + glue)
        return token.end()

    def _colon(self, token: re.Match[str]) -> int:
        self.pieces.append(escaped_colon(self.text, token.start()))
        return token.end()

    def _literal(self, token: re.Match[str]) -> int:
        self.pieces.append(escaped(token[0]))
        return token.end()


def _without_trail(shown: str) -> str:
    """An address in running text without the punctuation after it, which belongs to the sentence."""
    while True:
        shorter = shown.rstrip(_TRAILING)
        if reference := _TRAILING_REFERENCE.search(shorter[-_LONGEST_REFERENCE:]):
            shorter = shorter[: -len(reference[0])]
        elif shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter == shown:
            return shown
        shown = shorter


def _normal(label: str) -> str:
    return " ".join(label.split()).casefold()

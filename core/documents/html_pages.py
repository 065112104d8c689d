"""One self-contained HTML page: it opens offline, asks nobody for anything, and runs nothing.

Everything is made by the functions here, which escape what they are given; ``Html`` marks what they made.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final, NewType

from core.documents.csv_files import encoded
from core.markdown import neutralise
from core.markdown.characters import revealed, sendable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markdown_it import MarkdownIt

Html = NewType("Html", str)
"""HTML of which every text is escaped."""

HTML_MIME: Final = "text/html; charset=utf-8"
LONGEST_FORMATTED: Final = 200_000
"""Characters; a longer text is shown to the letter."""
_DEEPEST_HEADING: Final = 6


def html_page(title: str, parts: Iterable[Html], *, language: str = "en") -> bytes:
    """A page with its title as heading, in light or dark as the reader's system is, ready for the printer.

    Its own content security policy lets it load, run and send nothing, even if a text slipped through unescaped.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    shown = _text(title)
    page = (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown}</title>\n<style>{style}</style>\n</head>\n"
        f'<body>\n<main>\n<h1 dir="auto">{shown}</h1>\n{_joined(parts)}\n</main>\n</body>\n</html>\n'
    )
    return encoded(page)


def heading(text: str, level: int = 2) -> Html:
    """A heading."""
    return Html(f'<h{level} dir="auto">{_text(text)}</h{level}>')


def paragraph(text: str, *, soft: bool = False) -> Html:
    """A paragraph with its line breaks; ``soft`` for what is said beside the matter."""
    return Html(f'<p class="{"soft" if soft else "plain"}" dir="auto">{_text(text)}</p>')


def verbatim(text: str) -> Html:
    """Text to the letter."""
    return Html(f'<pre dir="auto">{_text(text)}</pre>')


def formatted(text: str) -> Html:
    """Markdown of a model or a person with its formatting; images are only named, links show their host.

    A text longer than ``LONGEST_FORMATTED`` is shown to the letter.
    """
    if len(text) > LONGEST_FORMATTED:
        return verbatim(text)
    parser = _parser()
    tokens = parser.parse(neutralise(text))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, _DEEPEST_HEADING)}"
    return Html(f'<div class="answer" dir="auto">{parser.renderer.render(tokens, parser.options, {})}</div>')


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> Html:
    """A table of texts; the columns ``numbers`` are set to the right."""
    right = frozenset(numbers)
    kinds = [' class="number"' if column in right else "" for column in range(len(header))]
    head = "".join(f'<th scope="col"{kind}>{_text(name)}</th>' for name, kind in zip(header, kinds, strict=True))
    cells = (
        "".join(f'<td dir="auto"{kind}>{_text(one)}</td>' for one, kind in zip(row, kinds, strict=True))
        for row in rows
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in cells)
    return Html(
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'
    )


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Names and values."""
    inside = "".join(f'<div><dt>{_text(name)}</dt><dd dir="auto">{_text(value)}</dd></div>' for name, value in pairs)
    return Html(f"<dl>{inside}</dl>")


def section(*parts: Html) -> Html:
    """Parts that belong together: one card, not torn apart by a page break where it fits on one page."""
    return Html(f"<section>\n{_joined(parts)}\n</section>")


def grid(*parts: Html) -> Html:
    """Cards side by side, below each other on a phone."""
    return Html(f'<div class="grid">\n{_joined(parts)}\n</div>')


def note(text: str) -> Html:
    """A remark that must not be overlooked."""
    return Html(f'<p class="note" dir="auto">{_text(text)}</p>')


def _joined(parts: Iterable[Html]) -> str:
    return "\n".join(parts)


def _text(text: str) -> str:
    return escape(revealed(sendable(text)))


@cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


@cache
def _parser() -> MarkdownIt:
    """CommonMark with tables, without raw HTML and images. Rendering does not change it."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")

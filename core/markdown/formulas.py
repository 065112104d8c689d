"""Formulas: the harmless part of LaTeX stays a formula, everything else is shown as text."""

import re

MOST_FORMULAS = 300
"""Formulas set in one text; each costs the browser about a millisecond, so further ones are shown as written."""

_LONGEST = 2_000
_MOST_GROUPS = 200
_REFUSED = re.compile(
    # Addresses, page attributes, definitions (a definition can loop), and boxes that can cover what is beside them.
    r"\\(?:href|url|includegraphics|html[A-Za-z]*|class|cssId|style|[gex]?def|let|futurelet|global|long"
    r"|(?:re)?newcommand|providecommand|operatorname\*?@|csname|expandafter|noexpand|char|verb|input|require|unicode"
    r"|rule|m?kern|[hm]skip|hspace\*?|raise(?:box)?|lower|vcenter|(?:math)?[lrc]lap|tag)(?![A-Za-z])"
    r"|(?:\\!\s*){4}|\\\\\s*\[\s*-|(?<!\\)[%#]|[`$\x00-\x08\x0b-\x1f]|\]:|://|~~~|\n[ \t]*\n"
)


def formula(content: str) -> str | None:
    """The content of a formula, or None when it must be shown as text.

    What is returned holds no Markdown that could act if the page took it for text instead: ``](``, ``![``, ``<a``.
    """
    if len(content) > _LONGEST or content.count("{") > _MOST_GROUPS or _REFUSED.search(content):
        return None
    return re.sub(r"<(?=\S)", "< ", content.replace("](", "] (").replace("![", "! ["))

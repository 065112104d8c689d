"""Blocks: lines become paragraphs, headings, tables, quotes, formulas and code.

Only fenced code passes as it was written, so only a fence has to be where the page sees it: every line of it is
indented at least as far as its first one, and a blank line goes before it where a paragraph could swallow it. Then it
is code to the page whatever list it belongs to. Indented code is written as a fence for the same reason.
"""

import re

from core.markdown.characters import WORD_JOINER
from core.markdown.inline import Page, inline

_TAB = 4
_DEEPEST_QUOTE = 8
_WIDEST_INDENT = 40
_MOST_FORMULA_LINES = 100

_PREFIX = re.compile(r"[ \t]*+((?:(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]++|$)){0,8}+)")
_MORE_MARKERS = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$)")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_FORMULA = re.compile(r"\$\$(?!\$)([^$]*)(\$\$)?$")
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*))?$")
_RULE = re.compile(r"([-*_])(?:[ \t]*\1){2,}$")
_UNDERLINE = re.compile(r"=+$|-{1,2}$")
_NUMBER = re.compile("[0-9]")
_TASK = re.compile(r"\[[ xX]\] ")
_CELL_END = re.compile(r"\\[\\|]|(\|)")


def _columns(white: str) -> int:
    return len(white.expandtabs(_TAB))


def _indent(line: str) -> int:
    return _columns(line[: len(line) - len(line.lstrip(" \t"))])


def _is_delimiter_row(body: str) -> bool:
    """Whether the line could make the one above it the head of a table."""
    return "-" in body and not body.strip("|:- \t") and ("|" in body or ":" in body)


class Blocks:
    """The lines of a text or of one quote in it, rewritten from top to bottom by ``written``."""

    def __init__(self, lines: list[str], page: Page, depth: int = 0) -> None:
        self.lines = lines
        self.page = page
        self.depth = depth
        self.next = 0
        self.out: list[str] = []
        self.start = ""
        self.paragraph: list[str] = []
        self.after_blank = False
        self.in_table = False
        self.list_column = 0
        self.no_formula_ends_before = 0

    def written(self) -> list[str]:
        """The safe lines."""
        while self.next < len(self.lines):
            line = self.lines[self.next]
            self.next += 1
            if line.strip(" \t"):
                if not self._is_indented_code(line):
                    self._line(line)
                self.after_blank = False
            else:
                self._end_paragraph()
                self.out.append("")
                self.after_blank, self.in_table = True, False
        self._end_paragraph()
        return self.out

    def _line(self, line: str) -> None:
        found = _PREFIX.match(line)
        end = found.end() if found else 0
        prefix, body = line[:end].expandtabs(_TAB)[-_WIDEST_INDENT:], line[end:].rstrip(" \t")
        has_marker = bool(found and found[1])
        if _RULE.match(line.strip(" \t")):
            self._rule(line)
            return
        if has_marker:
            self.list_column = len(prefix)
            if not body or (_NUMBER.search(prefix) and (_FENCE.match(body) or body.startswith(">"))):
                # A lone mark would make a title of the line above; a number begins no list after some blocks, so that
                # nothing that spans lines may depend on it.
                self._end_paragraph()
                self.out.append(f"{prefix.rstrip()} {WORD_JOINER}")
                prefix, has_marker = " " * len(prefix), False
        if not body:
            return
        if fence := _FENCE.match(body):
            self._code(prefix, body, fence[1] or fence[2], has_marker=has_marker)
        elif body.startswith("$$") and not has_marker and self._formula(prefix, body):
            pass
        elif body.startswith(">") and self.depth < _DEEPEST_QUOTE:
            self._quote(prefix, body)
        elif heading := _HEADING.match(body):
            self._end_paragraph()
            self.out.append(f"{prefix}{max(heading[1], '###', key=len)} {inline(heading[2] or '', self.page)}")
        else:
            self._text(prefix, body, line, has_marker=has_marker)

    def _text(self, prefix: str, body: str, line: str, *, has_marker: bool) -> None:
        if self.after_blank and not prefix:
            self.list_column = 0
        if _is_delimiter_row(body) and not has_marker:
            self._table_begins(prefix + body)
            return
        trail = "  " if line.endswith("  ") else ""
        begin = WORD_JOINER if _MORE_MARKERS.match(body) or body.startswith(">") else ""
        follows = bool(self.paragraph or (self.out and self.out[-1].strip(" \t")))
        if has_marker or self.in_table:
            self._end_paragraph()
        if follows and not has_marker and _UNDERLINE.match(body):
            self._underlined(prefix, body)
        elif self.in_table:
            self._row(prefix + begin, body)
        elif self.paragraph:
            self.paragraph.append(prefix + body + trail)
        else:
            self.start = prefix + begin
            if has_marker and _TASK.match(body):
                self.start, body = self.start + body[:4], body[4:]
            self.paragraph = [body + trail]

    def _table_begins(self, delimiter_row: str) -> None:
        """The last line of the paragraph above is the head; cells end at every bar from here on, in code too."""
        if self.paragraph:
            head = self.paragraph.pop()
            self._end_paragraph()
            self._row(self.start, head)
            self.start = ""
        self.out.append(delimiter_row)
        self.in_table = True

    def _underlined(self, prefix: str, body: str) -> None:
        """A title marked by the line below it; of ``-`` and ``--`` nobody means one."""
        if body.startswith("=") and len(self.paragraph) == 1:
            self.paragraph, title = [], self.paragraph[0]
            self.out.append(f"{self.start}### {inline(title, self.page)}")
        else:
            self._end_paragraph()
            self.out.append(f"{prefix}\\{body}")

    def _end_paragraph(self) -> None:
        if self.paragraph:
            self.out += (self.start + inline("\n".join(self.paragraph), self.page)).split("\n")
            self.start, self.paragraph = "", []

    def _row(self, prefix: str, body: str) -> None:
        cells, start = [], 0
        for end in _CELL_END.finditer(body):
            if end[1]:
                cells.append(body[start : end.start()])
                start = end.end()
        cells.append(body[start:])
        self.out.append(prefix + "|".join(inline(cell, self.page) for cell in cells))

    def _rule(self, line: str) -> None:
        self._end_paragraph()
        self._apart()
        self.out.append(line)

    def _apart(self) -> None:
        """A blank line, so that no open paragraph or quote takes what follows for its own."""
        if self.out and self.out[-1].strip(" \t"):
            self.out.append("")

    def _code(self, prefix: str, body: str, fence: str, *, has_marker: bool) -> None:
        self._end_paragraph()
        if has_marker or len(prefix) >= _TAB:
            self._apart()
        self.in_table = False
        self.out.append(prefix + body)
        pad = " " * len(prefix)
        while self.next < len(self.lines):
            line = self.lines[self.next]
            self.next += 1
            text = line.strip(" \t")
            if text.startswith(fence) and not text.strip(fence[0]) and _indent(line) < len(pad) + _TAB:
                self.out.append(pad + text)
                return
            self.out.append(line if not text or not pad or _indent(line) >= len(pad) else pad + line.lstrip(" \t"))

    def _is_indented_code(self, line: str) -> bool:
        """Rewrite the code block that begins with ``line`` as a fence, if one begins there."""
        column = self.list_column + _TAB
        if not self.after_blank or self.paragraph or _indent(line) < column:
            return False
        self.next -= 1
        code: list[str] = []
        while self.next < len(self.lines):
            line = self.lines[self.next]
            if line.strip(" \t") and _indent(line) < column:
                break
            code.append(_without(line, column))
            self.next += 1
        while code and not code[-1].strip(" \t"):
            code.pop()
            self.next -= 1
        longest = max((len(run) for line in code for run in re.findall("`+", line)), default=0)
        fence, pad = "`" * max(3, longest + 1), " " * min(self.list_column, _WIDEST_INDENT)
        self.out += [pad + line for line in (fence, *code, fence)]
        return True

    def _formula(self, prefix: str, body: str) -> bool:
        """Write the displayed formula that begins here, on one line or on several; False when it has to be text."""
        begin = _FORMULA.match(body)
        if not begin:
            return False
        content = [begin[1]]
        end = self.next
        if not begin[2]:
            end = max(end, self.no_formula_ends_before)
            last = min(len(self.lines), self.next + _MOST_FORMULA_LINES)
            while end < last and not self.lines[end].rstrip(" \t").endswith("$$"):
                end += 1
            self.no_formula_ends_before = end
            if end >= last:
                return False
            content += [line.strip(" \t") for line in self.lines[self.next : end + 1]]
            content[-1] = content[-1].removesuffix("$$")
            end += 1
        allowed = self.page.harmless_formula("\n".join(content).strip())
        if not allowed:
            return False
        self._end_paragraph()
        if len(prefix) >= _TAB:
            self._apart()
        self.out += [prefix + line.strip(" \t") for line in ("$$", *allowed.split("\n"), "$$")]
        self.next = end
        return True

    def _quote(self, prefix: str, body: str) -> None:
        self._end_paragraph()
        self._apart()
        self.in_table = False
        inner = [_quoted(body)]
        while self.next < len(self.lines) and self.lines[self.next].lstrip(" \t").startswith(">"):
            inner.append(_quoted(self.lines[self.next].lstrip(" \t")))
            self.next += 1
        for line in Blocks(inner, self.page, self.depth + 1).written():
            self.out.append(f"{prefix}> {line}".rstrip(" ") if not line else f"{prefix}> {line}")
            prefix = " " * len(prefix)


def _quoted(line: str) -> str:
    """The line inside its quote; a tab after the mark is as wide as it looks at the beginning of a line."""
    inner = line[1:]
    return "  " + inner[1:] if inner.startswith("\t") else inner.removeprefix(" ")


def _without(line: str, columns: int) -> str:
    """The line without its first columns of white space; what is left of a tab becomes spaces."""
    rest = line.lstrip(" \t")
    white = line[: len(line) - len(rest)]
    taken = 0
    while taken < len(white) and _columns(white[: taken + 1]) <= columns:
        taken += 1
    if _columns(white[:taken]) < columns and taken < len(white):
        return " " * (_columns(white[: taken + 1]) - columns) + white[taken + 1 :] + rest
    return white[taken:] + rest

"""Where growing Markdown can be cut: what stands before the cut is drawn once and never again."""

from __future__ import annotations

import re
from typing import Final

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")
_CONTINUES: Final = re.compile(r"[ \t]|[-*+>|]|\d{1,9}[.)]")
_ENOUGH_TO_TELL: Final = 11
"""Characters of a line after which it is known whether it carries a list, a quote or a table on."""


def split_finished_blocks(text: str) -> tuple[list[str], str]:
    """Split ``text`` into blocks that no further text can change, and the rest, which may still grow.

    A block ends at a blank line outside a code fence, when the line after it begins something new: lists keep their
    numbers and fences stay whole. Nothing is lost: the blocks and the rest, joined, are ``text``.
    """
    blocks: list[str] = []
    begins = position = 0
    fence = ""
    is_blank = False
    for line in _LINES.findall(text):
        is_whole = line.endswith("\n")
        if is_blank and not fence and line.strip() and (is_whole or len(line) >= _ENOUGH_TO_TELL):
            if not _CONTINUES.match(line):
                blocks.append(text[begins:position])
                begins = position
            is_blank = False
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
            fence = ""
        is_blank = is_whole and not line.strip()
        position += len(line)
    return blocks, text[begins:]

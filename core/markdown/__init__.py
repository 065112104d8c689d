"""Text of people and models as Markdown that shows what it says and can do nothing else.

The page renders Markdown with GitHub's tables and addresses, formulas, and directives of its own for colours, icons
and emoji, and it loads images at once. Text from outside keeps its formatting and its code; it cannot load anything,
lead to a hidden place, imitate the page's own marks, or hide characters.
"""

import textwrap

from core.markdown.blocks import Blocks
from core.markdown.characters import as_label, as_plain, sendable
from core.markdown.inline import Page

__all__ = ["as_label", "as_plain", "neutralise"]


def neutralise(text: str) -> str:
    """Markdown for the body of a message: formatted like ``text``, and harmless at every prefix of a stream.

    The result has to be the whole of what one element shows; for a label, a title, or a place inside another sentence
    use ``as_label`` or ``as_plain``. Code is unchanged, formulas lose what is not layout, images become
    "image removed: host", links name their host, everything else that could act is escaped. Takes time in proportion
    to the length of ``text``.

    Args:
        text: Anything, also an answer that is still arriving.
    """
    # The page removes common indentation and outer white space before it parses, which would turn code into text.
    text = textwrap.dedent(sendable(text)).strip()
    return "\n".join(Blocks(text.split("\n"), Page.of(text)).written())

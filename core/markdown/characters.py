"""Characters: which are shown instead of obeyed, which are escaped, and text with no formatting at all."""

import re
import string

WORD_JOINER = "\u2060"
"""Put between two characters that the page would otherwise join into a shortcode or an address after parsing."""

_ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in string.punctuation})
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_HIDDEN = re.compile(
    r"([\x01-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    # The two joiners belong to emoji and to many scripts; between Latin letters they only hide something.
    r"|(?<![^\x00-\u024f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u024f])"
    # One variation selector chooses a glyph; a second one, or one after a letter that has none, carries hidden text.
    r"|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
    r")\1*"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
# Emoji, icons and the logo are replaced in the finished text, where an escaped colon is a colon again.
_SHORTCODE = re.compile(
    r"(?!:[0-9]{1,2}:):(?:(?:[\w+/-]|\\[+_/-])++(?:\\?:|&(?:colon|\#0*58|\#x0*3a);)|(?:(?<=http:)|(?<=https:))\\?/)",
    re.IGNORECASE,
)
_INLINE_MARK = re.compile(r"[\\`*\[\]<>~$|#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?!\s)|&(?=[#A-Za-z])")
_BLOCK_MARK = re.compile(r"[0-9]+(?=[.)])|(?=[-+=])")
_ADDRESS = re.compile(r"(?<=www)(?=\.)|(?<=[\w.+-])(?=@\w)", re.IGNORECASE)
"""Where the page would begin to make a link of a bare web or mail address."""


def sendable(text: str) -> str:
    """Text with one kind of line ending and without NUL and lone surrogates, which no browser can be sent."""
    return _UNSENDABLE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")


def revealed(text: str) -> str:
    """Text whose control, bidirectional and zero-width characters are named: ``⟨U+202E⟩``, ``⟨U+200B, 40 times⟩``."""
    if text.isascii() and text.isprintable():
        return text
    parts = []
    start = 0
    for flag in _FLAG.finditer(text):
        parts += [_HIDDEN.sub(_name, text[start : flag.start()]), flag[0]]
        start = flag.end()
    return "".join(parts) + _HIDDEN.sub(_name, text[start:])


def _name(match: re.Match[str]) -> str:
    times = len(match[0])
    return f"⟨U+{ord(match[1]):04X}{f', {times} times' if times > 1 else ''}⟩"


def escaped(text: str) -> str:
    """Text whose ASCII punctuation is all escaped."""
    return text.translate(_ESCAPED)


def escaped_colon(text: str, position: int) -> str:
    """The colon at ``position``, unable to begin a directive, an icon, an emoji or an address with what follows."""
    return "\\:" + (WORD_JOINER if _SHORTCODE.match(text, position) else "")


def as_plain(text: str) -> str:
    """Text of any origin as Markdown that shows exactly this text, unformatted; its line breaks stay.

    For toasts, captions and messages which quote a person or a model.
    """
    return "  \n".join(plain_line(line.strip()) for line in sendable(text).strip().split("\n"))


def as_label(text: str) -> str:
    """Text of any origin as Markdown for a label or a title: one line that shows exactly this text, unformatted."""
    return plain_line(" ".join(sendable(text).split()))


def unformatted(text: str) -> str:
    """Text inside a paragraph that shows exactly these characters, unformatted; addresses with ``www`` stay links."""
    return _INLINE_MARK.sub(_escape, revealed(text))


def plain_line(line: str) -> str:
    """One line that shows exactly this text, unformatted."""
    line = _ADDRESS.sub(WORD_JOINER, unformatted(line))
    mark = _BLOCK_MARK.match(line)
    return f"{mark[0]}\\{line[mark.end() :]}" if mark else line


def _escape(match: re.Match[str]) -> str:
    return escaped_colon(match.string, match.start()) if match[0] == ":" else "\\" + match[0]

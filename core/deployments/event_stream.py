"""Server-sent events out of bytes (WHATWG HTML, "Server-sent events"), as far as model services use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.errors import UnexpectedReply

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of one event, and most text of one answer."""


class EventStream:
    """Takes bytes however they are cut, in linear time, and gives the data of each event.

    Lines end with LF or CRLF. Names, ids and comments are passed over.
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data of every event that ``chunk`` completes.

        Raises:
            UnexpectedReply: One event has more than ``MAX_BYTES``.
        """
        if b"\n" not in chunk:
            self._keep(chunk)
            return
        lines = b"".join((*self._line, chunk)).split(b"\n")
        self._line, self._line_bytes = [], 0
        last = lines.pop()
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
                self._data_bytes += len(line)
                if self._data_bytes > MAX_BYTES:
                    raise too_large()
            elif line in {b"", b"\r"} and self._data:
                data, self._data, self._data_bytes = self._data, [], 0
                yield data[0] if len(data) == 1 else b"\n".join(data)
        self._keep(last)

    def rest(self) -> bytes:
        """The data of what stands at the end without a blank line after it; it may be cut anywhere."""
        line = b"".join(self._line)
        return b"\n".join([*self._data, line[5:]] if line.startswith(b"data:") else self._data)

    def _keep(self, part: bytes) -> None:
        self._line_bytes += len(part)
        if self._line_bytes > MAX_BYTES:
            raise too_large()
        if part:
            self._line.append(part)


def too_large() -> UnexpectedReply:
    """More than ``MAX_BYTES``."""
    return UnexpectedReply(
        "The answer was larger than 8 MiB and was cut off.",
        "Ask for a shorter answer, or set a maximum of output tokens.",
        detail=f"more than {MAX_BYTES} bytes",
    )

"""The corners of Streamlit's websocket protocol that the gate speaks itself.

They are internal to Streamlit 1.67; a test compares them with the installed messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# ForwardMsg.auth_redirect and AuthRedirect.url
_AUTH_REDIRECT: Final = 24
_URL: Final = 1
# BackMsg.rerun_script, BackMsg.app_heartbeat and ClientState.is_auto_rerun
_RERUN_SCRIPT: Final = 11
_APP_HEARTBEAT: Final = 17
_IS_AUTO_RERUN: Final = 6
# Where a ForwardMsg tells of files. Never words that somebody wrote: those could name a file of somebody else.
_FILE_URLS: Final = (
    (5, 3, 43, 6),  # delta.new_element.download_button.url
    (5, 3, 6, 1, 3),  # delta.new_element.imgs.imgs.url
    (27, 3, 1),  # backend_operation_response.deferred_file.url: a download that was made on a click
    (19, 2, 2),  # file_urls_response.file_urls.upload_url
    (19, 2, 3),  # file_urls_response.file_urls.delete_url
    (13, 2),  # page_config_changed.favicon
    (22, 1),  # logo.image
    (22, 3),  # logo.icon_image
)

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def auth_redirect(url: str) -> bytes:
    """The ForwardMsg on which the browser's tab leaves for ``url``."""
    return _field(_AUTH_REDIRECT, _field(_URL, url.encode()))


def is_user_action(message: bytes) -> bool:
    """Whether a BackMsg comes from a person, rather than from a timer of the page.

    What cannot be read counts as an action: Streamlit itself judges it next.
    """
    try:
        fields = dict(_fields(message))
        state = fields.get(_RERUN_SCRIPT)
        if isinstance(state, bytes):
            return not dict(_fields(state)).get(_IS_AUTO_RERUN)
    except ValueError:
        return True
    return _APP_HEARTBEAT not in fields


def urls_told(message: bytes) -> list[str]:
    """The addresses of files that a ForwardMsg tells its tab of.

    Uploads, downloads and pictures; other kinds of media would have to be named here first.
    """
    try:
        return [url.decode() for path in _FILE_URLS for url in _values_at(message, path)]
    except ValueError:
        return []


def _values_at(message: bytes, path: tuple[int, ...]) -> Iterator[bytes]:
    for number, value in _fields(message):
        if number == path[0] and isinstance(value, bytes):
            if len(path) == 1:
                yield value
            else:
                yield from _values_at(value, path[1:])


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _read_varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, position = _read_varint(message, position)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("no wire type of protobuf")
        if position + length > len(message):
            raise ValueError("cut")
        yield key >> 3, message[position : position + length]
        position += length


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message) and shift < 70:  # noqa: PLR2004 - ten bytes at most
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last byte has no high bit
            return value, position
        shift += 7
    raise ValueError("cut")

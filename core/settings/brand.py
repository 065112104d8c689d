"""The company's own name and picture, where taglines are shown to others."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_PIXELS: Final = 16_000_000
MEDIA_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose taglines they are; ``name`` may be "" and ``logo`` None."""

    name: str = ""
    logo: Path | None = None

    def picture(self) -> bytes:
        """The logo's file, or nothing when there is none, or it is gone since the start."""
        try:
            return self.logo.read_bytes() if self.logo else b""
        except OSError:
            return b""


def unusable_picture(path: Path) -> str:
    """Why the picture cannot be used, as the rest of a sentence; "" when it can."""
    if not path.is_file():
        return "names a file that is not there."
    try:
        if path.stat().st_size > MOST_BYTES:
            return f"names a file of more than {MOST_BYTES // 1024**2} MB."
        return _unusable_inside(path)
    except OSError:
        return "names a file that cannot be read, or is no whole picture."


def media_type(picture: bytes) -> str:
    """What a picture that was checked is sent as."""
    return MEDIA_TYPES["PNG" if picture.startswith(b"\x89PNG") else "JPEG"]


def _unusable_inside(path: Path) -> str:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=tuple(MEDIA_TYPES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return f"names a picture of more than {MOST_PIXELS // 1_000_000} million pixels."
            picture.load()
    except UnidentifiedImageError:
        return "names a file that is neither PNG nor JPEG."
    except (Image.DecompressionBombError, SyntaxError, ValueError):
        return "names a file that is no whole picture."
    return ""

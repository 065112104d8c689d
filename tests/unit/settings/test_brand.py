"""The company's own name and picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from core.errors import SettingsError
from core.settings import read_settings
from core.settings.brand import MOST_BYTES, media_type

if TYPE_CHECKING:
    from pathlib import Path


def told(root: Path, **environ: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read_settings({f"KEYLESS_{name.upper()}": value for name, value in environ.items()}, root)
    return {problem.name: f"{problem.what} {problem.remedy}" for problem in caught.value.problems}


@pytest.mark.parametrize(("name", "kind"), [("logo.png", "image/png"), ("logo.jpg", "image/jpeg")])
def test_a_name_and_a_picture_are_taken_and_demo_mode_stays(tmp_path: Path, name: str, kind: str) -> None:
    Image.new("RGB", (40, 20)).save(tmp_path / name)
    settings = read_settings({"KEYLESS_BRAND_NAME": " Frost  & Co ", "KEYLESS_BRAND_LOGO": name}, tmp_path)
    assert settings.demo
    assert settings.brand_name == "Frost & Co"
    assert settings.brand_logo == tmp_path / name
    assert media_type((tmp_path / name).read_bytes()) == kind


def test_a_picture_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "not there" in told(tmp_path, brand_logo="logo.png")["KEYLESS_BRAND_LOGO"]


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_a_file_that_is_no_png_or_jpeg_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    assert "PNG or JPEG" in told(tmp_path, brand_logo="logo.png")["KEYLESS_BRAND_LOGO"]


def test_half_a_picture_is_told(tmp_path: Path) -> None:
    Image.effect_noise((200, 200), 90).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    assert "whole picture" in told(tmp_path, brand_logo="half.png")["KEYLESS_BRAND_LOGO"]


def test_a_picture_too_large_for_every_page_is_told(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG" + b"0" * MOST_BYTES)
    assert "more than 2 MB" in told(tmp_path, brand_logo="logo.png")["KEYLESS_BRAND_LOGO"]
    Image.new("1", (5000, 5000)).save(tmp_path / "wide.png")
    assert "million pixels" in told(tmp_path, brand_logo="wide.png")["KEYLESS_BRAND_LOGO"]


@pytest.mark.parametrize("name", ["x" * 61, "Frost\u202eoC", "a\x00b"])
def test_a_name_that_is_not_one_short_line_is_told(tmp_path: Path, name: str) -> None:
    assert "one line" in told(tmp_path, brand_name=name)["KEYLESS_BRAND_NAME"]

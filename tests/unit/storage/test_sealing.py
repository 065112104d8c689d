from __future__ import annotations

import base64
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core.errors import StorageError
from core.storage.sealing import Sealer, sealing_keys

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = b"o" * 32, b"n" * 32


def encoded(key: bytes) -> SecretStr:
    return SecretStr(base64.b64encode(key).decode())


@given(data=st.binary(max_size=2000), context=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens_in_its_context(data: bytes, context: str) -> None:
    sealer = Sealer([NEW])
    assert sealer.open(sealer.seal(data, context), context) == data


def test_the_same_data_is_never_sealed_to_the_same_bytes() -> None:
    sealer = Sealer([NEW])
    assert len({sealer.seal(b"data", "row") for _ in range(100)}) == 100


def test_it_does_not_open_in_another_context() -> None:
    sealer = Sealer([NEW])
    with pytest.raises(StorageError):
        sealer.open(sealer.seal(b"data", "session:a"), "session:b")


def test_no_byte_can_be_changed_or_cut_off() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal(b"data", "row")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(StorageError):
            sealer.open(bytes(changed), "row")
        with pytest.raises(StorageError):
            sealer.open(sealed[:position], "row")


def test_all_keys_open_and_the_first_one_seals() -> None:
    of_old = Sealer([OLD]).seal(b"data", "row")
    rotated = Sealer([NEW, OLD])
    assert rotated.open(of_old, "row") == b"data"
    assert Sealer([NEW]).open(rotated.seal(b"data", "row"), "row") == b"data"
    with pytest.raises(StorageError):
        Sealer([NEW]).open(of_old, "row")


@pytest.mark.parametrize("keys", [[], [b""], [b"k" * 31], [NEW, b"k" * 33]])
def test_there_is_no_sealing_without_proper_keys(keys: list[bytes]) -> None:
    with pytest.raises(StorageError) as refused:
        Sealer(keys)
    assert "base64" in refused.value.remedy


def test_an_error_shows_neither_key_nor_data() -> None:
    with pytest.raises(StorageError) as refused:
        Sealer([NEW]).open(Sealer([OLD]).seal(b"SECRET", "row"), "row")
    error = refused.value
    assert "SECRET" not in f"{error} {error.remedy} {error.detail}"


def test_configured_keys_are_used_in_their_order_and_no_file_is_made(tmp_path: Path) -> None:
    file = tmp_path / "sealing.key"
    assert sealing_keys([encoded(NEW), encoded(OLD)], file) == [NEW, OLD]
    assert not file.exists()


@pytest.mark.parametrize("key", ["", "c2hvcnQ=", "not base64 at all", "é", base64.b64encode(b"k" * 33).decode()])
def test_a_configured_key_that_is_none_is_refused_without_repeating_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(StorageError) as refused:
        sealing_keys([encoded(NEW), SecretStr(key)], tmp_path / "sealing.key")
    assert "KEYLESS_SEALING_KEYS" in refused.value.title
    assert not key or key not in f"{refused.value} {refused.value.remedy} {refused.value.detail}"


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "sealing.key"
    keys = sealing_keys([], file)
    assert len(keys[0]) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert sealing_keys([], file) == keys
    assert list(file.parent.iterdir()) == [file]


def test_two_places_get_different_keys(tmp_path: Path) -> None:
    assert sealing_keys([], tmp_path / "a") != sealing_keys([], tmp_path / "b")


def test_a_key_file_may_hold_older_keys_on_further_lines(tmp_path: Path) -> None:
    file = tmp_path / "sealing.key"
    file.touch(0o600)
    file.write_text("\n".join(encoded(key).get_secret_value() for key in (NEW, OLD)))
    assert sealing_keys([], file) == [NEW, OLD]


@pytest.mark.parametrize("content", ["", "\n", "rubbish", "c2hvcnQ=", "\x00\xff"])
def test_a_broken_key_file_is_refused_and_never_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "sealing.key"
    file.write_text(content)
    with pytest.raises(StorageError, match=r"sealing\.key"):
        sealing_keys([], file)
    assert file.read_text() == content


def test_a_key_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sealing.key"
    file.mkdir()
    with pytest.raises(StorageError, match=r"sealing\.key"):
        sealing_keys([], file)


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_a_key_file_that_others_can_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "sealing.key"
    sealing_keys([], file)
    file.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        sealing_keys([], file)
    assert "0600" in caplog.text
    assert file.read_text().strip() not in caplog.text


def test_all_who_start_together_get_the_same_new_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: sealing_keys([], tmp_path / "sealing.key"), range(16)))
    assert len({tuple(keys) for keys in found}) == 1

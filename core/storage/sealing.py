"""Sealing: what must not be readable in the database is encrypted and bound to its row."""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

_log = logging.getLogger(__name__)

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"


class Sealer:
    """AES-256-GCM with a list of keys: the first seals, all open, so that keys can be rotated.

    Args:
        keys: Keys of 32 bytes each, the current one first.

    Raises:
        StorageError: There is no key, or one has another length. There is no fallback to plain text.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        # Imported here: cryptography loads OpenSSL, which the first answer of /livez must not wait for.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise _unusable_key("A sealing key is missing or has not 32 bytes.")
        self._ciphers = [AESGCM(key) for key in keys]

    def seal(self, data: bytes, context: str) -> bytes:
        """Encrypt ``data`` so that it opens only with the same ``context`` (such as the row's id)."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._ciphers[0].encrypt(nonce, data, context.encode())

    def check(self) -> None:
        """Raise ``StorageError`` unless what is sealed can be opened again."""
        self.open(self.seal(b"ready", "readiness"), "readiness")

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what ``seal`` made with the same context.

        Raises:
            StorageError: No key opens it: it was changed, moved from another row, or sealed with a key that is gone.
        """
        from cryptography.exceptions import InvalidTag

        nonce, encrypted = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] == _FORMAT and len(nonce) == _NONCE_BYTES:
            for cipher in self._ciphers:
                try:
                    return cipher.decrypt(nonce, encrypted, context.encode())
                except InvalidTag:
                    continue
        raise StorageError(
            "Your stored sign-in could not be opened.",
            "Sign in again. If it happens to everyone, an administrator has to check KEYLESS_SEALING_KEYS.",
            retryable=False,
        )


def sealing_keys(configured: Sequence[SecretStr], key_file: Path) -> list[bytes]:
    """The keys to seal with: the configured ones (base64 of 32 bytes), or else those of the key file, one per line.

    A key file that is missing is made, with a new random key and mode 0600.

    Raises:
        StorageError: A key is not base64 of 32 bytes, or the file can be neither read nor made.
    """
    if configured:
        return [_decoded(key.get_secret_value(), "KEYLESS_SEALING_KEYS") for key in configured]
    try:
        lines = (_existing(key_file) or _made(key_file)).split()
    except OSError as error:
        raise _unusable_key(f"The key file {key_file} cannot be used ({type(error).__name__}).") from None
    if not lines:
        raise _unusable_key(f"The key file {key_file} is empty.")
    return [_decoded(line, str(key_file)) for line in lines]


def key_file_beside(database_url: str, data_folder: Path) -> Path:
    """Beside the SQLite file, so that a copied database and its key are not found in different places by accident."""
    url = make_url(database_url)
    in_a_file = url.get_backend_name() == "sqlite" and url.database
    return (Path(str(url.database)).parent if in_a_file else data_folder) / "sealing.key"


def _existing(key_file: Path) -> str | None:
    try:
        content = key_file.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None
    if os.name == "posix" and stat.S_IMODE(key_file.stat().st_mode) & 0o077:
        _log.warning("The key file %s can be read by other users of this machine; give it mode 0600.", key_file)
    return content + "\n"


def _made(key_file: Path) -> str:
    """Make the file so that it is there in full or not at all, and the first of two processes wins."""
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=key_file.parent, prefix=key_file.name)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link does not replace the key that another process may have made meanwhile.
        with contextlib.suppress(FileExistsError):
            os.link(draft, key_file)
    finally:
        Path(draft).unlink()
    return key_file.read_text(encoding="ascii")


def _decoded(key: str, source: str) -> bytes:
    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != _KEY_BYTES:
        raise _unusable_key(f"A sealing key in {source} is not base64 of 32 bytes.")
    return decoded


def _unusable_key(title: str) -> StorageError:
    return StorageError(
        title,
        'Make one with: python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"',
        retryable=False,
    )

"""A lock that one process holds on a file, released by the system when the process ends however it ends."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from core.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # A byte far behind the text: Windows keeps others from reading what is locked.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Holds ``<guarded>.lock``, which names the holder's process id, until ``release``.

    Raises:
        StorageError: Another process (or another opening in this one) holds it; both are named.
        OSError: The file cannot be made or locked.
    """

    def __init__(self, guarded: Path) -> None:
        self._path = guarded.with_name(guarded.name + ".lock")
        self.existed = self._path.exists()
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                os.close(self._descriptor)
                raise
            holder = os.read(self._descriptor, 20).decode("ascii", "replace")
            os.close(self._descriptor)
            raise StorageError(
                f"Another Keyless (process {holder or 'unknown'}) already uses the database file {guarded}.",
                "Stop the other one first, give this one a file of its own, or use PostgreSQL for several processes.",
                retryable=False,
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())

    def release(self) -> None:
        """Let others have the file. The lock file stays: taking it away would let two processes lock two files."""
        os.close(self._descriptor)

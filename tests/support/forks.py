"""Processes that are killed in the middle of their work.

They are forked from one process that has imported everything, which would take each of them longer than its work.
For the rest they are processes like any other, with files, connections and locks of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

ROOT: Final = Path(__file__).parents[2]
_GONE: Final = "\0gone\n"


class Forks:
    """Started one after the other; each does the ``main`` of a module, which ends with its input."""

    def __init__(self, tell: IO[str], told: IO[str]) -> None:
        self._tell = tell
        self._told = told
        self._pid = 0

    def start(self, *arguments: object) -> None:
        """Begin the next one; its arguments are words."""
        self._tell.write(" ".join(map(str, arguments)) + "\n")
        self._tell.flush()
        self._pid = int(self._told.readline())

    def readline(self) -> str:
        """The next line that it prints."""
        return self._told.readline()

    def kill(self) -> list[str]:
        """End it as a power cut would; the whole lines that it had printed and nobody has read."""
        os.kill(self._pid, signal.SIGKILL)
        lines = []
        while not (line := self._told.readline()).endswith(_GONE):
            assert line, "nobody saw its end"
            lines.append(line)
        return lines


@contextlib.contextmanager
def forks(module: str) -> Iterator[Forks]:
    """Get ready to begin processes that do ``main`` of ``module``."""
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-m", __name__, module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # When its input ends, it ends, and so does who waits for a death that does not come.
        yield Forks(process.stdin, process.stdout)


def _start_all(module: str) -> None:
    main = import_module(module).main
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(main, line)
        os.waitpid(child, 0)
        sys.stdout.write(_GONE)
        sys.stdout.flush()


def _run(main: Callable[..., None], line: str) -> None:
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    try:
        main(*line.split())
    finally:
        if sys.exception():
            traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    _start_all(sys.argv[1])

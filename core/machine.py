"""What the machine gives to the process: open files, disk space, libraries. Too little of it is said at start."""

from __future__ import annotations

import re
import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Final

from core.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES_WANTED: Final = 65_536
FILES_NEEDED: Final = 256
FILES_OF_A_TAB: Final = 4
FILES_KEPT_BACK: Final = 128
"""For the database, calls, requests and the log, however many tabs are open."""
TABS_WANTED: Final = 1_000
"""The most that one process serves; room for fewer is worth a warning."""
DISK_WANTED_BYTES: Final = 1_000_000_000
_PIN: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;]+)")


def raise_open_files() -> list[SettingsProblem]:
    """Let this process open as many files as it may, up to ``FILES_WANTED``; a problem when that is too few."""
    allowed = _raised_limit()
    if allowed >= FILES_NEEDED:
        return []
    what = f"lets the process open {allowed} files, and {FILES_NEEDED} are the least."
    return [SettingsProblem("ulimit -n", what, f"Start it with ulimit -n {FILES_WANTED} (LimitNOFILE in systemd).")]


def tabs_that_fit() -> int:
    """How many tabs this process can have open at once."""
    return min((_raised_limit() - FILES_KEPT_BACK) // FILES_OF_A_TAB, TABS_WANTED)


def shortages(requirements: Path, data_folder: Path) -> Iterator[str]:
    """What an administrator should know about the machine, one sentence each.

    Args:
        requirements: The file that pins the libraries the app was tested with.
        data_folder: Where the database and its key are kept.
    """
    tabs = tabs_that_fit()
    if tabs < TABS_WANTED:
        yield (
            f"The limit of open files is enough for {tabs} open tabs; start with ulimit -n {FILES_WANTED} "
            "(LimitNOFILE in systemd)."
        )
    if data_folder.is_dir() and (free := shutil.disk_usage(data_folder).free) < DISK_WANTED_BYTES:
        yield (
            f"Only {free // 1_000_000} MB are free in {data_folder}; make room, or set KEYLESS_DATABASE_URL to "
            "another place."
        )
    if requirements.is_file():
        yield from _other_versions(requirements.read_text(encoding="utf-8"))


def _other_versions(requirements: str) -> Iterator[str]:
    for pin in _PIN.finditer(requirements.partition("# The tests")[0]):
        try:
            version = metadata.version(pin["name"])
        except metadata.PackageNotFoundError:
            continue
        if version != pin["version"]:
            yield (
                f"{pin['name']} {version} is installed, but Keyless was tested with {pin['version']}: "
                "run pip install -r requirements.txt."
            )


if sys.platform == "win32":

    def _raised_limit() -> int:
        # Windows counts no sockets among a process's files.
        return FILES_WANTED
else:
    import resource

    def _raised_limit() -> int:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed, most = (FILES_WANTED if limit == resource.RLIM_INFINITY else limit for limit in (soft, hard))
        wanted = min(most, FILES_WANTED)
        if allowed >= wanted:
            return allowed
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            # macOS holds back more than its hard limit says.
            return allowed
        return wanted

"""What keeps a comparison, or some of its columns, from going on, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.errors import NotFound, SignInAgain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.errors import KeylessError
    from core.runs.columns import Column
    from core.runs.live_comparison import LiveComparison
    from core.storage.records import RunError

PAUSED: Final = "Paused"
"""How the notice begins that says why rounds are missing; it goes when the comparison is continued."""


def pause(live: LiveComparison, number: int, error: KeylessError) -> None:
    """Tell why round ``number`` and what follows are not asked for."""
    if isinstance(error, NotFound) or live.stopping.done():
        # Deleted, called off, stopped, or the app is ending: whoever did it knows.
        return
    live.tell(f"{PAUSED} in round {number + 1}: {error.title} {error.remedy} Then continue.")


def pause_columns(
    live: LiveComparison, columns: Mapping[int, Column], number: int, refusals: Mapping[int, SignInAgain | RunError]
) -> set[int]:
    """Let columns wait for a person to sign in again, and return them; the other columns go on.

    Args:
        live: What goes on.
        columns: All of its columns.
        number: The round in which they were refused.
        refusals: Why, by column. Columns that call the same endpoint as the same identity wait too.
    """
    by_caller = {columns[arm].caller: refusal for arm, refusal in refusals.items()}
    waiting = {arm for arm, column in columns.items() if column.caller in by_caller}
    left_out = sorted(live.leave_out(waiting))
    if left_out and not live.stopping.done():
        refusal = by_caller[columns[left_out[0]].caller]
        said = f"{refusal.title} {refusal.remedy} Then continue"
        if len(left_out) == len(columns):
            live.tell(f"{PAUSED} in round {number + 1}: {said}.")
        else:
            names = ", ".join(columns[arm].arm.label for arm in left_out)
            live.tell(
                f"{PAUSED} in round {number + 1} for {names}: {said}; what is asked later than the other columns of "
                "its round is not timed."
            )
    return waiting


def refused(live: LiveComparison) -> dict[int, RunError]:
    """The columns of the round that ended whose token was accepted no more, and can be renewed by a person alone."""
    errors = {arm: run.record().error for arm, run in live.runs().items()}
    return {arm: error for arm, error in errors.items() if error and error.kind == SignInAgain.__name__}

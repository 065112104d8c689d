"""Voting on answers that one may see: what is withheld from a reader cannot be judged by them, whatever is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.comparisons.blind import judgements
from core.errors import NotAllowed

if TYPE_CHECKING:
    from core.comparisons.blind import Judgement
    from core.comparisons.reading import Reading
    from core.identity.user import User
    from core.runs.comparing import Comparing
    from core.runs.comparison import Verdict


def judge(comparing: Comparing, user: User, seen: Reading, pair: Judgement, verdict: Verdict) -> None:
    """Keep what a person says of two answers, as they stood on the page.

    Args:
        comparing: Keeps votes.
        user: Whose vote it is.
        seen: What the person may see now, not what they could see when the page was drawn.
        pair: The two answers.
        verdict: Of left and right.

    Raises:
        NotAllowed: The person cannot see both answers of the pair (any more).
        KeylessError: They said it before, or have seen the names.
    """
    if seen.reader != user.key or pair not in judgements(seen.comparison, seen.reader):
        raise NotAllowed(
            "You cannot see both of these answers any more, so the vote was not counted.",
            "Check the deployments that are withheld, then judge the pair that is shown.",
        )
    comparing.vote(user, seen.comparison.id, pair.round, pair.left_arm, pair.right_arm, verdict)

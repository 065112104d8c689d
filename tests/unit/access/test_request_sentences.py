"""Every cause that somebody else can mend has a sentence to ask them with."""

from __future__ import annotations

from string import Formatter

import pytest

from core import errors
from core.access.request_sentences import SENTENCES
from core.deployments import busy, turned_away, unreachable
from core.errors.who import YOU
from core.identity import credential_failures, entra_meanings
from core.identity.credential_failures import Explanation
from core.identity.entra_meanings import Meaning

NOTHING_TO_ASK_FOR = {
    "az-failed",
    "az-not-installed",
    "az-not-logged-in",
    "az-wrong-tenant",
    "device-code-waiting",
    "out-of-service",
    "password-expired",
    "sign-in-declined",
    "signed-out",
}
"""What only the person can do, or only the time."""


def causes_of_errors() -> set[str]:
    kinds = [getattr(errors, name) for name in errors.__all__]
    calls = [
        kind for kind in kinds if isinstance(kind, type) and issubclass(kind, errors.CallError | errors.TokenError)
    ]
    return {kind.default_cause for kind in calls if kind is not errors.CallError}


def causes_of_identity() -> set[str]:
    meanings = [value for value in vars(entra_meanings).values() if isinstance(value, Meaning)]
    told = [value for value in vars(credential_failures).values() if isinstance(value, Explanation)]
    return {meaning.cause for meaning in meanings if meaning.cause} | {one.cause for one in told}


KNOWN = (
    causes_of_errors()
    | causes_of_identity()
    | set(credential_failures._BY_CAUSE)
    | {block.cause for block in turned_away._BLOCKS}
    | {fault[0] for fault in unreachable._CERTIFICATE_FAULTS.values()}
    | {unreachable._UNKNOWN_ISSUER[0]}
    | busy._TOLD_APART
)


def test_every_cause_that_somebody_else_can_mend_has_a_sentence() -> None:
    assert len(KNOWN) > 40
    assert set(SENTENCES) >= KNOWN - NOTHING_TO_ASK_FOR
    assert not NOTHING_TO_ASK_FOR & set(SENTENCES)


@pytest.mark.parametrize("cause", SENTENCES)
def test_it_asks_politely_and_names_only_what_can_be_filled_in(cause: str) -> None:
    sentence = SENTENCES[cause]
    assert "lease " in sentence
    assert sentence.endswith(".")
    assert {field for _, field, _, _ in Formatter().parse(sentence) if field} <= {
        "name",
        "role",
        "resource",
        "deployment",
    }


def test_what_is_nothing_to_ask_for_is_the_person_s_own() -> None:
    meanings = [value for value in vars(entra_meanings).values() if isinstance(value, Meaning)]
    assert {meaning.who for meaning in meanings if meaning.cause in NOTHING_TO_ASK_FOR} == {YOU}

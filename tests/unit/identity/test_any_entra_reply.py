"""Whatever the token endpoint replies to a renewal, it ends in a token or a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import TokenError
from core.identity.access_token import AccessToken
from tests.support.identity import IdentityRoom, ask

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator
    from core.storage.sessions import SessionRecord

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["3600", "Bearer", "a.b.c", "e30.e30.e30", "invalid_grant", "interaction_required", "50076"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = [
    *("access_token", "refresh_token", "id_token", "client_info", "expires_in", "ext_expires_in", "refresh_in"),
    *("token_type", "scope", "foci", "key_id", "error", "error_codes", "error_description", "suberror", "claims"),
]
REPLIES = (
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
    | st.builds(
        lambda more: {"access_token": "a", "expires_in": 3600, "token_type": "Bearer", **more},
        st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3),
    )
    | VALUES
    | st.sampled_from([b"", b"<html>secret words</html>", b"\xff\xfe", b"[" * 20_000])
)
ATTEMPTS = 2
"""How often Entra is asked before it is given up."""

STATUSES = st.sampled_from([200, 302, 400, 401, 403, 404, 500])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(status=STATUSES, reply=REPLIES)
def test_whatever_entra_replies_to_a_renewal_there_is_a_token_or_a_sentence(
    room: IdentityRoom,
    emulator: Emulator,
    status: int,
    reply: Any,  # noqa: ANN401 - any JSON
) -> None:
    record = room.sign_in_as().record
    first = ask(room.tokens, record)
    emulator.entra.answer_next(status, reply, times=ATTEMPTS)
    given_now = renewed(room, record, first)
    emulator.entra.forget_answers()
    # What was said once may not break what comes after it either: MSAL keeps replies in its cache.
    given_then = renewed(room, record, given_now if isinstance(given_now, AccessToken) else first)
    for outcome in (given_now, given_then):
        if isinstance(outcome, AccessToken):
            assert outcome.value
            continue
        told = f"{outcome!r} {vars(outcome)}"
        assert outcome.title.endswith(".")
        assert all((outcome.remedy, outcome.who, outcome.cause, outcome.detail)), told
        assert "secret words" not in told
        assert first.value not in told


def renewed(room: IdentityRoom, record: SessionRecord, refused: AccessToken) -> AccessToken | TokenError:
    """What becomes of a renewal. Anything but a ``TokenError`` fails the test."""
    try:
        return ask(room.tokens, record, refused=refused)
    except TokenError as error:
        return error

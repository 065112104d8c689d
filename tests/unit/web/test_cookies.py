"""Reading and writing cookies."""

from __future__ import annotations

import pytest

from core.web import cookies


def test_our_cookies_are_taken_out_and_others_stay() -> None:
    headers = [
        (b"host", b"x"),
        (b"cookie", b"a=1; keyless_session=s; __Host-keyless_session=s;keyless_flow_12=f; _streamlit_xsrf=2|3"),
        (b"Cookie", b"__Host-keyless_flow_ab=f"),
    ]
    assert cookies.without_ours(headers) == [
        (b"host", b"x"),
        (b"cookie", b"a=1; _streamlit_xsrf=2|3"),
        (b"Cookie", b""),
    ]


def test_all_values_of_a_name_are_found_across_lines() -> None:
    scope = {"headers": [(b"cookie", b"a=1; b=2;a=3"), (b"cookie", b"a=4; aa=5; =6; a")]}
    assert cookies.values(scope, "a") == ["1", "3", "4", ""]


@pytest.mark.parametrize(
    ("value", "is_ours"),
    [("a" * 43, True), ("a" * 19, False), ("a" * 201, False), ("a" * 42 + "\n", False), ("ä" * 43, False)],
)
def test_only_what_can_be_ours_is_looked_up(value: str, *, is_ours: bool) -> None:
    assert cookies.is_well_formed(value) is is_ours


def test_each_attempt_has_a_cookie_of_its_own() -> None:
    assert cookies.flow_name("one", secure=True) != cookies.flow_name("two", secure=True)
    assert cookies.flow_name("one", secure=True) == f"__Host-{cookies.flow_name('one', secure=False)}"

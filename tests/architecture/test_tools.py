"""The tools that judge the code itself run with the tests, so that one command says whether all is well."""

from __future__ import annotations

import pytest


@pytest.mark.timeout(300)
def test_the_tools_agree_that(tool_verdict: tuple[int, str]) -> None:
    code, printed = tool_verdict
    assert code == 0, printed

"""The configuration cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors.keyless_error import KeylessError


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One setting that cannot be used: its ``name``, what is wrong, and how to mend it."""

    name: str
    what: str
    remedy: str


class SettingsError(KeylessError):
    """The configuration cannot be used; ``problems`` lists all that is wrong, not only the first."""

    default_title = "Keyless cannot start with this configuration."
    default_remedy = "Correct the settings named here and start again."

    def __init__(self, problems: list[SettingsProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__()

    def report(self) -> str:
        """All problems as plain text for a terminal, one paragraph each."""
        lines = [self.title, ""]
        for problem in self.problems:
            lines += [f"  {problem.name}: {problem.what}", f"      {problem.remedy}"]
        return "\n".join(lines)

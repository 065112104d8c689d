"""What is compared: the columns of a comparison, and how often each is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from core.deployments.parameters import CONTROLS, Parameters
from core.errors import KeylessError
from core.runs.messages import check_lengths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.deployments.deployment import Deployment

IdentityKind: TypeAlias = Literal["user", "app"]

FEWEST_ARMS: Final = 2
MOST_ARMS: Final = 16
MOST_DEPLOYMENTS: Final = 8
MOST_REPEATS: Final = 50
SYSTEM: Final = "system"
"""What ``sweep`` calls the system message, beside the names in ``CONTROLS``."""

AS_DEPLOYED: Final = Parameters()

_SWEPT: Final = {
    "temperature": "temperature",
    "top_p": "top p",
    "max_output_tokens": "at most tokens",
    "reasoning_effort": "effort",
    "verbosity": "verbosity",
}


@dataclass(frozen=True, slots=True)
class Arm:
    """One column: what is asked of which deployment, and as whom. ``label`` tells it from the other columns."""

    deployment_id: str
    prompt: str
    label: str
    identity_kind: IdentityKind = "user"
    system: str = ""
    parameters: Parameters = AS_DEPLOYED

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**asdict(self), "parameters": self.parameters.as_dict()}


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns in their order, and how often each is asked.

    Raises:
        KeylessError: It cannot be carried out; says what to change.
    """

    arms: tuple[Arm, ...]
    repeats: int = 1
    is_blind: bool = False

    def __post_init__(self) -> None:
        """Check it."""
        if not FEWEST_ARMS <= len(self.arms) <= MOST_ARMS:
            raise KeylessError(
                f"A comparison has {FEWEST_ARMS} to {MOST_ARMS} columns, and this would have {len(self.arms)}.",
                "Choose more." if len(self.arms) < FEWEST_ARMS else "Choose fewer.",
            )
        deployments = len({arm.deployment_id for arm in self.arms})
        if deployments > MOST_DEPLOYMENTS:
            raise KeylessError(
                f"At most {MOST_DEPLOYMENTS} deployments are compared at once, and these are {deployments}.",
                "Choose fewer.",
            )
        if not 1 <= self.repeats <= MOST_REPEATS:
            raise KeylessError(
                f"A comparison is repeated 1 to {MOST_REPEATS} times.", "Choose a number between these."
            )
        if len({arm.label for arm in self.arms}) < len(self.arms) or not all(arm.label.strip() for arm in self.arms):
            raise KeylessError("Every column needs a name of its own.", "Give them different names.")
        for arm in self.arms:
            check_lengths(arm.prompt, arm.system)
            if arm.identity_kind not in ("user", "app"):
                raise KeylessError("This comparison cannot be read.", "Make it again.")

    def calls(self) -> int:
        """How many answers are asked for in all."""
        return len(self.arms) * self.repeats

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; ``plan_from`` makes the same plan of it."""
        return {"arms": [arm.as_dict() for arm in self.arms], "repeats": self.repeats, "is_blind": self.is_blind}

    def as_row(self) -> dict[str, Any]:
        """The same for the database: every text stands there once, and columns name its place."""
        texts = list(dict.fromkeys(text for arm in self.arms for text in (arm.prompt, arm.system)))
        arms = [
            {**arm.as_dict(), "prompt": texts.index(arm.prompt), "system": texts.index(arm.system)}
            for arm in self.arms
        ]
        return {**self.as_dict(), "arms": arms, "texts": texts}


def plan_from(data: dict[str, Any]) -> Plan:
    """The plan that ``as_dict`` or ``as_row`` told.

    Raises:
        KeylessError: It is none, or cannot be carried out.
    """
    try:
        arms = data["arms"]
        if "texts" in data:
            texts = data["texts"]
            arms = [{**arm, "prompt": texts[arm["prompt"]], "system": texts[arm["system"]]} for arm in arms]
        return Plan(tuple(map(_arm_from, arms)), int(data["repeats"]), bool(data["is_blind"]))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise KeylessError("This comparison cannot be read.", "Make it again.") from None


def side_by_side(
    deployments: Sequence[Deployment],
    prompt: str,
    *,
    system: str = "",
    parameters: Parameters | Sequence[Parameters] = AS_DEPLOYED,
    identity_kind: IdentityKind = "user",
) -> tuple[Arm, ...]:
    """One column for each deployment; ``parameters`` for all, or one for each."""
    each = [parameters] * len(deployments) if isinstance(parameters, Parameters) else list(parameters)
    names = _names(deployments)
    return _distinct(
        Arm(deployment.id, prompt, names[deployment.id], identity_kind, system, own)
        for deployment, own in zip(deployments, each, strict=True)
    )


def sweep(  # noqa: PLR0913 - all that a person chooses, each by name
    deployments: Sequence[Deployment],
    prompt: str,
    control: str,
    values: Sequence[float | str],
    *,
    system: str = "",
    parameters: Parameters = AS_DEPLOYED,
    identity_kind: IdentityKind = "user",
) -> tuple[Arm, ...]:
    """For each deployment one column for each value of a control, or of the system message (``SYSTEM``)."""
    if control != SYSTEM and control not in CONTROLS:
        raise KeylessError("This is nothing that can be varied.", "Choose one of the parameters.")
    plain = side_by_side(deployments, prompt, system=system, parameters=parameters, identity_kind=identity_kind)
    return _distinct(_varied(arm, control, value, number) for arm in plain for number, value in enumerate(values, 1))


def prompt_variants(
    deployments: Sequence[Deployment],
    prompts: Sequence[str],
    *,
    system: str = "",
    parameters: Parameters = AS_DEPLOYED,
    identity_kind: IdentityKind = "user",
) -> tuple[Arm, ...]:
    """For each deployment one column for each prompt, named A, B and so on."""
    plain = side_by_side(deployments, "-", system=system, parameters=parameters, identity_kind=identity_kind)
    return tuple(
        replace(arm, prompt=prompt, label=f"{arm.label} · prompt {chr(ord('A') + number)}")
        for arm in plain
        for number, prompt in enumerate(prompts)
    )


def both_identities(
    deployments: Sequence[Deployment], prompt: str, *, system: str = "", parameters: Parameters = AS_DEPLOYED
) -> tuple[Arm, ...]:
    """For each deployment one column as the person, and one as the app."""
    plain = side_by_side(deployments, prompt, system=system, parameters=parameters)
    called: tuple[tuple[IdentityKind, str], ...] = (("user", "as me"), ("app", "as the app"))
    return tuple(
        replace(arm, identity_kind=kind, label=f"{arm.label} · {name}") for arm in plain for kind, name in called
    )


def _arm_from(data: dict[str, Any]) -> Arm:
    arm = Arm(**{**data, "parameters": Parameters(**data["parameters"])})
    if not all(isinstance(text, str) for text in (arm.deployment_id, arm.prompt, arm.label, arm.system)):
        raise TypeError
    return arm


def _names(deployments: Sequence[Deployment]) -> dict[str, str]:
    """What to call each deployment: its label, with its endpoint where two have the same."""
    different = {deployment.id: deployment for deployment in deployments}.values()
    common = Counter(deployment.label for deployment in different)
    return {
        each.id: each.label if common[each.label] == 1 else f"{each.label} ({each.endpoint.name})"
        for each in different
    }


def _varied(arm: Arm, control: str, value: float | str, number: int) -> Arm:
    if control == SYSTEM:
        return replace(arm, system=str(value), label=f"{arm.label} · system message {number}")
    given: dict[str, Any] = {**arm.parameters.as_dict(), control: value}
    return replace(arm, parameters=Parameters(**given), label=f"{arm.label} · {_SWEPT[control]} {value}")


def _distinct(arms: Iterable[Arm]) -> tuple[Arm, ...]:
    """Columns that would have the same name are numbered."""
    seen: Counter[str] = Counter()
    numbered = []
    for arm in arms:
        seen[arm.label] += 1
        again = seen[arm.label] > 1
        numbered.append(replace(arm, label=f"{arm.label} ({seen[arm.label]})") if again else arm)
    return tuple(numbered)

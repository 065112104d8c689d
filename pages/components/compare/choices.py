"""What is set on the page Compare: kept in the session, made into a plan, set again from a plan."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.deployments.parameters import CONTROLS, REASONING_EFFORTS, VERBOSITIES
from core.runs.comparison_plan import SYSTEM as SYSTEM_MESSAGE
from core.runs.comparison_plan import Plan, both_identities, prompt_variants, side_by_side, sweep
from pages.components.drawer_keys import drawer_key
from pages.components.parameter_controls import parameters_as_set

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.deployments.deployment import Deployment
    from core.runs.comparison_plan import Arm
    from pages.components.session import Visitor

KIND: Final = "compare-kind"
PROMPT: Final = "compare-prompt"
SECOND_PROMPT: Final = "compare-second-prompt"
DEPLOYMENTS: Final = "compare-deployments"
SYSTEM: Final = "compare-system"
PARAMETER: Final = "compare-parameter-"
HAS_OWN: Final = "compare-has-own"
REPEATS: Final = "compare-repeats"
BLIND: Final = "compare-blind"
IN_SETTINGS: Final = (SYSTEM, PARAMETER, HAS_OWN, REPEATS, BLIND)
PAGE: Final = "compare"
SWEPT: Final = "compare-swept"
SWEPT_BY_HAND: Final = "compare-swept-by-hand"
"""Whether a person chose what is varied; else it is the first that the chosen deployments have in common."""
VALUES: Final = "compare-values-"
"""With the name of what is varied: its values."""
SYSTEMS: Final = "compare-systems-"
"""With a number: a system message to vary."""

MOST_SYSTEMS: Final = 8

SWEPT_OPTIONS: Final[dict[str, tuple[float | str, ...]]] = {
    "temperature": tuple(tenth / 10 for tenth in range(21)),
    "top_p": tuple(twentieth / 20 for twentieth in range(1, 21)),
    "max_output_tokens": (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000),
    "reasoning_effort": REASONING_EFFORTS,
    "verbosity": VERBOSITIES,
}


class Kind(StrEnum):
    """What tells the columns apart."""

    DEPLOYMENTS = "Deployments"
    SETTING = "A setting"
    PROMPTS = "Two prompts"
    IDENTITIES = "Me and the app"


def kinds_for(visitor: Visitor) -> list[Kind]:
    """What this person may compare."""
    return [kind for kind in Kind if kind is not Kind.IDENTITIES or len(visitor.identities) > 1]


def key_of(setting: str) -> str:
    """The key, or the beginning of keys, of what stands in the settings now."""
    return drawer_key(PAGE, setting)


def own_parameter(deployment_id: str) -> str:
    """Under which prefix a deployment's own parameters are kept."""
    return f"{key_of(PARAMETER)}{deployment_id}-"


def seed(visitor: Visitor) -> None:
    """Set what was never set, so that one click compares something sensible."""
    state = st.session_state
    known = [deployment.id for deployment in visitor.services.catalogue]
    state.setdefault(KIND, Kind.DEPLOYMENTS)
    state.setdefault(key_of(REPEATS), 1)
    chosen = [each for each in state.get(DEPLOYMENTS, ()) if each in known]
    if DEPLOYMENTS not in state or chosen != state[DEPLOYMENTS]:
        state[DEPLOYMENTS] = chosen or visitor.to_begin_with
    if state[KIND] not in kinds_for(visitor):
        state[KIND] = Kind.DEPLOYMENTS


def chosen_deployments(visitor: Visitor) -> list[Deployment]:
    """In the order of the catalogue."""
    chosen = st.session_state.get(DEPLOYMENTS, ())
    return [deployment for deployment in visitor.services.catalogue if deployment.id in chosen]


def common_controls(visitor: Visitor) -> list[str]:
    """What all the chosen deployments take."""
    taken = [visitor.services.controls_of(deployment) for deployment in chosen_deployments(visitor)]
    return [name for name in CONTROLS if taken and all(name in controls for controls in taken)]


def plan_as_set(visitor: Visitor) -> Plan:
    """The plan of what stands on the page.

    Raises:
        KeylessError: It cannot be carried out; says what to change.
    """
    state = st.session_state
    kind = Kind(state[KIND])
    return Plan(
        _BUILDERS[kind](visitor, chosen_deployments(visitor), str(state.get(PROMPT) or "")),
        int(state.get(key_of(REPEATS)) or 1),
        bool(state.get(key_of(BLIND))),
    )


def _side_by_side(visitor: Visitor, deployments: Sequence[Deployment], prompt: str) -> tuple[Arm, ...]:
    has_own = st.session_state.get(key_of(HAS_OWN))
    controls = visitor.services.controls_of
    common = parameters_as_set(common_controls(visitor), key_of(PARAMETER))
    return side_by_side(
        deployments,
        prompt,
        system=_system(),
        parameters=[
            parameters_as_set(controls(each), own_parameter(each.id)) if has_own else common for each in deployments
        ],
        identity_kind=visitor.tokens.identity_kind,
    )


def _sweep(visitor: Visitor, deployments: Sequence[Deployment], prompt: str) -> tuple[Arm, ...]:
    swept = str(st.session_state.get(SWEPT) or SYSTEM_MESSAGE)
    others = [name for name in common_controls(visitor) if name != swept]
    return sweep(
        deployments,
        prompt,
        swept,
        sorted(st.session_state.get(f"{VALUES}{swept}", ()), key=SWEPT_OPTIONS[swept].index)
        if swept != SYSTEM_MESSAGE
        else swept_systems(),
        system="" if swept == SYSTEM_MESSAGE else _system(),
        parameters=parameters_as_set(others, key_of(PARAMETER)),
        identity_kind=visitor.tokens.identity_kind,
    )


def _two_prompts(visitor: Visitor, deployments: Sequence[Deployment], prompt: str) -> tuple[Arm, ...]:
    return prompt_variants(
        deployments,
        [prompt, str(st.session_state.get(SECOND_PROMPT) or "")],
        system=_system(),
        parameters=parameters_as_set(common_controls(visitor), key_of(PARAMETER)),
        identity_kind=visitor.tokens.identity_kind,
    )


def _as_both(visitor: Visitor, deployments: Sequence[Deployment], prompt: str) -> tuple[Arm, ...]:
    parameters = parameters_as_set(common_controls(visitor), key_of(PARAMETER))
    return both_identities(deployments, prompt, system=_system(), parameters=parameters)


_BUILDERS: Final[dict[Kind, Callable[[Visitor, Sequence[Deployment], str], tuple[Arm, ...]]]] = {
    Kind.DEPLOYMENTS: _side_by_side,
    Kind.SETTING: _sweep,
    Kind.PROMPTS: _two_prompts,
    Kind.IDENTITIES: _as_both,
}


def swept_systems() -> list[str]:
    """The system messages to vary, as far as they are written."""
    written = (str(st.session_state.get(f"{SYSTEMS}{number}") or "") for number in range(MOST_SYSTEMS))
    return [message for message in written if message.strip()]


def _system() -> str:
    return str(st.session_state.get(key_of(SYSTEM)) or "")

"""The page Compare set as it stood when a comparison was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.runs.comparison_plan import SYSTEM as SYSTEM_MESSAGE
from pages.components.compare.choices import (
    BLIND,
    DEPLOYMENTS,
    HAS_OWN,
    IN_SETTINGS,
    KIND,
    MOST_SYSTEMS,
    PAGE,
    PARAMETER,
    PROMPT,
    REPEATS,
    SECOND_PROMPT,
    SWEPT,
    SWEPT_BY_HAND,
    SWEPT_OPTIONS,
    SYSTEM,
    SYSTEMS,
    VALUES,
    Kind,
    key_of,
    own_parameter,
)
from pages.components.drawer_keys import renew
from pages.components.parameter_controls import set_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.runs.comparison_plan import Arm, Plan
    from pages.components.session import Visitor


def set_from(visitor: Visitor, plan: Plan) -> None:
    """Set the page as it stood when ``plan`` was made, as far as its widgets can say it."""
    renew(PAGE, *IN_SETTINGS)
    state = st.session_state
    arms = plan.arms
    prompts = list(dict.fromkeys(arm.prompt for arm in arms))
    known = [deployment.id for deployment in visitor.services.catalogue]
    state[PROMPT], state[SECOND_PROMPT] = prompts[0], prompts[1] if len(prompts) > 1 else ""
    state[DEPLOYMENTS] = [each for each in dict.fromkeys(arm.deployment_id for arm in arms) if each in known]
    state[key_of(REPEATS)], state[key_of(BLIND)] = plan.repeats, plan.is_blind
    state[KIND] = _kind_of(arms)
    systems = list(dict.fromkeys(arm.system for arm in arms))
    state[key_of(SYSTEM)] = systems[0] if len(systems) == 1 else ""
    common = [arm.parameters.as_dict() for arm in arms]
    of_all = {name: value for name, value in common[0].items() if _is_in_all(common, name, value)}
    set_parameters(key_of(PARAMETER), of_all)
    state[key_of(HAS_OWN)] = state[KIND] == Kind.DEPLOYMENTS and any(each != common[0] for each in common)
    for arm in arms:
        set_parameters(own_parameter(arm.deployment_id), arm.parameters.as_dict())
    if state[KIND] == Kind.SETTING:
        _set_sweep(arms, systems)


def _kind_of(arms: Sequence[Arm]) -> Kind:
    if len({arm.prompt for arm in arms}) > 1:
        return Kind.PROMPTS
    if len({arm.identity_kind for arm in arms}) > 1:
        return Kind.IDENTITIES
    return Kind.DEPLOYMENTS if len({arm.deployment_id for arm in arms}) == len(arms) else Kind.SETTING


def _is_in_all(common: Sequence[dict[str, float | int | str]], name: str, value: float | str) -> bool:
    return all(each.get(name) == value for each in common)


def _set_sweep(arms: Sequence[Arm], systems: Sequence[str]) -> None:
    state = st.session_state
    set_of = [arm.parameters.as_dict() for arm in arms]
    varied = [name for name in SWEPT_OPTIONS if len({each.get(name) for each in set_of}) > 1]
    state[SWEPT], state[SWEPT_BY_HAND] = varied[0] if varied else SYSTEM_MESSAGE, True
    if varied:
        values = dict.fromkeys(each[varied[0]] for each in set_of if varied[0] in each)
        state[f"{VALUES}{varied[0]}"] = [value for value in values if value in SWEPT_OPTIONS[varied[0]]]
    else:
        for number in range(MOST_SYSTEMS):
            state[f"{SYSTEMS}{number}"] = systems[number] if number < len(systems) else ""

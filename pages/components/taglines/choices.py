"""What is set on the page Taglines: kept in the session, made into a brief, set again from a brief."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import streamlit as st

from core.taglines.brief import DEFAULT_COUNT, DEFAULT_TEXT, MOST_DEPLOYMENTS, Brief, words_in
from pages.components.drawer_keys import drawer_key, renew

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.taglines.brief import Unit
    from pages.components.session import Visitor

TEXT: Final = "taglines-text"
TONE: Final = "taglines-tone"
OWN_TONE: Final = "taglines-own-tone"
PRODUCT: Final = "taglines-product"
AUDIENCE: Final = "taglines-audience"
LANGUAGE: Final = "taglines-language"
MUST_HAVE: Final = "taglines-must-have"
BANNED: Final = "taglines-banned"
LONGEST: Final = "taglines-longest"
UNIT: Final = "taglines-unit"
COUNT: Final = "taglines-count"
DEPLOYMENTS: Final = "taglines-deployments"
VARIABLE: Final = "taglines-variable-"
"""With the name of a variable: its value."""

SHOWN: Final = "taglines-shown"
ALL: Final = "All"
SHORTLIST: Final = "Shortlist"

_DETAILS: Final = (OWN_TONE, PRODUCT, AUDIENCE, LANGUAGE, MUST_HAVE, BANNED, LONGEST, UNIT, COUNT, DEPLOYMENTS)
_PAGE: Final = "taglines"

TONES: Final = ("Playful", "Premium", "Plain")
_UNSET: Final[dict[str, Any]] = {
    TEXT: DEFAULT_TEXT,
    TONE: TONES[0],
    OWN_TONE: "",
    PRODUCT: "",
    AUDIENCE: "",
    LANGUAGE: None,
    MUST_HAVE: "",
    BANNED: "",
    LONGEST: None,
    UNIT: "characters",
    COUNT: DEFAULT_COUNT,
}


def key_of(choice: str) -> str:
    """The key of the widget at which this is set now."""
    return drawer_key(_PAGE, choice) if choice in _DETAILS else choice


def seed(visitor: Visitor) -> None:
    """Set what was never set, so that one click gives good taglines."""
    state = st.session_state
    for key, value in _UNSET.items():
        state.setdefault(key_of(key), value)
    known = [deployment.id for deployment in visitor.services.catalogue]
    deployments = key_of(DEPLOYMENTS)
    chosen = [each for each in state.get(deployments, ()) if each in known]
    if deployments not in state or chosen != state[deployments]:
        state[deployments] = chosen or visitor.to_begin_with


def set_anew(visitor: Visitor) -> None:
    """Everything as on an empty page; the deployments stay."""
    _set({**_UNSET, DEPLOYMENTS: st.session_state.get(key_of(DEPLOYMENTS), [])})
    seed(visitor)


def brief_as_set() -> Brief:
    """The brief that stands on the page."""
    state = st.session_state
    text = _typed(TEXT)
    return Brief(
        text=text,
        product=_typed(PRODUCT),
        audience=_typed(AUDIENCE),
        tone=_typed(OWN_TONE) or _typed(TONE),
        language=_typed(LANGUAGE),
        must_have=words_in(_typed(MUST_HAVE)),
        banned=words_in(_typed(BANNED)),
        longest=state.get(key_of(LONGEST)),
        longest_unit=cast("Unit", state.get(key_of(UNIT)) or "characters"),
        count=int(state.get(key_of(COUNT)) or DEFAULT_COUNT),
        deployment_ids=tuple(state.get(key_of(DEPLOYMENTS), ()))[:MOST_DEPLOYMENTS],
        variables={name: _typed(f"{VARIABLE}{name}") for name in Brief(text).variable_names},
    )


def set_from(visitor: Visitor, brief: Brief) -> None:
    """Set the page as it stood when ``brief`` was made; deployments that are gone are left out."""
    is_listed = brief.tone in TONES
    known = [deployment.id for deployment in visitor.services.catalogue]
    _set(
        {
            TEXT: brief.text,
            TONE: brief.tone if is_listed else None,
            OWN_TONE: "" if is_listed else brief.tone,
            PRODUCT: brief.product,
            AUDIENCE: brief.audience,
            LANGUAGE: brief.language or None,
            MUST_HAVE: ", ".join(brief.must_have),
            BANNED: ", ".join(brief.banned),
            LONGEST: brief.longest,
            UNIT: brief.longest_unit,
            COUNT: brief.count,
            DEPLOYMENTS: [each for each in brief.deployment_ids if each in known],
        }
    )
    for name, value in brief.variables.items():
        st.session_state[f"{VARIABLE}{name}"] = value


def details_set() -> int:
    """How many details are set that the closed form does not show."""
    keys = (OWN_TONE, PRODUCT, AUDIENCE, LANGUAGE, MUST_HAVE, BANNED)
    return sum(bool(_typed(key).strip()) for key in keys) + (st.session_state.get(key_of(LONGEST)) is not None)


def _set(values: Mapping[str, Any]) -> None:
    renew(_PAGE, *_DETAILS)
    st.session_state.update({key_of(choice): value for choice, value in values.items()})


def _typed(choice: str) -> str:
    return str(st.session_state.get(key_of(choice)) or "")

"""What a prompt is about: its subject and the wishes that come with it, read from its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NUMBERS: Final = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "twenty": 20,
}
MOST_LINES: Final = 30
MOST_CHARACTERS: Final = 4_000

_LINE_NOUN = r"(?:tag\s?lines?|slogans?|strap\s?lines?|mottos?|claims?|catch\s?phrases?|headlines?)"
_ASKS_FOR_LINES = re.compile(rf"\b{_LINE_NOUN}\b", re.IGNORECASE)
_COUNT = re.compile(rf"\b(\d{{1,3}}|{'|'.join(NUMBERS)})\b(?:\s+[\w-]+){{0,4}}?\s+{_LINE_NOUN}\b", re.IGNORECASE)
_AFTER_LINES = re.compile(
    rf"\b{_LINE_NOUN}\b[^.;:!?\n]*?\b(?:for|about|of|on|promoting|advertising|selling)\s+(?P<subject>[^;:!?\n]+)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^[-*\s]*(?:product|brand|brief|subject|company|service|offer|topic"
    rf"|{_LINE_NOUN})\s*:\s*(?P<subject>[^\n]+)",
    re.IGNORECASE | re.MULTILINE,
)
_BEFORE_LINES = re.compile(rf"\b(?P<subject>[\w'-]+(?: [\w'-]+){{0,5}}?)\s+{_LINE_NOUN}\b", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:about|on|of|for|regarding|concerning)\s+(?P<subject>[^.;:!?\n]+)", re.IGNORECASE)
_NAMED = re.compile(r"^[\"'“‘«]?(?P<name>[A-Z][\w&'. -]*?)[\"'”’»]?,\s+(?:an?|the|our)\s+(?P<rest>.+)$")  # noqa: RUF001 - quotes of many languages
_DETERMINERS = re.compile(
    r"^(?:(?:an?|the|our|my|your|their|this|that|some|new|brand-new|small|local|family-run|upcoming)\s+)+",
    re.IGNORECASE,
)
_GENERIC_END = re.compile(
    r"\s+(?:brand|company|business|start-?up|firm|label|campaign|products?|range|manufacturer|producer)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\s*,.*$|\s+(?:that|which|who|with|aimed|targeting|designed|called|named|where|when|using|based|so|please"
    r"|run by|owned by)\b.*$",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"\s+(?P<word>to|in|from|for|at|near|by|between|across|through)\s+(?P<rest>.+)$", re.IGNORECASE
)
_AUDIENCE = re.compile(r"(?:\baudience\s*:|\baimed at|\btargeting|\bdesigned for)\s*([^.;,:\n]+)", re.IGNORECASE)
_TONE = re.compile(
    r"\b(?:(?P<funny>funn\w+|humou?r\w*|playful\w*|witty|cheeky|laugh)|(?P<formal>formal|serious|professional|elegant)"
    r"|(?P<bold>bold\w*|provocative|daring|punch\w*|edgy)|(?P<warm>warm\w*|friendl\w+|kind\w*|emotional|heartfelt))\b",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"\b(?:in|into|auf|language:)\s+(German|French|Spanish|Portuguese|Italian|Dutch)\b", re.IGNORECASE
)
_STOPWORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below between
    both brand brief but by can claim claims company could create describe did do does doing down draft
    during each email explain few following for from further give had has have having he headline
    headlines her here hers him his how i idea ideas if in into is it its just kind let letter like list
    mail make many me more most motto much my need no nor not now of off on once only or other our out
    over own please provide same say sentence sentences she short should show slogan slogans so some such
    summarise summarize tagline taglines tell text than that the their them then there these they this
    those through tips to too under until up us very want was we were what when where which while who
    whom why will with word words would write you your
    """.split()  # noqa: SIM905 - a table of words reads better so
)


@dataclass(frozen=True)
class Brief:
    """What to write about.

    Attributes:
        subject: The thing itself, such as the noun phrase after "for"; never empty.
        is_countable: Whether the prompt speaks of one such thing ("a red lamp"), not of the thing as such.
        name: A proper name given to it, or empty.
        place: A place that belongs to it, or empty.
        direction: The preposition before the place.
        audience: Whom it is for, or empty.
        tone: ``funny``, ``formal``, ``bold``, ``warm`` or empty.
        language: An English name of a language, lower case, or empty.
        count: How many lines are wanted, or ``None`` when the prompt leaves it open.
    """

    subject: str
    is_countable: bool = False
    name: str = ""
    place: str = ""
    direction: str = ""
    audience: str = ""
    tone: str = ""
    language: str = ""
    count: int | None = None

    @property
    def thing(self) -> str:
        """The subject in mid-sentence: "the red lamp", but "milk"."""
        return f"the {self.subject}" if self.is_countable else self.subject

    @property
    def one(self) -> str:
        """The subject as one of its kind: "a red lamp", but "milk"."""
        article = "an" if self.subject[0].lower() in "aeiou" else "a"
        return f"{article} {self.subject}" if self.is_countable else self.subject


def asks_for_lines(text: str) -> bool:
    """Whether a prompt wants taglines, slogans or the like."""
    return _ASKS_FOR_LINES.search(text) is not None


def read(text: str) -> Brief:
    """Read the brief in the beginning of a prompt."""
    text = text[:MOST_CHARACTERS]
    phrase = _subject_phrase(text)
    named = _NAMED.match(phrase)
    name, phrase = (named["name"], named["rest"]) if named else ("", phrase)
    whole = _CLAUSE.sub("", phrase).strip(" .\"'“”")
    core = _DETERMINERS.sub("", whole)
    where = _PREPOSITION.search(core)
    detail, direction = "", ""
    if where:
        core, detail, direction = core[: where.start()], where["rest"], where["word"].lower()
    place = " ".join(re.findall(r"\b[A-Z][\w'-]+", detail))
    subject = _plain(_GENERIC_END.sub("", core)) or "your idea"
    count = _COUNT.search(text)
    audience = _AUDIENCE.search(text)
    language = _LANGUAGE.search(text)
    return Brief(
        subject=subject,
        is_countable=core != whole and len(subject) == len(core.strip()) and not core.endswith("s"),
        name=name,
        place=place,
        direction=direction if place else "",
        audience=_DETERMINERS.sub("", audience[1].strip() if audience else detail if direction == "for" else ""),
        tone=tone_of(text),
        language=language[1].lower() if language else "",
        count=_number(count[1]) if count else None,
    )


def tone_of(text: str) -> str:
    """The tone a prompt wishes for, or an empty text."""
    match = _TONE.search(text)
    return (match.lastgroup or "") if match else ""


def number_in(text: str) -> int | None:
    """The first number that a text names, in digits or as a word."""
    found = re.search(rf"\b(\d{{1,3}}|{'|'.join(NUMBERS)})\b", text, re.IGNORECASE)
    return _number(found[1]) if found else None


def keywords(text: str) -> list[str]:
    """The words that carry a text, in their order, each once."""
    words = re.findall(r"[^\W\d_][\w'-]*", text)
    return list(dict.fromkeys(word for word in words if len(word) > 2 and word.lower() not in _STOPWORDS))  # noqa: PLR2004 - shorter ones carry nothing


def _subject_phrase(text: str) -> str:
    for pattern in (_LABELLED, _AFTER_LINES, _BEFORE_LINES if asks_for_lines(text) else _ABOUT):
        match = pattern.search(text)
        if match and keywords(match["subject"]):
            return re.split(r"\.(?:\s|$)", match["subject"])[0].strip()
    return " ".join(keywords(re.sub(_LINE_NOUN, "", text, flags=re.IGNORECASE))[:3])


def _plain(words: str) -> str:
    """Lower the case of a subject that shouts or merely begins a sentence; leave proper names as they are."""
    words = words.strip()
    if words.isupper() and len(words.split()) > 1:
        return words.lower()
    return words


def _number(word: str) -> int:
    return max(1, min(MOST_LINES, int(word) if word.isdigit() else NUMBERS[word.lower()]))

"""Plain text of other kinds: summaries, e-mails, lists, answers and long pieces, from the prompt's own words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.emulator import brief as briefs

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

SENTENCES: Final = (
    "{Subject} rewards a closer look: what seems simple at first has a reason behind it.",
    "Most of the value lies in {word}, and most of the surprises lie in {word2}.",
    "A useful first step is to write down what {word} should achieve, and for whom.",
    "People rarely agree about {word}, so it helps to try it out on a small scale.",
    "The link between {word} and {word2} is easy to overlook and expensive to ignore.",
    "Where {word} is concerned, clarity beats cleverness.",
    "Whoever asks about {subject} usually wants to know what to do next: start small, measure, adjust.",
    "Two things help with {word}: a clear owner and a date.",
    "It pays to look at {word2} through the eyes of someone who meets it for the first time.",
    "Seen from a distance, {subject} is a question of priorities.",
    "There is no single right answer on {word}, but there are a few wrong ones.",
    "Once {word} is settled, {word2} tends to follow.",
    "What makes {subject} interesting is the tension between {word} and {word2}.",
    "Small, steady improvements to {word} outlast grand plans.",
    "In practice {word2} matters more than it first appears.",
    "The next decision about {subject} should be cheap to undo.",
)
POINTS: Final = (
    "**{Word}**: decide what good looks like before you begin.",
    "**{Word}**: try the smallest version this week.",
    "**{Word}**: ask three people who will use it.",
    "**{Word}**: write down what you will not do.",
    "**{Word}**: agree on one number to watch.",
    "**{Word}**: leave room for a second attempt.",
)
GREETINGS: Final = (
    "Hello! What would you like to work on?",
    "Hi there. Give me a brief and I will write something for you.",
    "Good to see you. Try me with a tagline, a summary or an e-mail.",
)
MOST_WORDS: Final = 20_000
MOST_CHARACTERS: Final = 4_000

_SUMMARY = re.compile(r"\b(summari[sz]e|summary|tl;?dr|key points|in a nutshell)\b", re.IGNORECASE)
_MAIL = re.compile(r"\b(e-?mail|letter|invitation|announcement)\b", re.IGNORECASE)
_LIST = re.compile(r"\b(list|ideas|ways|tips|reasons|steps|bullet\w*|options|checklist)\b", re.IGNORECASE)
_CODE = re.compile(r"\b(python|javascript|typescript|sql|regex|function|script|snippet|code)\b", re.IGNORECASE)
_HELLO = re.compile(r"^\W*(hi|hello|hey|good (morning|afternoon|evening)|ping|test)\b[\w\s]{0,12}\W*$", re.IGNORECASE)
_LENGTH = re.compile(r"\b(\d[\d,]{1,6})[\s-]words?\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Topic:
    """What a text is about: its subject, and the words that carry it."""

    subject: str
    words: tuple[str, ...]


def topic_of(text: str) -> Topic:
    """Find the topic of a prompt."""
    subject = briefs.read(text).subject
    return Topic(subject, tuple(briefs.keywords(text[:MOST_CHARACTERS])) or (subject,))


def write(text: str, chance: random.Random, paragraphs: int) -> str:
    """Write what a prompt asks for.

    Args:
        text: The prompt; what lies beyond its first thousands of characters counts for a summary only.
        chance: Decides among phrasings.
        paragraphs: How much to say where the prompt leaves it open.
    """
    topic = topic_of(text)
    if length := _LENGTH.search(text):
        return _long(topic, chance, min(MOST_WORDS, int(length[1].replace(",", ""))))
    kinds: tuple[tuple[re.Pattern[str], Callable[[], str]], ...] = (
        (_HELLO, lambda: chance.choice(GREETINGS)),
        (_SUMMARY, lambda: _summary(text, topic, chance)),
        (_MAIL, lambda: _mail(topic, chance)),
        (_CODE, lambda: _code(topic)),
        (_LIST, lambda: _points(topic, chance, 2 + paragraphs)),
    )
    asked = text[:MOST_CHARACTERS]
    for pattern, written in kinds:
        if pattern.search(asked):
            return written()
    return "\n\n".join(_paragraph(topic, chance, 3) for _ in range(paragraphs))


def comment(brief: briefs.Brief, chance: random.Random) -> str:
    """Say in a sentence why a tagline suits its brief."""
    whom = brief.audience or chance.choice(("busy people", "first-time buyers", "regulars", "newcomers"))
    return chance.choice(
        (
            f"It puts {brief.thing} first and lets {whom} finish the thought.",
            f"Short enough for a poster, and {whom} remember what it is about: {brief.thing}.",
            f"It makes a promise that {brief.thing} can keep, in words that {whom} use themselves.",
            f"The rhythm does the selling; {brief.thing} only has to be there.",
        )
    )


def sentences(text: str) -> list[str]:
    """Split a text into sentences."""
    return [sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence.strip()]


def sentence(topic: Topic, chance: random.Random) -> str:
    """Say something about a topic."""
    return _filled(chance.choice(SENTENCES), topic, chance)


def _paragraph(topic: Topic, chance: random.Random, count: int) -> str:
    return " ".join(_filled(shape, topic, chance) for shape in chance.sample(SENTENCES, count))


def _long(topic: Topic, chance: random.Random, words: int) -> str:
    paragraphs: list[str] = []
    while words > 0:
        paragraph = _paragraph(topic, chance, 6).split()[:words]
        words -= len(paragraph)
        paragraphs.append(" ".join(paragraph))
    return "\n\n".join(paragraphs)


def _summary(text: str, topic: Topic, chance: random.Random) -> str:
    """Keep the half of the sentences whose words recur most in the text, in their order."""
    instruction, _, material = text.partition(":")
    found = sentences(material)
    if len(found) < 2 or not _SUMMARY.search(instruction):  # noqa: PLR2004 - a single sentence is its own summary
        return "In short: " + _paragraph(topic, chance, 2)
    words = [[word.lower() for word in briefs.keywords(one)] for one in found]
    weights = Counter(word for carried in words for word in carried)
    heaviest = sorted(range(len(found)), key=lambda number: -sum(weights[word] for word in words[number]))
    return "In short: " + " ".join(found[number] for number in sorted(heaviest[: len(found) // 2]))


def _mail(topic: Topic, chance: random.Random) -> str:
    day = chance.choice(("Tuesday", "Thursday", "the end of the week"))
    return (
        f"**Subject:** {_capital(topic.subject)}\n\nHello,\n\nI am writing about {topic.subject}. "
        f"{_paragraph(topic, chance, 2)}\n\nCould you let me know by {day} what you think?\n\nKind regards"
    )


def _code(topic: Topic) -> str:
    """Sketch a function named after the words of the prompt."""
    words = [word.lower() for word in topic.words if word.isascii() and word.isalpha() and not _CODE.match(word)]
    name = "_".join(words[:3]) or "answer"
    return (
        f'```python\ndef {name}(values: list[str]) -> list[str]:\n    """Stand in for: {" ".join(words)}."""\n'
        "    return [value.strip() for value in values]\n```\n\n"
        "The sketch shows the shape only; the logic is left out."
    )


def _points(topic: Topic, chance: random.Random, count: int) -> str:
    shapes = chance.sample(POINTS, min(count, len(POINTS)))
    lines = [
        f"- {shape.format(Word=_capital(topic.words[index % len(topic.words)]))}"
        for index, shape in enumerate(shapes)
    ]
    return f"Some thoughts on {topic.subject}:\n\n" + "\n".join(lines)


def _filled(shape: str, topic: Topic, chance: random.Random) -> str:
    word = chance.choice(topic.words)
    word2 = chance.choice([other for other in topic.words if other != word] or ["the rest"])
    subject = topic.subject
    return shape.format(subject=subject, Subject=_capital(subject), word=f"“{word}”", word2=f"“{word2}”")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

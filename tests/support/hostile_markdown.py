"""Markdown that tries to load something, to lead somewhere else, or to look like the page itself.

``{canary}`` stands for the base URL of a server that nothing may ever ask, ``{host}`` for it without its scheme.
"""

from __future__ import annotations

from typing import Final

IMAGES: Final = (
    "![x]({canary}/inline?q=secret)",
    "text ![x](<{canary}/angle>) text",
    '![x]({canary}/title "a title")',
    "![r][1]\n\n[1]: {canary}/reference",
    "![collapsed][]\n\n[collapsed]: <{canary}/collapsed>",
    "![shortcut]\n\n[shortcut]: {canary}/shortcut",
    "![late][late] comes first\n\n> - [late]:\n> {canary}/definition-in-quote",
    "note[^1]\n\n[^1]: ![x]({canary}/footnote)",
    "[^2]:\n\n        ![x]({canary}/footnote-code)\n\nnote[^2]",
    "| a | b |\n|---|---|\n| 1 | ![x]({canary}/cell) |",
    "a | `b | ![x]({canary}/split-code) | `\n-|-|-|-\nc | d | e",
    "- one\n  - ![x]({canary}/list)",
    "> quoted ![x]({canary}/quote)",
    "# Title ![x]({canary}/heading)",
    "[![x]({canary}/in-link)](https://example.com)",
    "**![x]({canary}/strong)** ~~![x]({canary}/struck)~~",
    "![a ![b]({canary}/nested) c]({canary}/outer)",
    "![x](\n{canary}/next-line)",
    "![two\nlines]({canary}/two-lines)",
    "![x]({canary}/parenthesis(1))",
    "\\\\![x]({canary}/escaped-backslash)",
    "wow!\\![x]({canary}/two-marks)",
    "https://user@host/!{canary}/mark-before-address",
    "&excl;[x]({canary}/entity-mark)",
    "$`$ ![x]({canary}/after-formula) `",
    "$![x]({canary}/in-formula)$",
    "$$\n![x]({canary}/in-display)\n$$",
    "```\n```js\n```\n\n$![x]({host}/formula-taken-for-text)$",
    "$$\nopen\n```\n$$\n![x]({canary}/formula-in-code)\n```",
    ':a{{b="`"}} ![x]({canary}/after-attributes) `',
    'https://user@host/:{{a="`"}} ![x]({canary}/after-address-attributes) `',
    ":red[![x]({canary}/in-directive)]",
    ":::note\n![x]({canary}/in-container)\n:::",
    "https://example.com/` ![x]({canary}/after-address) `",
    "`a\n\n![x]({canary}/after-paragraph) `",
    "<!-- ![x]({canary}/comment) -->",
    "<div>\n![x]({canary}/html-block)\n</div>",
    "    ![x]({canary}/common-indentation)",
    "para\n    ```\n    ![x]({canary}/not-a-fence)\n    a ``` ![x]({canary}/after-run)\n    ```",
    "> ```\n![x]({canary}/after-quoted-fence)\n> ```",
    "> - a\nlazy\n>\n>     ![x]({canary}/lazy-quote)",
    "> a\nlazy\n>     ```\n>     a ``` ![x]({canary}/lazy-fence)\n>     ```",
    "- ```\n![x]({canary}/after-list-fence)\n  ```",
    "> ~~~\n    a\n2) ~~~\n   ![x]({canary}/number)",
    "\u00a0\n\n    ![x]({canary}/stripped)",
    "&nbsp;\n\n    ![x]({canary}/stripped-entity)",
    "\U0001f6a8\n\n    ![x]({canary}/after-icon)",
    "\U0001f6a8 ~~~\n\n~~~\n![x]({canary}/fence-after-icon)\n~~~",
    "a\r```\r![x]({canary}/carriage-return)\r```\r![x]({canary}/after-carriage-return)",
    '<img src="{canary}/html">',
    "<img src={canary}/html-plain onerror=alert(1)>",
    "![x]({canary}/eight-kilobytes?" + "q" * 8_000 + ")",
)
"""Each of these loads something when it is rendered as it is, or would if a parser were fooled."""

WITHOUT_ADDRESS: Final = (
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "![x](blob:https://example.com/1)",
    "![x](//evil.example/protocol-relative)",
    "![x](/media/of-another-person)",
    "![x](HTTPS:\\\\evil.example/x)",
    "![x](https://evil.example\u2044@good.example/slash)",
)

MARKUP: Final = (
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<iframe src={canary}/frame></iframe>",
    '<style>@import "{canary}/style";</style>',
    "<form action={canary}/form><button>Sign in</button></form>",
    "<base href={canary}/>",
    '<meta http-equiv="refresh" content="0;url={canary}/refresh">',
    '<link rel=stylesheet href="{canary}/link">',
    "&lt;img src={canary}/decoded-twice&gt;",
)

LINKS_NOWHERE: Final = (
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](vbscript:msgbox)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](blob:https://example.com/1)",
    "[x](//evil.example)",
    "[x](\\\\\\\\evil.example)",
    "[x](/auth/sign-out)",
    "[x](?id=1)",
    "[x](https:evil.example)",
    "[x](https://good.example@evil.example/)",
    "[x](https://good.example\\@evil.example/)",
    "[x](https://good.example%2f@evil.example/)",
    "[x](http://2130706433/)",
    "[x](http://0x7f.1/)",
    "[x](http://127.1/)",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
)

DIRECTIVES: Final = (
    ":red-badge[ADMIN]",
    ":red[warning]",
    ":shimmer[]",
    ":help[![x]({canary}/tooltip)]",
    ':color[x]{{foreground="red"}}',
    ":material/verified:",
    ":material_verified:",
    ":mater&#105;al_verified:",
    "\\:material\\_verified\\:",
    "https://user@host/:material/verified:",
    "www.good.example/:material/verified:x",
    "[https://good.example/:material/verified: x](https://good.example)",
    ":streamlit:",
    ":smile:",
    "&colon;smile&colon;",
    ":smile&#x0003a;",
    ":sm&#105;le:",
    ":+1:",
)

FORMULAS: Final = (
    "$\\href{{javascript:alert(1)}}{{x}}$",
    "$\\includegraphics{{{canary}/formula}}$",
    "$\\htmlStyle{{position:fixed}}{{x}}$",
    "$\\def\\a{{\\a}}\\a$",
    "$\\rule{{900em}}{{900em}}$",
    "$\\llap{{sidebar}}$",
)

ALL: Final = (*IMAGES, *WITHOUT_ADDRESS, *MARKUP, *LINKS_NOWHERE, *DIRECTIVES, *FORMULAS)


def hostile(canary: str) -> list[str]:
    """All of them, with the address of the canary."""
    host = canary.partition(":")[2]
    braces = (payload.replace("{{", "{").replace("}}", "}") for payload in ALL)
    return [payload.replace("{canary}", canary).replace("{host}", host) for payload in braces]

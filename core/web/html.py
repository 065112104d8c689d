"""The pages a person sees without a session: plain HTML in the theme's colours, light and dark, no script.

Everything that comes from outside is escaped here.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from core.web import paths
from core.web.forms import token_field
from core.web.safe_next import HOME
from core.web.streamlit_files import text_font_path

if TYPE_CHECKING:
    from core.errors import KeylessError

PRODUCT: Final = "Keyless"

_LOGO: Final = (
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><path d="M9.2 17.4 16 29l6.8-11.6"/>'
    '<path d="M8.6 17.6a4 4 0 0 1-1.4-7.4 8.9 8.9 0 0 1 17.6 0 4 4 0 0 1-1.4 7.4c-1.9.5-2.9-1-3.6-1.6-.8 1.1-2 2-3.8 '
    '2s-3-.9-3.8-2c-.7.6-1.7 2.1-3.6 1.6Z"/></svg>'
)
PRODUCT_MARK: Final = _LOGO + PRODUCT
"""Logo and name of this app."""

_MICROSOFT: Final = (
    '<svg viewBox="0 0 21 21" aria-hidden="true"><path fill="#F25022" d="M0 0h10v10H0z"/>'
    '<path fill="#7FBA00" d="M11 0h10v10H11z"/><path fill="#00A4EF" d="M0 11h10v10H0z"/>'
    '<path fill="#FFB900" d="M11 11h10v10H11z"/></svg>'
)
_PREVIEW: Final = (
    '<div class="preview" aria-hidden="true"><div class="card">'
    f'<div class="asked"><span class="dot">{_LOGO}</span>Write a tagline for an ice cream brand:</div>'
    '<p class="answered">Scoop up a little happiness.</p>'
    '<p class="why">Short, warm, and it says what to do.</p>'
    '<p class="facts"><span class="safe">Called with a sign-in</span><span>No key</span></p>'
    "</div></div>"
)


def welcome(*, demo: bool, by_link: bool, upstream: bool = False, next_path: str = HOME) -> str:
    """The first page.

    ``by_link`` tells that a one-time link opens the app instead of Entra; ``upstream`` that the demo's answers are
    written by a server elsewhere.
    """
    if by_link:
        way_in = (
            '<p class="note"><strong>This app opens with a link.</strong> It was printed where Keyless was started, '
            "and works once, on this computer.</p>"
        )
    else:
        link = paths.SIGN_IN + ("" if next_path == HOME else f"?{urlencode({'next': next_path})}")
        button = f'<a class="button main big" href="{escape(link)}">{_MICROSOFT}Sign in with Microsoft</a>'
        way_in = f'<p class="actions">{button}</p>'
    what = "Microsoft Entra and the models are" if not upstream else "Microsoft Entra is"
    whose = "" if not upstream else " Answers come from the server that <code>KEYLESS_DEMO_UPSTREAM</code> names."
    simulated = (
        f'<p class="note"><strong>Demo mode.</strong> {what} simulated on this computer, so no account is needed.'
        f"{whose}</p>"
    )
    return _document(
        "Welcome",
        '<main class="wide"><div><h1>Ask your own models. Without a key.</h1>'
        '<p class="lead">Prompt your company&rsquo;s Azure OpenAI deployments: '
        f"signing in is all it takes.</p>{way_in}{simulated if demo else ''}</div>{_PREVIEW}</main>",
    )


def sign_out(*, username: str, form_token: str, from_microsoft_too: bool) -> str:
    """The question before signing out; ``from_microsoft_too`` offers Entra's own sign-out as well."""
    choice = (
        '<label class="choice"><input type="checkbox" name="microsoft" value="yes">'
        "<span>Sign out of Microsoft in this browser too<small>On a computer that others use.</small></span></label>"
    )
    return _card(
        "Sign out?",
        f'<p class="lead">You are signed in as <strong>{escape(username)}</strong>. Answers still on their way are '
        "stopped; your conversations are kept.</p>"
        f'<form method="post" action="{paths.SIGN_OUT}">'
        f"{token_field(form_token)}{choice if from_microsoft_too else ''}"
        '<p class="actions"><button class="button main">Sign out</button>'
        '<button class="button" name="everywhere" value="yes">Sign out everywhere</button>'
        f'<a href="{HOME}">Stay signed in</a></p></form>',
    )


def signed_out() -> str:
    """What every tab shows after its session ended."""
    return _card(
        "You are signed out",
        '<p class="lead">Your conversations are kept for when you come back.</p>'
        f'<p class="actions"><a class="button main" href="{paths.WELCOME}">Sign in again</a></p>',
    )


def error(problem: KeylessError, *, again: str = paths.SIGN_IN, label: str = "Start again") -> str:
    """A failure: what happened, what to do, what to quote, and the way on under ``label``."""
    command = f"<pre><code>{escape(problem.command)}</code></pre>" if problem.command else ""
    return _card(
        problem.title,
        f'<p class="lead">{escape(problem.remedy)}</p>{command}'
        f'<p class="actions"><a class="button main" href="{escape(again)}">{escape(label)}</a></p>'
        f'<p class="reference">Reference <code>{escape(problem.reference)}</code></p>',
    )


def document(title: str, head: str, body: str, *, root: str = "") -> str:
    """A whole page; ``head``, ``body`` and the attributes ``root`` are HTML already."""
    return (
        f'<!doctype html><html lang="en"{root}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {PRODUCT}</title>"
        f'<link rel="icon" type="image/png" href="/favicon.png">{head}</head><body>{body}</body></html>'
    )


@cache
def style(name: str) -> str:
    """A stylesheet of this folder, with the font that pages are set in."""
    font = text_font_path()
    source = f'url("{font}") format("woff2")' if font else 'local("Source Sans")'
    face = f'@font-face{{font-family:"Source Sans";src:{source};font-weight:200 900}}'
    return face + Path(__file__).with_name(name).read_text(encoding="utf-8")


def _card(title: str, content: str) -> str:
    inside = f'<section class="card"><h1>{escape(title)}</h1>{content}</section>'
    return _document(title, f'<main class="narrow">{inside}</main>')


def _document(title: str, content: str) -> str:
    brand = f'<header class="brand">{PRODUCT_MARK}</header>'
    return document(title, f"<style>{style('page.css')}</style>", brand + content)

"""The pages of the made-up Entra: plain HTML without script, readable in light and in dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.emulator.directory import Person

_STYLE: Final = """
:root { color-scheme: light dark; --page: #F5F6FA; --card: #FFFFFF; --text: #0E1116; --quiet: #5B6373;
  --line: #DDE1EA; --indigo: #26339C; --on-indigo: #FFFFFF; --hover: #EEF0FB; }
@media (prefers-color-scheme: dark) { :root { --page: #0B0D12; --card: #171A23; --text: #E8EAF1; --quiet: #A3AABB;
  --line: #313647; --indigo: #9DA8FF; --on-indigo: #0B0D12; --hover: #20253A; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem;
  background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line);
  border-top: 4px solid var(--indigo); border-radius: .8rem; padding: 1.75rem; }
@media (max-width: 26rem) { main { padding: 1.25rem 1rem; } }
h1 { margin: .15rem 0 .5rem; font-size: 1.45rem; font-weight: 650; line-height: 1.25; }
p { margin: 0 0 1rem; color: var(--quiet); overflow-wrap: anywhere; }
.tenant { margin: 0; color: var(--indigo); font-weight: 600; }
form { margin: 0; }
button { font: inherit; color: inherit; cursor: pointer; background: none; border-radius: .6rem; }
.account { display: flex; gap: .85rem; align-items: center; width: 100%; padding: .6rem .7rem; margin-bottom: .5rem;
  text-align: left; border: 1px solid var(--line); }
.account:hover { background: var(--hover); border-color: var(--indigo); }
button:focus-visible { outline: 3px solid var(--indigo); outline-offset: 2px; }
.initials { flex: none; width: 2.4rem; height: 2.4rem; display: grid; place-items: center; border-radius: 50%;
  background: var(--indigo); color: var(--on-indigo); font-weight: 600; font-size: .85rem; }
.who { min-width: 0; }
.who span { overflow-wrap: anywhere; }
.name { font-weight: 600; margin-right: .3rem; }
.title, .username { color: var(--quiet); font-size: .87rem; }
.title { white-space: nowrap; }
.username { display: block; }
.cancel { margin-top: .35rem; padding: .4rem .9rem; border: 1px solid var(--line); color: var(--text); }
.note { margin: 1.25rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .87rem; }
"""
_NOTE: Final = "This is a simulated Entra on your own machine: nobody here is real, and no password exists."


def account_picker(
    people: Sequence[Person], application_name: str, redirect_uri: str, login_hint: str
) -> HTMLResponse:
    """Ask who signs in; the form posts ``account`` (an object id) or ``cancel`` back to the page's own address."""
    ordered = sorted(people, key=lambda person: person.username.lower() != login_hint.lower())
    accounts = "".join(_account(person) for person in ordered)
    body = (
        f"<h1>Pick an account</h1><p>to continue to {escape(application_name)}</p>"
        f'<form method="post">{accounts}'
        '<button class="cancel" name="cancel" value="yes">Cancel</button></form>'
    )
    return _page("Pick an account", body, form_target=redirect_uri)


def refusal_page(description: str) -> HTMLResponse:
    """Say why nobody can sign in; used where returning to the app would not be safe."""
    body = f"<h1>Sorry, but we are having trouble signing you in.</h1><p>{escape(description)}</p>"
    return _page("Sign in failed", body, status=400)


def signed_out_page() -> HTMLResponse:
    """Say that the session ended."""
    return done_page("You signed out of your account", "You can close this window.")


def done_page(title: str, text: str) -> HTMLResponse:
    """Say that something is done."""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def code_page() -> HTMLResponse:
    """Ask for the code that an app shows; the form posts ``user_code`` back to the page's own address."""
    body = (
        '<h1><label for="code">Enter code</label></h1><p>Enter the code that the app shows you.</p>'
        '<form method="post"><input id="code" name="user_code" autocomplete="off" autofocus required> '
        '<button class="cancel">Next</button></form>'
    )
    return _page("Enter code", body, form_target="self")


def consent_page(application_name: str, tenant_name: str) -> HTMLResponse:
    """Ask an administrator to approve an app for everybody; the form posts back to the page's own address."""
    body = (
        f"<h1>Permissions requested</h1><p>{escape(application_name)} would like to call Azure OpenAI as the people "
        f'of {escape(tenant_name)}.</p><form method="post"><button class="cancel" name="accept" value="yes">Accept'
        "</button></form>"
    )
    return _page("Permissions requested", body, form_target="self")


def _account(person: Person) -> str:
    initials = "".join(word[0] for word in person.name.split()[:2])
    return (
        f'<button class="account" name="account" value="{escape(person.object_id)}">'
        f'<span class="initials" aria-hidden="true">{escape(initials)}</span><span class="who">'
        f'<span class="name">{escape(person.name)}</span> <span class="title">{escape(person.title)}</span> '
        f'<span class="username">{escape(person.username)}</span></span></button>'
    )


def _page(title: str, body: str, *, status: int = 200, form_target: str = "") -> HTMLResponse:
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} · Contoso (simulated)</title><style>{_STYLE}</style></head>"
        f'<body><main><p class="tenant">Contoso</p>{body}<p class="note">{_NOTE}</p></main></body></html>'
    )
    # Browsers apply form-action to the redirect that answers a form as well, so the app's origin has to be in it.
    target = urlsplit(form_target)
    form_action = (
        f"'self' {target.scheme}://{target.netloc}" if target.scheme else "'self'" if form_target else "'none'"
    )
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; form-action {form_action}; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    # A stricter referrer policy would make the form post "Origin: null", which the app's own gate may refuse.
    headers = {"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "same-origin"}
    return HTMLResponse(html, status, headers)

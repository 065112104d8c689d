"""Every failure a person can meet, as one tree.

KeylessError
├── SettingsError            the configuration cannot be used; lists every problem
├── SignInError              signing in did not work
│   ├── SignInExpired        the attempt is too old, was used already, or belongs to another browser
│   ├── SignInRefused        Entra (or our own checks) said no
│   ├── ConsentMissing       an administrator has to agree first
│   └── IdentityProviderDown Entra did not answer, or answered nonsense
├── TokenError               no access token could be obtained for a call
│   ├── SignInAgain          only the person can renew it, by signing in
│   └── NoCredential         none of the app's own credentials answered
├── CallError                a deployment refused or failed
│   ├── TokenRefused         the access token was not accepted
│   ├── RoleMissing          the identity lacks the data-plane role
│   ├── AccessBlocked        network rules, key policy or suspension of the resource
│   ├── WrongTenant          the token is from another directory than the resource
│   ├── DeploymentMissing    no deployment of that name
│   ├── RequestRefused       the deployment does not take this operation or parameter
│   ├── PromptFiltered       the content filter refused the prompt
│   ├── RateLimited          too many requests, or no capacity
│   ├── ServiceFailed        the service answered with an error of its own
│   ├── OutOfService         it failed too often, so nothing is sent to it for a while
│   ├── Unreachable          no connection, name, or TLS
│   ├── TimedOut             no answer in time
│   └── UnexpectedReply      an answer that is none: wrong shape, too large, a redirect
├── StorageError             something could not be stored or read
├── NotAllowed               yours to see, but not to do this with
└── NotFound                 not there, or not yours: the same answer for both

Each carries ``title`` (what happened, in words for a business user), ``remedy`` (what to do and who can do it),
``retryable``, and ``reference``, a short number that the log repeats. None ever carries a token, a prompt, an
answer, or a vendor's exception.
"""

from __future__ import annotations

from core.errors.calls import (
    AccessBlocked,
    CallError,
    DeploymentMissing,
    OutOfService,
    PromptFiltered,
    RateLimited,
    RequestRefused,
    RoleMissing,
    ServiceFailed,
    TimedOut,
    TokenRefused,
    UnexpectedReply,
    Unreachable,
    WrongTenant,
)
from core.errors.configuration import SettingsError, SettingsProblem
from core.errors.identity import (
    ConsentMissing,
    IdentityProviderDown,
    NoCredential,
    SignInAgain,
    SignInError,
    SignInExpired,
    SignInRefused,
    TokenError,
)
from core.errors.keyless_error import KeylessError, new_reference
from core.errors.storage import NotAllowed, NotFound, StorageError

__all__ = [
    "AccessBlocked",
    "CallError",
    "ConsentMissing",
    "DeploymentMissing",
    "IdentityProviderDown",
    "KeylessError",
    "NoCredential",
    "NotAllowed",
    "NotFound",
    "OutOfService",
    "PromptFiltered",
    "RateLimited",
    "RequestRefused",
    "RoleMissing",
    "ServiceFailed",
    "SettingsError",
    "SettingsProblem",
    "SignInAgain",
    "SignInError",
    "SignInExpired",
    "SignInRefused",
    "StorageError",
    "TimedOut",
    "TokenError",
    "TokenRefused",
    "UnexpectedReply",
    "Unreachable",
    "WrongTenant",
    "new_reference",
]

"""What is kept could not be stored, read or reached."""

from __future__ import annotations

from core.errors.keyless_error import KeylessError


class StorageError(KeylessError):
    """Something could not be stored or read."""

    default_title = "This could not be saved."
    default_remedy = "Try again. If it stays, give the reference number to your administrator."
    retryable_by_default = True


class NotAllowed(KeylessError):
    """The person may see it, but not do this with it."""

    default_who = "Its owner"
    default_cause = "not-allowed"
    default_title = "You may look at this, but not do this with it."
    default_remedy = "Ask its owner."


class NotFound(KeylessError):
    """Not there, or not yours: the same answer for both."""

    default_title = "This was not found."
    default_remedy = "Check the address, or ask its owner to share it."

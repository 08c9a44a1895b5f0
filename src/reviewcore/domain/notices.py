"""The mails that people expect: which event tells whom what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import attrs


class Audience(StrEnum):
    """Who is told, seen from the event's aggregate."""

    USER = "USER"
    ARTIST = "ARTIST"
    REVIEWER = "REVIEWER"
    LEAD = "LEAD"


class Minted(StrEnum):
    """What the token is for that is made with a mail."""

    VERIFICATION = "VERIFICATION"
    NEW_ADDRESS = "NEW_ADDRESS"
    RESET = "RESET"


@attrs.frozen(kw_only=True)
class Notice:
    """A mail to be written: *subject* and *body* take the facts by name, in braces.

    *once* is the payload field that must be true for the notice to go; *mints* which
    token is made with the mail, so that no event ever holds a secret.
    """

    audience: Audience
    subject: str
    body: str
    once: str | None = None
    mints: Minted | None = None


NOTICES: Mapping[str, Notice] = MappingProxyType(
    {
        "EmailVerificationRequested": Notice(
            audience=Audience.USER,
            subject="Please confirm your e-mail address",
            body=(
                "Hello {name},\n\nplease confirm that this address is yours:\n\n{link}\n\n"
                "Token: {token}\n\nThe link works once and for 24 hours. If you did not sign up, "
                "ignore this mail.\n"
            ),
            mints=Minted.VERIFICATION,
        ),
        "PasswordResetRequested": Notice(
            audience=Audience.USER,
            subject="Choose another password",
            body=(
                "Hello {name},\n\nhere you can choose another password:\n\n{link}\n\n"
                "Token: {token}\n\nThe link works once and for an hour. If you did not ask for "
                "it, ignore this mail: your password stays as it is.\n"
            ),
            mints=Minted.RESET,
        ),
        "PasswordChanged": Notice(
            audience=Audience.USER,
            subject="Your password was changed",
            body=(
                "Hello {name},\n\nyour password was changed, and you are signed out everywhere. "
                "If that was not you, choose another one at once:\n\n{link}\n"
            ),
        ),
        "EmailChangeRequested": Notice(
            audience=Audience.USER,
            subject="Your account is to have another e-mail address",
            body=(
                "Hello {name},\n\nsomebody who knows your password wants another e-mail address "
                "for your account; it changes once the other address is confirmed. If that was "
                "not you, choose another password at once:\n\n{link}\n"
            ),
        ),
        "AccountLinked": Notice(
            audience=Audience.USER,
            subject="There is another way to sign in to your account",
            body=(
                "Hello {name},\n\nfrom now on an account at another service signs you in here. "
                "If that was not you, choose another password and write to us:\n\n{link}\n"
            ),
        ),
        # It goes to an address that may be a stranger's, so it names nobody.
        "NewEmailVerificationRequested": Notice(
            audience=Audience.USER,
            subject="Please confirm your new e-mail address",
            body=(
                "Hello,\n\nplease confirm that this is to be the address of your account:\n\n"
                "{link}\n\nToken: {token}\n\nThe link works once and for 24 hours. If you did "
                "not ask for it, ignore this mail.\n"
            ),
            mints=Minted.NEW_ADDRESS,
        ),
        "TicketAnswered": Notice(
            audience=Audience.USER,
            subject="Re: {subject}",
            body="Hello {name},\n\nwe have answered “{subject}”:\n\n{answer}\n\n{link}\n",
        ),
        "LeadReminded": Notice(
            audience=Audience.LEAD,
            subject="Your music still waits to be heard",
            body=(
                "Hello {name},\n\nyesterday you left your address to have your music reviewed. "
                "It takes a minute to begin:\n\n{link}\n\nWe shall not write again. If it was "
                "not you, ignore this mail.\n"
            ),
        ),
        "TrackQueued": Notice(
            audience=Audience.ARTIST,
            subject="“{title}” is in the queue",
            body=(
                "Hello {name},\n\n“{title}” is in the queue for {requested} review(s). We write "
                "again when half of them are in.\n\n{link}\n"
            ),
        ),
        "TrackHalfReviewed": Notice(
            audience=Audience.ARTIST,
            subject="Half of the reviews of “{title}” are in",
            body="Hello {name},\n\n{completed} of {requested} reviews are in.\n\n{link}\n",
        ),
        "TrackCompleted": Notice(
            audience=Audience.ARTIST,
            subject="All reviews of “{title}” are in",
            body="Hello {name},\n\nall {completed} reviews of “{title}” are in.\n\n{link}\n",
            once="first",
        ),
        "LinkReportedBroken": Notice(
            audience=Audience.ARTIST,
            subject="“{title}” could not be played",
            body=(
                "Hello {name},\n\na reviewer could not play “{title}”. Please check the link and "
                "give us another one if it is broken.\n\n{link}\n"
            ),
        ),
        "TierChanged": Notice(
            audience=Audience.REVIEWER,
            subject="Your reviewer tier is now {after}",
            body="Hello {name},\n\nyour tier has changed from {before} to {after}.\n",
        ),
        "RefundSettled": Notice(
            audience=Audience.ARTIST,
            subject="Your refund of {amount} was paid another way",
            body=(
                "Hello {name},\n\n{amount} for “{title}” could not go back the way you had paid. "
                "We have paid you another way, with this reference:\n\n{reference}\n"
            ),
        ),
        "PayoutCompleted": Notice(
            audience=Audience.REVIEWER,
            subject="Your payout of {amount} is on its way",
            body="Hello {name},\n\nwe have sent you {amount}.\n",
        ),
        "PayoutFailed": Notice(
            audience=Audience.REVIEWER,
            subject="Your payout of {amount} failed",
            body="Hello {name},\n\n{amount} could not be sent and is back in your balance.\n",
        ),
        "FlagUpheld": Notice(
            audience=Audience.REVIEWER,
            subject="A flag on one of your reviews was upheld",
            body=(
                "Hello {name},\n\nyour review of “{title}” was flagged, and the flag was upheld. "
                "Its pay was taken back.\n"
            ),
        ),
        "FlagDismissed": Notice(
            audience=Audience.REVIEWER,
            subject="A flag on one of your reviews was dismissed",
            body=(
                "Hello {name},\n\nyour review of “{title}” was flagged, and the flag was "
                "dismissed. Its pay is yours.\n"
            ),
        ),
    }
)
"""Every notice by the type of its event."""

"""What only a request can get wrong; everything else is refused by the market itself."""

from __future__ import annotations

from reviewcore.domain.errors import Forbidden, ReviewcoreError, Unauthenticated


class Malformed(ReviewcoreError):
    """The request cannot be read."""


class MalformedBody(Malformed):
    """The body is not what this route takes."""

    reason: str


class MalformedParameter(Malformed):
    """A parameter of the request is not valid."""

    parameter: str
    reason: str


class MethodNotAllowed(ReviewcoreError):
    """Nothing answers this method here."""


class TooLarge(ReviewcoreError):
    """The body is too large."""

    maximum_bytes: int


class InternalError(ReviewcoreError):
    """Something went wrong on our side; it was recorded."""


class NotSignedIn(Unauthenticated):
    """This needs a session: sign in and send its token."""


class CrossSiteRequest(Forbidden):
    """A request with the session cookie must show that it comes from our own pages."""


class ArtistProfileRequired(Forbidden):
    """Only somebody with an artist profile may do this."""


class ReviewerProfileRequired(Forbidden):
    """Only somebody with a reviewer profile may do this."""


class AddressNotGood(Forbidden):
    """The address is not one of ours, is no longer good, or is for another file."""

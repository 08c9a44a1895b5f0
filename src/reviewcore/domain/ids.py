"""Names for identifiers, so that a type checker tells a track from a review.

All ids are opaque strings made by a store's id source; they sort by the time they were made.
"""

from __future__ import annotations

from typing import NewType

UserId = NewType("UserId", str)
SessionId = NewType("SessionId", str)
AccountId = NewType("AccountId", str)
TokenId = NewType("TokenId", str)
ArtistId = NewType("ArtistId", str)
ReviewerId = NewType("ReviewerId", str)
GenreId = NewType("GenreId", str)
TrackId = NewType("TrackId", str)
ReviewId = NewType("ReviewId", str)
PaymentId = NewType("PaymentId", str)
AttemptId = NewType("AttemptId", str)
RefundId = NewType("RefundId", str)
DisputeId = NewType("DisputeId", str)
FlagId = NewType("FlagId", str)
PayoutId = NewType("PayoutId", str)
ReversalId = NewType("ReversalId", str)
TicketId = NewType("TicketId", str)
MessageId = NewType("MessageId", str)
LeadId = NewType("LeadId", str)
UploadId = NewType("UploadId", str)
EntryId = NewType("EntryId", str)
EventId = NewType("EventId", str)

SYSTEM = "SYSTEM"
"""The actor of what the market does by itself: closing, expiry, a flag's deadline."""

"""Entities for tests: say what matters, the rest is filled in to fit.

Each builder returns a consistent entity in the state asked for; keywords replace fields, and the
rest follows: ``a_review(status=COMPLETED, offered_amount=150)`` was paid 150 cents. What the market
could never hold, such as a review that is ASSIGNED and paid, raises `Inconsistent`, which says what
is wrong; `fits` has the sentences. Whoever needs nonsense makes it with ``attrs.evolve``.

Ids are unique in the process and sort in the order of making. Other entities are named by invented
ids, so a store that checks references wants them passed: ``a_track(artist_id=artist.id)``.
"""

from reviewcore.testing.builders.fields import (
    GENRES,
    an_id,
)
from reviewcore.testing.builders.fits import (
    Inconsistent,
)
from reviewcore.testing.builders.logs import (
    a_balance_line,
    a_posting,
    a_rate_limit,
    a_webhook_event,
    an_entry,
    an_event_record,
)
from reviewcore.testing.builders.money import (
    a_dispute,
    a_payment,
    a_payout,
    a_refund,
    a_reversal,
    an_attempt,
)
from reviewcore.testing.builders.people import (
    a_genre,
    a_mark,
    a_reset_token,
    a_reviewer,
    a_session,
    a_user,
    an_account,
    an_artist,
    an_email_token,
)
from reviewcore.testing.builders.reviews import (
    a_flag,
    a_flagged_review,
    a_queue_row,
    a_review,
)
from reviewcore.testing.builders.service import (
    a_lead,
    a_message,
    a_ticket,
    an_upload,
)
from reviewcore.testing.builders.tracks import (
    a_slot,
    a_timestamp,
    a_track,
    some_feedback,
)

__all__ = [
    "GENRES",
    "Inconsistent",
    "a_balance_line",
    "a_dispute",
    "a_flag",
    "a_flagged_review",
    "a_genre",
    "a_lead",
    "a_mark",
    "a_message",
    "a_payment",
    "a_payout",
    "a_posting",
    "a_queue_row",
    "a_rate_limit",
    "a_refund",
    "a_reset_token",
    "a_reversal",
    "a_review",
    "a_reviewer",
    "a_session",
    "a_slot",
    "a_ticket",
    "a_timestamp",
    "a_track",
    "a_user",
    "a_webhook_event",
    "an_account",
    "an_artist",
    "an_attempt",
    "an_email_token",
    "an_entry",
    "an_event_record",
    "an_id",
    "an_upload",
    "some_feedback",
]

"""The OpenAPI document says what is served, and the pages need nothing from elsewhere."""

from __future__ import annotations

import re

import attrs
import pytest

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.events import EventRecord
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.flags import Flag
from reviewcore.domain.payouts import Payout
from reviewcore.domain.refunds import Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.support import SupportMessage, SupportTicket
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import User
from reviewcore.entrypoints.http.problems import known_problems, status_of
from reviewcore.entrypoints.http.views import (
    administration,
    money,
    people,
    reviews,
    service,
    tracks,
)
from tests.integration.http.description import operations
from tests.integration.http.service import Service, ok

PROMISED = """
POST /v1/users
POST /v1/email-verifications
POST /v1/email-verifications/resend
POST /v1/sessions
DELETE /v1/sessions/current
POST /v1/password-resets
PUT /v1/password-resets/{token}
PUT /v1/me/email
GET /v1/me/sessions
DELETE /v1/me/sessions
GET /v1/oauth/{provider}
GET /v1/oauth/{provider}/callback
GET /v1/me
GET /v1/me/export
DELETE /v1/me
PUT /v1/me/artist
GET /v1/me/artist
PUT /v1/me/reviewer
GET /v1/me/reviewer
GET /v1/me/reviewer/quiz
POST /v1/me/reviewer/quiz
POST /v1/me/reviewer/onboarding
POST /v1/me/reviewer/payout-account
GET /v1/me/reviewer/payout-dashboard
GET /v1/me/reviewer/balance
GET /v1/genres
GET /v1/packages
POST /v1/tracks
GET /v1/tracks
GET /v1/tracks/{track_id}
PATCH /v1/tracks/{track_id}
POST /v1/uploads
POST /v1/tracks/{track_id}/checkout
GET /v1/checkouts/{session_id}
POST /v1/tracks/{track_id}/cancel
POST /v1/tracks/{track_id}/close
GET /v1/tracks/{track_id}/reviews
GET /v1/tracks/{track_id}/plan
GET /v1/queue
GET /v1/reviews/{review_id}
POST /v1/reviews/{review_id}/heartbeat
POST /v1/reviews/{review_id}/complete
POST /v1/reviews/{review_id}/skip
POST /v1/reviews/{review_id}/unplayable
PUT /v1/reviews/{review_id}/rating
PUT /v1/reviews/{review_id}/gem
DELETE /v1/reviews/{review_id}/gem
POST /v1/reviews/{review_id}/flag
GET /v1/shared/{share_id}
POST /v1/payouts
GET /v1/payouts
GET /v1/payouts/{payout_id}
POST /v1/leads
POST /v1/get-feedback
POST /v1/support/tickets
GET /v1/support/tickets
GET /v1/support/tickets/{ticket_id}
POST /v1/support/tickets/{ticket_id}/messages
GET /v1/admin/tickets
POST /v1/admin/tickets/{ticket_id}/messages
POST /v1/admin/tickets/{ticket_id}/status
GET /v1/admin/users
GET /v1/admin/reviewers
GET /v1/admin/tracks
GET /v1/admin/flags
GET /v1/admin/flags/{flag_id}
GET /v1/admin/payouts
GET /v1/admin/refunds
GET /v1/admin/events
GET /v1/admin/laws
POST /v1/admin/reviewers/{reviewer_id}/restrict
POST /v1/admin/reviewers/{reviewer_id}/unrestrict
POST /v1/admin/reviewers/{reviewer_id}/tier
POST /v1/admin/tracks/{track_id}/cancel
POST /v1/admin/tracks/{track_id}/refund
POST /v1/admin/artists/{artist_id}/credits
POST /v1/admin/flags/{flag_id}/uphold
POST /v1/admin/flags/{flag_id}/dismiss
POST /v1/admin/payouts/{payout_id}/settle
POST /v1/admin/refunds/{refund_id}/settle
POST /v1/admin/users/{user_id}/verify-email
"""

HIDDEN = {
    "password",  # The hash.
    "rating_sum",  # Told as average_rating.
    "listen_carry_ms",  # Milliseconds that do not make a second yet.
    "slot_price",  # The market's share is the market's.
    "feedback",  # Flattened.
    "erased_at",  # Nobody signs in as somebody who has left.
    "author_id",  # Which administrator it was is nobody's business.
    "key",  # What the processor is asked under,
    "number",  # and how many such keys there were.
    "look_ups",  # The worker's own.
    "next_attempt_at",
    "leased_until",
    "assign_at",
    "half_notified_at",
    "completion_notified_at",
}


def test_every_promised_operation_is_described(standing: Service) -> None:
    with standing.caller() as anybody:
        described = {str(one) for one in operations(anybody)}
    assert described >= set(PROMISED.split("\n")) - {""}


def test_every_operation_tells_its_answer_and_its_refusals(standing: Service) -> None:
    with standing.caller() as anybody:
        found = list(operations(anybody))
    names = [one.told["operationId"] for one in found]
    assert len(set(names)) == len(names)
    for operation in found:
        responses = operation.told["responses"]
        [good] = [status for status in responses if status < "400"]
        if good in {"202", "204", "302"}:
            assert "content" not in responses[good], str(operation)
        else:
            assert "schema" in responses[good]["content"]["application/json"]
        for status in set(responses) - {good}:
            assert set(responses[status]["content"]) == {"application/problem+json"}
        assert operation.told["summary"], str(operation)
        assert operation.told["description"], str(operation)
        if not operation.is_open:
            assert "401" in responses
        if operation.body is not None:
            assert operation.body["additionalProperties"] is False or "answers" in operation.body


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_fetch_nothing_from_elsewhere(standing: Service, path: str) -> None:
    with standing.caller() as anybody:
        page = anybody.get(path)
    assert page.status_code == 200
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page.text) == []


def test_every_problem_has_a_page(standing: Service) -> None:
    with standing.caller() as anybody:
        for name in known_problems():
            page = anybody.get(f"/problems/{name}")
            assert page.status_code == 200
            assert name in page.text
        assert anybody.get("/problems/nothing").status_code == 404


def test_every_error_has_a_status() -> None:
    for name, kind in known_problems().items():
        assert issubclass(kind, ReviewcoreError)
        assert 400 <= status_of(kind) < 600, name
        assert status_of(kind) != 500 or name == "internal-error"


@pytest.mark.parametrize(
    ("entity", "view"),
    [
        (User, people.UserView),
        (ArtistProfile, people.ArtistView),
        (ReviewerProfile, people.ReviewerView),
        (Track, tracks.TrackView),
        (Review, reviews.ReviewView),
        (Feedback, reviews.ReviewView),
        (Payout, money.PayoutView),
        (Refund, money.RefundView),
        (Flag, administration.FlagView),
        (EventRecord, administration.EventView),
        (SupportTicket, service.TicketView),
        (SupportMessage, service.MessageView),
    ],
)
def test_every_field_of_an_entity_is_shown_or_hidden_on_purpose(
    entity: type[attrs.AttrsInstance], view: type[attrs.AttrsInstance]
) -> None:
    shown = {field.name for field in attrs.fields(view)}
    missing = {field.name for field in attrs.fields(entity)} - shown - HIDDEN
    assert missing == set(), f"{view.__name__} neither shows nor hides them"
    assert shown & HIDDEN == set()


def test_the_service_tells_how_it_is(standing: Service) -> None:
    with standing.caller() as anybody:
        assert ok(anybody.get("/healthz")) == {"status": "ok"}
        assert ok(anybody.get("/readyz")) == {"status": "ok"}

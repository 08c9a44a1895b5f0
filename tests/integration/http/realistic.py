"""What a client would say to each operation that takes a body."""

from __future__ import annotations

from typing import Any

from tests.integration.http.description import Operation
from tests.integration.http.lively import Lively
from tests.integration.http.people import FORM, GENRES, RIGHT, TRACK
from tests.integration.http.service import PASSWORD

Body = dict[str, Any]

WHY: Body = {"reason": "looked into it"}

BODIES: dict[str, tuple[Body, ...]] = {
    "POST /v1/users": (
        {"email": "fresh@example.com", "password": PASSWORD, "name": "Fresh"},
        {"email": "nova@example.com", "password": PASSWORD},
    ),
    "POST /v1/sessions": (
        {"email": "nova@example.com", "password": PASSWORD},
        {"email": "nova@example.com", "password": "something else"},
    ),
    "POST /v1/password-resets": (
        {"email": "nova@example.com"},
        {"email": "nobody@example.com"},
    ),
    "PUT /v1/password-resets/{token}": ({"password": "another long password"},),
    "PUT /v1/me/email": (
        {"email": "nova.two@example.com", "password": PASSWORD},
        {"email": "vega@example.com", "password": PASSWORD},
        {"email": "nova.two@example.com", "password": "something else"},
    ),
    "DELETE /v1/me": ({"forfeit_balance": True}, {"forfeit_balance": False}),
    "PUT /v1/me/artist": ({"artist_name": "Nova II", "genres": ["techno", "house"]},),
    "PUT /v1/me/reviewer": ({"genres": GENRES, "country": "FR"},),
    "POST /v1/me/reviewer/quiz": ({"answers": RIGHT}, {"answers": {"0": 0}}),
    "POST /v1/tracks": (TRACK, {**TRACK, "package_type": "PRO", "duration": 240}),
    "POST /v1/uploads": (
        {"filename": "demo.mp3", "content_type": "audio/mpeg", "content_length": 1_000_000},
    ),
    "PATCH /v1/tracks/{track_id}": ({"source_url": "https://soundcloud.com/nova/other"},),
    "POST /v1/tracks/{track_id}/checkout": (
        {},
        {"use_free_credit": True},
        {"promo_code": "WELCOME"},
    ),
    "POST /v1/reviews/{review_id}/complete": (FORM,),
    "PUT /v1/reviews/{review_id}/rating": ({"rating": 5}, {"rating": 1, "reason": "two words"}),
    "POST /v1/reviews/{review_id}/flag": ({"reason": "spam"},),
    "POST /v1/payouts": (
        {},
        {"amount_cents": 15},
        {"amount_cents": 10, "method": "PAYPAL", "destination": "rea@paypal.example"},
    ),
    "POST /v1/get-feedback": (
        {
            "email": "lyra@example.com",
            "password": PASSWORD,
            "artist_name": "Lyra",
            "title": "Dawn",
            "source_url": TRACK["source_url"],
            "genres": ["techno"],
        },
    ),
    "POST /v1/leads": (
        {"email": "lead@example.com", "artist_name": "Lyra", "source": "landing"},
        {"email": "nova@example.com"},
    ),
    "POST /v1/support/tickets": ({"subject": "My payout", "message": "Where is it?"},),
    "POST /v1/support/tickets/{ticket_id}/messages": ({"message": "Any news?"},),
    "POST /v1/admin/tickets/{ticket_id}/messages": ({"message": "It left today."},),
    "POST /v1/admin/tickets/{ticket_id}/status": ({"status": "RESOLVED"}, {"status": "CLOSED"}),
    "POST /v1/admin/reviewers/{reviewer_id}/restrict": (WHY,),
    "POST /v1/admin/reviewers/{reviewer_id}/unrestrict": (WHY,),
    "POST /v1/admin/reviewers/{reviewer_id}/tier": (
        {"tier": "PRO", "until": "2099-01-01T00:00:00Z", **WHY},
    ),
    "POST /v1/admin/artists/{artist_id}/credits": ({"credits": 2, **WHY},),
    "POST /v1/admin/tracks/{track_id}/cancel": (WHY,),
    "POST /v1/admin/tracks/{track_id}/refund": (WHY,),
    "POST /v1/admin/flags/{flag_id}/uphold": (WHY,),
    "POST /v1/admin/flags/{flag_id}/dismiss": (WHY,),
    "POST /v1/admin/payouts/{payout_id}/settle": ({"reference": "PP-1"},),
    "POST /v1/admin/refunds/{refund_id}/settle": ({"reference": "SEPA 7", **WHY},),
    "POST /v1/admin/users/{user_id}/verify-email": (WHY,),
}


def bodies(operation: Operation, market: Lively) -> tuple[Body, ...]:
    """Tell bodies that *operation* should take; empty when it takes none.

    Where nothing better is known they have the right form only.
    """
    if str(operation) == "POST /v1/email-verifications":
        return ({"token": market.service.mailed_token(market.newcomer.email)},)
    told = operation.good_body()
    if told is None:
        return ()
    return BODIES.get(str(operation), (told,))

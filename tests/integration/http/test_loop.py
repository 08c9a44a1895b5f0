"""The main job over HTTP, as a stranger walks it who knows nothing but the routes."""

from __future__ import annotations

import httpx

from tests.integration.http.people import (
    FORM,
    Person,
    assignment,
    join,
    join_as_artist,
    join_as_reviewer,
    review,
    submit,
    submit_and_pay,
)
from tests.integration.http.service import ADMIN, Json, Service, ok, problem


def withdraw(reviewer: Person, amount: int) -> Json:
    """Complete the payout account at the bank's page and withdraw."""
    url = ok(reviewer.post("/v1/me/reviewer/payout-account"))["url"]
    told = httpx.post(url, data={"outcome": "complete"})
    assert told.status_code == 303
    assert told.headers["location"].endswith("/payouts/return")
    return ok(reviewer.post("/v1/payouts", {"amount_cents": amount}, key="all-of-it"), 201)


def test_a_track_is_submitted_paid_reviewed_rated_flagged_and_the_reviewer_is_paid(  # noqa: PLR0915 - one story
    service: Service,
) -> None:
    admin = join(service, ADMIN)
    artist = join_as_artist(service, "nova@example.com")
    good = join_as_reviewer(service, "rea@example.com", "Rea <i>Viewer</i>")
    poor = join_as_reviewer(service, "leo@example.com")

    # Artists pay, reviewers are found, listen and write.
    track = submit_and_pay(artist)
    path = f"/v1/tracks/{track['id']}"
    assert ok(artist.get(path))["status"] == "QUEUED"
    line = assignment(good)
    assert line["track"]["title"] == "Night Drive"
    assert line["offered_amount"] == 50
    first, second = review(good), review(poor)
    assert first["status"] == "COMPLETED"
    assert first["paid_amount"] == 50
    assert first["best_part"] == FORM["best_part"]
    assert first["timestamps"] == FORM["timestamps"]
    assert ok(artist.get(path))["status"] == "COMPLETED"
    assert {one["id"] for one in ok(artist.get(f"{path}/reviews"))["items"]} == {
        first["id"],
        second["id"],
    }

    # The artist judges.
    praised = ok(artist.put(f"/v1/reviews/{first['id']}/rating", {"rating": 5}))
    assert praised["artist_rating"] == 5
    assert ok(artist.put(f"/v1/reviews/{first['id']}/gem"))["is_gem"] is True
    assert ok(good.get("/v1/me/reviewer"))["average_rating"] == 5
    assert ok(good.get("/v1/me/reviewer"))["gem_count"] == 1
    for reviewed in (first, second):
        told = ok(artist.post(f"/v1/reviews/{reviewed['id']}/flag", {"reason": "spam"}))
        assert told["flag_status"] == "OPEN"
    assert ok(artist.get(path))["status"] == "QUEUED"
    assert ok(good.get("/v1/me/reviewer/balance"))["withdrawable"] == 0

    # An administrator decides: one flag was wrong, the other right.
    flags = {one["review_id"]: one["id"] for one in ok(admin.get("/v1/admin/flags"))["items"]}
    dismiss = f"/v1/admin/flags/{flags[first['id']]}/dismiss"
    assert ok(admin.post(dismiss, {"reason": "a fine review"}))["status"] == "DISMISSED"
    uphold = f"/v1/admin/flags/{flags[second['id']]}/uphold"
    assert ok(admin.post(uphold, {"reason": "spam indeed"}))["status"] == "UPHELD"
    assert ok(artist.get(path))["status"] == "IN_PROGRESS"
    assert ok(poor.get("/v1/me/reviewer/balance"))["pending_balance"] == 0

    # What was cleared can be shown around; what was not, cannot.
    with service.caller() as anybody:
        shared = ok(anybody.get(f"/v1/shared/{first['share_id']}"))
        page = anybody.get(f"/s/{first['share_id']}")
        problem(anybody.get(f"/v1/shared/{second['share_id']}"), 404, "not-found")
        problem(anybody.get(f"/s/{second['share_id']}"), 404, "not-found")
    assert shared["reviewer"] == {"name": "Rea <i>Viewer</i>", "tier": "NORMAL"}
    assert page.status_code == 200
    assert "&lt;b&gt;bass&lt;/b&gt;" in page.text
    assert "Rea &lt;i&gt;Viewer&lt;/i&gt;" in page.text
    assert "<i>" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]

    # The reviewer takes the money home.
    payout = withdraw(good, 50)
    assert payout["status"] == "COMPLETED"
    assert payout["external_id"]
    assert ok(good.get(f"/v1/payouts/{payout['id']}")) == payout
    assert ok(good.get("/v1/payouts", status="COMPLETED"))["items"] == [payout]
    balance = ok(good.get("/v1/me/reviewer/balance"))
    assert balance["pending_balance"] == sum(line["amount"] for line in balance["entries"]) == 0
    assert [one.amount for one in service.bank.transferred()] == [50]

    # The artist's other slot waits; an administrator gives its price back.
    given = ok(admin.post(f"/v1/admin/tracks/{track['id']}/refund", {"reason": "nobody else"}))
    assert given["refunded_cents"] == 247
    assert [one.amount for one in service.bank.refunded()] == [247]
    assert ok(artist.get(path))["status"] == "COMPLETED"

    assert ok(admin.get("/v1/admin/laws"))["items"] == []


def test_a_free_credit_queues_a_track_without_a_payment(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    track = submit(artist)

    told = ok(artist.post(f"/v1/tracks/{track['id']}/checkout", {"use_free_credit": True}))

    assert told["status"] == "QUEUED"
    assert told["url"] is None
    assert told["track"]["promo_code"] == "FREE_CREDIT"
    assert ok(artist.get("/v1/me/artist"))["free_review_credits"] == 0


def test_what_was_paid_for_a_cancelled_track_goes_back_at_once(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    track = submit_and_pay(artist)

    told = ok(artist.post(f"/v1/tracks/{track['id']}/cancel"))

    assert told["track"]["status"] == "CANCELLED"
    assert told["refunded_cents"] == 495
    assert [one.amount for one in service.bank.refunded()] == [495]
    assert ok(artist.get("/v1/me/artist"))["total_spent"] == 0


def test_a_declined_payment_can_be_tried_again(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    track = submit(artist)
    checkout = ok(artist.post(f"/v1/tracks/{track['id']}/checkout"))
    told = httpx.post(checkout["url"], data={"outcome": "decline"}, follow_redirects=True)
    assert "No payment has arrived" in told.text
    assert ok(artist.get(f"/v1/checkouts/{checkout['session_id']}"))["status"] == "FAILED"

    again = ok(artist.post(f"/v1/tracks/{track['id']}/checkout"))
    told = httpx.post(again["url"], data={"outcome": "pay"}, follow_redirects=True)

    assert "The payment has arrived" in told.text
    assert ok(artist.get(f"/v1/tracks/{track['id']}"))["status"] == "QUEUED"


def test_administrators_vouch_restrict_grant_and_settle(service: Service) -> None:
    admin = join(service, ADMIN)
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    unproven = join(service, "new@example.com", verified=False)
    me = ok(reviewer.get("/v1/me"))["reviewer"]
    path = f"/v1/admin/reviewers/{me['id']}"

    vouched = ok(admin.post(f"/v1/admin/users/{unproven.user['id']}/verify-email"))
    assert vouched["email_verified"]
    grant = {"tier": "PRO", "until": "2099-01-01T00:00:00Z", "reason": "well known"}
    assert ok(admin.post(f"{path}/tier", grant))["tier"] == "PRO"
    assert ok(admin.post(f"{path}/restrict", {"reason": "spam"}))["is_restricted"] is True
    problem(reviewer.get("/v1/queue"), 403, "reviewer-restricted")
    assert len(ok(admin.get("/v1/admin/reviewers", is_restricted=True))["items"]) == 1
    assert ok(admin.post(f"{path}/unrestrict", {"reason": "sorry"}))["is_restricted"] is False
    artist_id = ok(artist.get("/v1/me/artist"))["id"]
    richer = {"credits": 2, "reason": "a gift"}
    told = ok(admin.post(f"/v1/admin/artists/{artist_id}/credits", richer))
    assert told["free_review_credits"] == 3

    track = submit_and_pay(artist)
    review(reviewer)
    asked = {"method": "PAYPAL", "destination": "rea@paypal.example"}
    payout = ok(reviewer.post("/v1/payouts", asked), 201)
    assert payout["status"] == "PENDING"
    settled = ok(admin.post(f"/v1/admin/payouts/{payout['id']}/settle", {"reference": "PP-1"}))
    assert settled["status"] == "COMPLETED"
    plan = ok(admin.get(f"/v1/tracks/{track['id']}/plan"))
    assert plan["open_slots"] == 1
    assert [one["reason"] for one in plan["verdicts"]] == ["REVIEWED_BEFORE"]
    acts = [
        one
        for one in ok(admin.get("/v1/admin/events", limit=100))["items"]
        if one["type"] == "AdminActed"
    ]
    assert [one["payload"]["act"] for one in acts] == [
        "verify_email", "grant_tier", "restrict_reviewer", "unrestrict_reviewer",
        "grant_free_credit", "settle_payout",
    ]  # fmt: skip
    assert {one["actor"] for one in acts} == {admin.user["id"]}

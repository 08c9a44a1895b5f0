"""A repeat under the same idempotency key is told the same and changes nothing."""

from __future__ import annotations

import concurrent.futures

import httpx
import pytest

from tests.integration.http.people import (
    FORM,
    RIGHT,
    TRACK,
    Person,
    assignment,
    join,
    join_as_artist,
    join_as_reviewer,
    listen,
    review,
    submit,
    submit_and_pay,
)
from tests.integration.http.service import ADMIN, Service, ok, problem


def test_a_repeat_is_told_the_same(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")

    first = ok(artist.post("/v1/tracks", TRACK, key="once"), 201)
    again = ok(artist.post("/v1/tracks", TRACK, key="once"), 201)

    assert again == first
    assert len(ok(artist.get("/v1/tracks"))["items"]) == 1


def test_a_key_belongs_to_its_first_body(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    ok(artist.post("/v1/tracks", TRACK, key="once"), 201)

    answer = artist.post("/v1/tracks", {**TRACK, "title": "Another"}, key="once")

    problem(answer, 409, "idempotency-key-reused")


def test_a_key_is_its_owners(service: Service) -> None:
    nova = join_as_artist(service, "nova@example.com")
    vega = join_as_artist(service, "vega@example.com")

    first = ok(nova.post("/v1/tracks", TRACK, key="once"), 201)
    second = ok(vega.post("/v1/tracks", TRACK, key="once"), 201)

    assert first["id"] != second["id"]


def test_checking_out_again_under_its_key_shows_the_same_page_and_then_that_it_is_paid(
    service: Service,
) -> None:
    artist = join_as_artist(service, "nova@example.com")
    path = f"/v1/tracks/{submit(artist)['id']}/checkout"

    first = ok(artist.post(path, {}, key="pay"))
    assert ok(artist.post(path, {}, key="pay"))["url"] == first["url"]
    httpx.post(first["url"], data={"outcome": "pay"})
    ok(artist.get(f"/v1/checkouts/{first['session_id']}"))
    after = ok(artist.post(path, {}, key="pay"))

    assert (after["status"], after["url"]) == ("QUEUED", None)
    assert len(service.bank.paid()) == 1


def test_completing_and_withdrawing_twice_pays_once(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    submit_and_pay(artist)
    review_id = assignment(reviewer)["review_id"]
    listen(reviewer, review_id)
    path = f"/v1/reviews/{review_id}/complete"

    first = ok(reviewer.post(path, FORM, key="done"))
    assert ok(reviewer.post(path, FORM, key="done")) == first
    problem(reviewer.post(path, FORM), 409, "review-not-active")
    url = ok(reviewer.post("/v1/me/reviewer/payout-account", key="account"))["url"]
    httpx.post(url, data={"outcome": "complete"})
    paid = ok(reviewer.post("/v1/payouts", key="all"), 201)
    again = ok(reviewer.post("/v1/payouts", key="all"), 201)

    assert paid == again
    assert (paid["amount"], paid["status"]) == (50, "COMPLETED")
    assert len(service.bank.transferred()) == 1


def test_many_withdrawals_at_once_give_one_payout(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    submit_and_pay(artist)
    review(reviewer)
    asked = {"method": "MANUAL", "destination": "cash"}

    with concurrent.futures.ThreadPoolExecutor(10) as threads:
        told = [threads.submit(reviewer.post, "/v1/payouts", asked) for _ in range(20)]
        statuses = [one.result().status_code for one in told]

    assert sorted(statuses) == [201] + [422] * 19
    assert len(ok(reviewer.get("/v1/payouts"))["items"]) == 1


def test_every_kind_of_post_may_carry_a_key(service: Service) -> None:
    admin = join(service, ADMIN)
    person = join(service, "new@example.com", verified=False)
    ok(person.put("/v1/me/reviewer", {"genres": ["techno", "house", "trance"], "country": "DE"}))

    def twice(who: Person, path: str, body: object = None, *, status: int = 200) -> None:
        assert ok(who.post(path, body, key="k"), status) == ok(
            who.post(path, body, key="k"), status
        )

    twice(person, "/v1/email-verifications/resend", status=202)
    twice(person, "/v1/me/reviewer/quiz", {"answers": RIGHT})
    twice(person, "/v1/me/reviewer/onboarding")
    twice(admin, f"/v1/admin/users/{person.user['id']}/verify-email", {"reason": "a friend"})


@pytest.mark.parametrize("key", [b"", b"a b", "é".encode(), b"x" * 256])
def test_a_key_is_1_to_255_visible_characters(light: Service, key: bytes) -> None:
    artist = join_as_artist(light, "nova@example.com")

    answer = artist.http.post("/v1/tracks", json=TRACK, headers={b"Idempotency-Key": key})

    problem(answer, 400, "malformed-parameter")


def test_a_refusal_leaves_the_key_free(light: Service) -> None:
    artist = join_as_artist(light, "nova@example.com")
    problem(artist.post("/v1/tracks", {**TRACK, "title": ""}, key="once"), 422)

    ok(artist.post("/v1/tracks", TRACK, key="once"), 201)

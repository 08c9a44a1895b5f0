"""Refunds that the processor cannot make, as administrators see and end them."""

from __future__ import annotations

from reviewcore.domain.ids import RefundId
from reviewcore.ports.processor import Done
from reviewcore.usecases.steps.refunds import follow_refund
from tests.integration.http.people import Person, join, join_as_artist, submit_and_pay
from tests.integration.http.service import ADMIN, Json, Service, ok, problem

BY_HAND = {"reference": "SEPA 7", "reason": "the card is closed"}


def come_back(service: Service, artist: Person, admin: Person) -> Json:
    """Have a cancelled track's money refunded, and its refund returned by the payer's bank."""
    track = submit_and_pay(artist)
    ok(artist.post(f"/v1/tracks/{track['id']}/cancel"))
    [done] = ok(admin.get("/v1/admin/refunds", status="COMPLETED"))["items"]
    service.bank.fail_refund(done["external_id"])
    told = service.bank.refund_view(done["external_id"])
    assert isinstance(told, Done)
    with service.app.store.begin() as tx:
        follow_refund(tx, tx.refunds.get(RefundId(done["id"])), told.view)
    [back] = ok(admin.get("/v1/admin/refunds", status="RETURNED"))["items"]
    assert back["id"] == done["id"]
    return back


def test_an_administrator_ends_a_refund_that_came_back_and_the_artist_may_leave(
    service: Service,
) -> None:
    admin, artist = join(service, ADMIN), join_as_artist(service, "nova@example.com")
    refund = come_back(service, artist, admin)
    path = f"/v1/admin/refunds/{refund['id']}/settle"
    bound = problem(artist.http.delete("/v1/me"), 422, "cannot-leave")
    assert bound["refunds"] == [refund["id"]]

    problem(artist.post(path, BY_HAND), 403, "not-admin")
    problem(admin.post(path, {**BY_HAND, "reason": " "}), 422, "reason-required")
    problem(admin.post(path, {**BY_HAND, "reference": ""}), 422, "invalid-text")
    problem(admin.post(path, {"reference": "SEPA 7"}), 400, "malformed-body")
    settled = ok(admin.post(path, BY_HAND, key="once"))
    again = ok(admin.post(path, BY_HAND, key="once"))

    assert settled == again
    assert (settled["status"], settled["reference"]) == ("SETTLED", "SEPA 7")
    problem(admin.post(path, BY_HAND), 409, "invalid-transition")
    problem(admin.post("/v1/admin/refunds/nothing/settle", BY_HAND), 404, "not-found")
    assert ok(admin.get("/v1/admin/refunds", status="RETURNED"))["items"] == []
    assert ok(admin.get("/v1/admin/refunds"))["items"] == [settled]
    assert ok(admin.get("/v1/admin/laws"))["items"] == []
    assert artist.http.delete("/v1/me").status_code < 300

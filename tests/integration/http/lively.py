"""A market in which something of everything is under way, and whose each thing is.

Two artists and three reviewers, all at the same: whatever one has, another has as well.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import attrs
from sqlalchemy import Engine, inspect, text

from reviewcore.domain.rules import rules_from
from reviewcore.domain.throttling import MOST_MAX, Limit
from reviewcore.testing import ManualClock
from tests.integration.http.people import (
    FORM,
    GENRES,
    RIGHT,
    Person,
    join,
    join_as_artist,
    join_as_reviewer,
    pay,
    submit,
    submit_and_pay,
)
from tests.integration.http.service import ADMIN, Json, Service, ok, served

RULES = """
reviewer_account_age_hours = 0
active_assignments_max_normal = 50
pair_reviews_max = 100
minimum_listen_seconds = 1
words_min = 4
words_unique_min = 3
minimum_payout_cents = 10
payout_delay_days = 0
flags_max = 100
flags_per_track_max_percent = 100
fill_deadline_days = 1
promo_codes = { WELCOME = 2 }

[packages.STARTER]
reviews = 3

[throttles]
""" + "\n".join(f"{limit} = {MOST_MAX}" for limit in Limit)


IDS = {
    "track_id": """
        SELECT tracks.id, artist_profiles.user_id FROM tracks
        JOIN artist_profiles ON artist_profiles.id = tracks.artist_id""",
    "session_id": """
        SELECT checkout_attempts.session_id, artist_profiles.user_id FROM checkout_attempts
        JOIN tracks ON tracks.id = checkout_attempts.track_id
        JOIN artist_profiles ON artist_profiles.id = tracks.artist_id
        WHERE checkout_attempts.session_id IS NOT NULL""",
    "review_id": """
        SELECT reviews.id, artist_profiles.user_id FROM reviews
        JOIN artist_profiles ON artist_profiles.id = reviews.artist_id
        UNION ALL SELECT reviews.id, reviewer_profiles.user_id FROM reviews
        JOIN reviewer_profiles ON reviewer_profiles.id = reviews.reviewer_id""",
    "share_id": """
        SELECT reviews.share_id, reviewer_profiles.user_id FROM reviews
        JOIN reviewer_profiles ON reviewer_profiles.id = reviews.reviewer_id
        WHERE reviews.share_id IS NOT NULL""",
    "payout_id": """
        SELECT payouts.id, reviewer_profiles.user_id FROM payouts
        JOIN reviewer_profiles ON reviewer_profiles.id = payouts.reviewer_id""",
    "refund_id": """
        SELECT refunds.id, artist_profiles.user_id FROM refunds
        JOIN tracks ON tracks.id = refunds.track_id
        JOIN artist_profiles ON artist_profiles.id = tracks.artist_id""",
    "flag_id": """
        SELECT flags.id, reviewer_profiles.user_id FROM flags
        JOIN reviewer_profiles ON reviewer_profiles.id = flags.reviewer_id""",
    # Whose history it is, or else who did it.
    "event_id": """
        SELECT events.id, COALESCE(
            users.id, artist_profiles.user_id, reviewer_profiles.user_id, events.actor
        ) FROM events
        LEFT JOIN users ON events.aggregate = 'user:' || users.id
        LEFT JOIN artist_profiles ON events.actor = artist_profiles.id
            OR events.aggregate = 'artist:' || artist_profiles.id
        LEFT JOIN reviewer_profiles ON events.actor = reviewer_profiles.id
            OR events.aggregate = 'reviewer:' || reviewer_profiles.id""",
    "ticket_id": "SELECT id, user_id FROM support_tickets",
    "user_id": "SELECT id, id FROM users",
    "artist_id": "SELECT id, user_id FROM artist_profiles",
    "reviewer_id": "SELECT id, user_id FROM reviewer_profiles",
}
"""For every parameter of a path: the ids there are, each with the user whose it is."""


@attrs.frozen(kw_only=True)
class Lively:
    """The market, and who lives in it."""

    service: Service
    clock: ManualClock
    admin: Person
    nova: Person
    vega: Person
    rea: Person
    leo: Person
    mia: Person
    newcomer: Person
    barred: Person

    @property
    def reviewers(self) -> tuple[Person, Person, Person]:
        return (self.rea, self.leo, self.mia)

    @property
    def engine(self) -> Engine:
        # What stands in the database no port tells whole.
        engine: Engine = self.service.app.store._doors.engine  # type: ignore[attr-defined]  # as above
        return engine

    def ids(self, parameter: str) -> list[tuple[str, str]]:
        """Tell the ids for *parameter* of a path, each with the user whose it is."""
        if parameter == "token":
            # Only the mail has it.
            return [(self.service.mailed_token(self.barred.email), self.barred.user["id"])]
        if parameter == "provider":
            # There is none: the tests of those that are walk to them and back.
            return [("nowhere", "")]
        assert parameter in IDS, f"say in {__name__}.IDS what {{{parameter}}} of a path can be"
        with self.engine.connect() as connection:
            rows = connection.execute(text(IDS[parameter])).all()
        assert rows, f"the lively market has nothing that {{{parameter}}} of a path could name"
        return sorted((str(one), str(owner)) for one, owner in rows)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Tell all that is kept, by table, but how often somebody tried: refused tries count."""
        with self.engine.connect() as connection:
            return {
                table: sorted(
                    map(tuple, connection.execute(text(f"SELECT * FROM {table}"))), key=repr
                )
                for table in inspect(connection).get_table_names()
                if table != "rate_limits"
            }

    def listen(self, reviewer: Person, review_id: str) -> None:
        path = f"/v1/reviews/{review_id}/heartbeat"
        ok(reviewer.post(path))
        self.clock.advance(seconds=5)
        assert ok(reviewer.post(path))["minimum_reached"]

    def deliver(self, reviewer: Person, review_id: str) -> None:
        self.listen(reviewer, review_id)
        ok(reviewer.post(f"/v1/reviews/{review_id}/complete", FORM))


@contextmanager
def lively(database_url: str, folder: Path) -> Iterator[Lively]:
    """Serve a lively market that is the same in every run, whose clock stands still."""
    rules = rules_from(tomllib.loads(RULES))
    clock = ManualClock()
    with served(
        database_url, folder, rules=rules, clock=clock, dice=Random(1), books=folder / "bank.db"
    ) as service:
        market = Lively(
            service=service,
            clock=clock,
            admin=join(service, ADMIN),
            nova=join_as_artist(service, "nova@example.com"),
            vega=join_as_artist(service, "vega@example.com", "Vega"),
            rea=join_as_reviewer(service, "rea@example.com"),
            leo=join_as_reviewer(service, "leo@example.com", "Leo"),
            mia=join_as_reviewer(service, "mia@example.com", "Mia"),
            newcomer=join(service, "new@example.com", verified=False),
            barred=join_as_reviewer(service, "max@example.com", "Max"),
        )
        _live(market)
        yield market


def _live(market: Lively) -> None:
    artists = (market.nova, market.vega)
    # Nobody reviews salsa; after a day the artist may close.
    for artist in artists:
        submit_and_pay(artist, title="Overdue", genres=["salsa"])
    market.clock.advance(hours=23, minutes=30)
    for person in (*artists, market.rea, market.newcomer):
        _ask(market, person)
    _arrive(market)
    for artist in artists:
        _buy(market, artist)
    for artist in artists:
        _have_reviewed(market, artist)
    for reviewer in market.reviewers:
        _withdraw(reviewer)
    for artist in artists:
        _have_under_way(market, artist)
    # The worker does not run again: what is overdue stays overdue, and nothing expires.
    market.clock.advance(minutes=30)
    for reviewer in market.reviewers:
        for row in ok(reviewer.get("/v1/queue", limit=100))["items"]:
            if row["track"]["title"] == "Heard":
                market.listen(reviewer, row["review_id"])


def _ask(market: Lively, person: Person) -> None:
    """Two tickets: one that waits, one that was answered."""
    for subject in ("How do I begin?", "Where is my mail?"):
        told = {"subject": subject, "message": "Please tell me."}
        ticket = ok(person.post("/v1/support/tickets", told), 201)
    path = f"/v1/admin/tickets/{ticket['id']}"
    ok(market.admin.post(f"{path}/messages", {"message": "Soon."}), 201)


def _arrive(market: Lively) -> None:
    """One reviewer who has only passed the quiz, and one who may review no more."""
    ok(market.newcomer.put("/v1/me/reviewer", {"genres": GENRES, "country": "DE"}))
    ok(market.newcomer.post("/v1/me/reviewer/quiz", {"answers": RIGHT}))
    ok(market.newcomer.post("/v1/email-verifications/resend"), 202)
    ok(market.barred.post("/v1/password-resets", {"email": market.barred.email}), 202)
    barred = ok(market.barred.get("/v1/me/reviewer"))["id"]
    ok(market.admin.post(f"/v1/admin/reviewers/{barred}/restrict", {"reason": "copied"}))


def _buy(market: Lively, artist: Person) -> None:
    submit(artist, title="Not paid yet")
    unpaid = submit(artist, title="At the bank")
    ok(artist.post(f"/v1/tracks/{unpaid['id']}/checkout"))
    declined = submit(artist, title="Declined")
    url = ok(artist.post(f"/v1/tracks/{declined['id']}/checkout"))["url"]
    with market.service.caller() as browser:
        browser.post(url, data={"outcome": "decline"})
    # Paid, and we have not asked yet: the page itself tells the market.
    pay(artist, submit(artist, title="Waits", genres=["salsa"]))
    cancelled = submit_and_pay(artist, title="Cancelled", genres=["salsa"])
    ok(artist.post(f"/v1/tracks/{cancelled['id']}/cancel"))
    market.service.app.run_pending()


def _have_reviewed(market: Lively, artist: Person) -> None:
    """Two tracks reviewed by all three; the reviews of one are judged."""
    for title in ("Done", "Judged"):
        track = submit_and_pay(artist, title=title)
        for reviewer, review_id in _assigned(market, track):
            market.deliver(reviewer, review_id)
    done = ok(artist.get(f"/v1/tracks/{track['id']}/reviews"))["items"]
    praised, upheld, dismissed = (one["id"] for one in done)
    ok(artist.put(f"/v1/reviews/{praised}/rating", {"rating": 5}))
    ok(artist.put(f"/v1/reviews/{praised}/gem"))
    for flagged in (praised, upheld, dismissed):
        ok(artist.post(f"/v1/reviews/{flagged}/flag", {"reason": "spam"}))
    waiting = ok(market.admin.get("/v1/admin/flags", status="OPEN"))["items"]
    flags = {one["review_id"]: one["id"] for one in waiting}
    for review_id, verdict in ((upheld, "uphold"), (dismissed, "dismiss")):
        path = f"/v1/admin/flags/{flags[review_id]}/{verdict}"
        ok(market.admin.post(path, {"reason": "read it twice"}))


def _withdraw(reviewer: Person) -> None:
    """One payout sent and one that waits for hands; some of the balance is left."""
    url = ok(reviewer.post("/v1/me/reviewer/payout-account"))["url"]
    with reviewer.service.caller() as browser:
        browser.post(url, data={"outcome": "complete"})
    sent = ok(reviewer.post("/v1/payouts", {"amount_cents": 20}), 201)
    assert sent["status"] == "COMPLETED"
    by_hand = {"amount_cents": 10, "method": "MANUAL", "destination": "cash"}
    assert ok(reviewer.post("/v1/payouts", by_hand), 201)["status"] == "PENDING"


def _have_under_way(market: Lively, artist: Person) -> None:
    """One track that all have heard, one that is only assigned, and one that some gave back."""
    heard = submit_and_pay(artist, title="Heard", package_type="STANDARD")
    untouched = submit_and_pay(artist, title="Untouched", package_type="STANDARD")
    given_back = submit_and_pay(artist, title="Given back", package_type="STANDARD")
    for reviewer, review_id in _assigned(market, heard):
        market.listen(reviewer, review_id)
    assert len(_assigned(market, untouched)) == len(market.reviewers)
    turns = ("skip", "unplayable", "heartbeat")
    for (reviewer, review_id), turn in zip(_assigned(market, given_back), turns, strict=True):
        ok(reviewer.post(f"/v1/reviews/{review_id}/{turn}"))


def _assigned(market: Lively, track: Json) -> list[tuple[Person, str]]:
    market.service.app.run_pending()
    found: list[tuple[Person, str]] = []
    for reviewer in market.reviewers:
        rows: list[dict[str, Any]] = ok(reviewer.get("/v1/queue", limit=100))["items"]
        found += [(reviewer, row["review_id"]) for row in rows if row["track"]["id"] == track["id"]]
    assert len(found) == len(market.reviewers), track["title"]
    return found

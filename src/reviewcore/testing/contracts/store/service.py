"""Support tickets with their messages, leads, and uploads."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.errors import Busy
from reviewcore.domain.events import TicketMoved
from reviewcore.domain.ids import TicketId
from reviewcore.domain.support import AuthorType, TicketStatus
from reviewcore.domain.uploads import UploadStatus
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_lead, a_message
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.races import at_once
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures, interrupt, write

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)


class ServiceContract(StoreFixtures):
    """Order, pages, filters, leases and purges."""

    def test_messages_are_those_of_the_ticket_oldest_first(
        self, store: Store, scene: Scene
    ) -> None:
        ticket, other = scene.ticket(), scene.ticket()
        first, second, third = (
            a_message(ticket_id=ticket.id, author_type=author)
            for author in (AuthorType.USER, AuthorType.ADMIN, AuthorType.USER)
        )
        stray = a_message(ticket_id=other.id)

        write(store, lambda tx: tx.messages.add(third, stray, first, second))

        with store.read() as tx:
            assert list(tx.messages.of_ticket(ticket.id)) == [first, second, third]
            assert list(tx.messages.of_ticket(other.id)) == [stray]
            assert list(tx.messages.of_ticket(TicketId("nothing"))) == []

    def test_a_message_is_replaced(self, store: Store, scene: Scene) -> None:
        ticket = scene.ticket()
        message = a_message(ticket_id=ticket.id, body="Zoë «naïve» 音楽 🎧\n\ttwo 'quotes' %s --")
        write(store, lambda tx: tx.messages.add(message))
        with store.read() as tx:
            assert list(tx.messages.of_ticket(ticket.id)) == [message]
        emptied = attrs.evolve(message, body="")

        write(store, lambda tx: tx.messages.update(emptied))

        with store.read() as tx:
            assert list(tx.messages.of_ticket(ticket.id)) == [emptied]

    def test_an_interrupted_block_leaves_no_message(self, store: Store, scene: Scene) -> None:
        ticket = scene.ticket()

        interrupt(store, lambda tx: tx.messages.add(a_message(ticket_id=ticket.id)))

        with store.read() as tx:
            assert list(tx.messages.of_ticket(ticket.id)) == []

    def test_tickets_come_in_pages_by_user_and_status(self, store: Store, scene: Scene) -> None:
        user, other = scene.user(), scene.user()
        opened = [scene.ticket(user) for _ in range(3)]
        closed = scene.ticket(user, status=TicketStatus.CLOSED)
        foreign = scene.ticket(other)

        def page(**asked: object) -> list[str]:
            told = {"user_id": None, "status": None, "after": None, "limit": 10} | asked
            with store.read() as tx:
                return [one.id for one in tx.tickets.page(**told)]  # type: ignore[arg-type]  # said by name

        mine = [one.id for one in (*opened, closed)]
        assert page() == [*mine, foreign.id]
        assert page(user_id=user.id) == mine
        assert page(status=TicketStatus.OPEN) == [*mine[:3], foreign.id]
        assert page(user_id=user.id, status=TicketStatus.CLOSED) == [closed.id]
        assert page(user_id=user.id, limit=2) == mine[:2]
        assert page(user_id=user.id, after=mine[1], limit=2) == mine[2:]
        assert page(user_id=user.id, after=mine[-1]) == []

    def test_a_lead_is_found_by_its_address(self, store: Store, scene: Scene) -> None:
        lead = scene.lead(email="ada@example.com")
        scene.lead()

        with store.read() as tx:
            assert tx.leads.by_email("ada@example.com") == lead
            assert tx.leads.by_email("bob@example.com") is None

    def test_an_address_is_one_lead(self, store: Store, scene: Scene) -> None:
        lead = scene.lead()

        # Whoever runs again finds the lead that was first.
        with pytest.raises(Busy), store.begin() as tx:
            tx.leads.add(a_lead(email=lead.email))

        with store.read() as tx:
            assert list(tx.leads.all()) == [lead]

    def test_a_lead_is_leased_when_its_reminder_is_due(self, store: Store, scene: Scene) -> None:
        late = scene.lead(next_attempt_at=START + MINUTE)
        early = scene.lead(next_attempt_at=START)
        scene.lead(next_attempt_at=None)
        scene.lead(reminded=START)

        def lease(now: timedelta, limit: int = 10) -> list[str]:
            at = START + now
            with store.begin() as tx:
                return [one.id for one in tx.leads.lease(at, until=at + MINUTE, limit=limit)]

        assert lease(-INSTANT) == []
        assert lease(timedelta(0)) == [early.id]
        # Taken until the minute is over.
        assert lease(MINUTE - INSTANT) == []
        assert len(lease(MINUTE, limit=1)) == 1
        assert len(lease(MINUTE)) == 1
        assert lease(MINUTE) == []
        assert lease(2 * MINUTE) == sorted([late.id, early.id])

    def test_workers_share_the_reminders(self, store: Store, scene: Scene) -> None:
        wanted = sorted(scene.lead().id for _ in range(12))

        def lease() -> list[str]:
            with store.begin() as tx:
                due = tx.leads.lease(START, until=START + MINUTE, limit=4)
                return [one.id for one in due]

        told = at_once(lease, times=4)

        # Who skips what others hold may come back with less than there is.
        taken = [one for some in (*told, lease(), lease(), lease()) for one in some]
        assert sorted(taken) == wanted

    def test_uploads_are_those_of_the_artist_in_order(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()
        first, second = scene.upload(artist), scene.upload(artist)
        other = scene.upload()

        with store.read() as tx:
            assert list(tx.uploads.of_artist(artist.id)) == [first, second]
            assert list(tx.uploads.of_artist(other.artist_id)) == [other]

    def test_old_uploads_that_came_to_nothing_are_purged(self, store: Store, scene: Scene) -> None:
        long_ago, limit = START - 2 * MINUTE, START - MINUTE
        for status in (UploadStatus.STARTED, UploadStatus.REFUSED):
            scene.upload(status=status, created_at=long_ago)
        kept = [
            scene.upload(status=UploadStatus.ACCEPTED, created_at=long_ago),
            scene.upload(created_at=limit),
            scene.upload(status=UploadStatus.REFUSED),
        ]

        with store.begin() as tx:
            assert tx.uploads.purge(limit, limit=9) == 2
        with store.begin() as tx:
            assert tx.uploads.purge(limit, limit=9) == 0

        with store.read() as tx:
            assert list(tx.uploads.all()) == kept

    def test_a_purge_sees_what_was_written_before_it(self, store: Store, scene: Scene) -> None:
        upload = scene.upload(created_at=START - MINUTE)

        with store.begin() as tx:
            tx.uploads.update(tx.uploads.lock(upload.id).accept(200, kept_as="kept/1"))
            assert tx.uploads.purge(START, limit=9) == 0

        with store.read() as tx:
            assert tx.uploads.get(upload.id).status is UploadStatus.ACCEPTED

    def test_what_waits_is_counted(self, store: Store, scene: Scene, clock: ManualClock) -> None:
        waiting = scene.event()
        scene.event(is_handled=True)
        write(
            store,
            lambda tx: tx.events.add(
                *(TicketMoved(ticket_id=one, status="OPEN") for one in map(TicketId, "abc"))
            ),
        )
        with store.read() as tx:
            first, second, third = list(tx.events.all())
            assert (tx.events.waiting(), tx.inbox.waiting()) == (3, 1)

        with store.begin() as tx:
            tx.events.lease(clock(), until=clock() + MINUTE, limit=10)
            tx.events.mark_delivered([first.id], at=clock())
            tx.events.mark_failed(second.id, failure="MailRefused", next_attempt_at=None)
            tx.events.mark_failed(third.id, failure="Unavailable", next_attempt_at=clock())
            tx.inbox.update(waiting.handle(clock()))

        with store.read() as tx:
            assert (tx.events.waiting(), tx.inbox.waiting()) == (1, 0)

"""Several workers with the same work before them."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from reviewcore.domain.events import EventRecord
from reviewcore.domain.rules import PackageType
from reviewcore.testing.faults import FaultyPayments, FaultyPayouts
from reviewcore.usecases import (
    CancelTrack,
    CloseTrack,
    SendPayout,
    SendRefund,
    cancel_track,
    close_track,
    send_payout,
    send_refund,
    withdraw,
)
from reviewcore.worker import Worker
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import World, an_app, race, refusals, rounds
from tests.integration.warm import Warm

WORKERS = 4
PAYOUTS = 4
REFUNDS = 4


class Listener:
    """A host's subscriber: writes down what it is told, and fails when *fails* says so."""

    def __init__(self, fails: Callable[[], bool] = lambda: False) -> None:
        self.told: list[tuple[str, int]] = []
        self._fails = fails
        self._lock = threading.Lock()

    def __call__(self, event: EventRecord) -> None:
        if self._fails():
            raise ConnectionError
        with self._lock:
            self.told.append((event.aggregate, event.sequence))


def prepare(world: World) -> None:
    """Leave payouts, refunds, expired assignments, open slots and events to be worked on."""
    for _ in range(PAYOUTS):
        reviewer = world.earner(1)
        world.app.perform(withdraw, world.withdrawal(reviewer))
    (admin,) = world.users(1)
    for number in range(REFUNDS):
        track = world.track()
        if number % 2:
            command = CancelTrack(track_id=track.id, artist_id=track.artist_id)
            world.app.perform(cancel_track, command)
        else:
            close = CloseTrack(track_id=track.id, admin_id=admin.id, reason="a race")
            world.app.perform(close_track, close)
    reviewers = world.reviewers(8)
    late = [world.track() for _ in range(2)]
    for track in late:
        world.give(track, reviewers[:3])
    world.clock.advance(hours=world.store.rules.assignment_ttl_hours)
    world.track(package=PackageType.DEEP_DIVE)


@pytest.mark.parametrize("turn", range(rounds(1)))
@pytest.mark.parametrize("way", ["drain", "tick"])
def test_workers_share_the_work_and_each_thing_is_done_once(
    world: World, way: str, turn: int, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(world)
    listener = Listener()
    payments, payouts = FaultyPayments(world.bank), FaultyPayouts(world.bank)
    app = an_app(
        world.store, world.bank, payments=payments, payouts=payouts, subscribers=(listener,)
    )

    with world.told(f"{WORKERS} workers {way}"):
        race([partial(_work, Worker(app), way) for _ in range(WORKERS)])
    assert app.busy_retries < 40
    # A worker goes on after an error, so it would not be seen otherwise.
    assert [one.message for one in caplog.records if one.levelno >= logging.ERROR] == []

    orders = [call.arguments[0] for call in (*payments.calls, *payouts.calls) if _moves(call)]
    assert len(orders) == PAYOUTS + REFUNDS
    assert len(set(orders)) == PAYOUTS + REFUNDS
    _require_delivered_in_order(world, listener.told)
    assert max(Counter(listener.told).values()) == 1
    world.settle()


def _work(worker: Worker, way: str) -> None:
    if way == "drain":
        worker.drain()
        return
    idle = 0
    while idle < 3:
        idle = 0 if worker.tick() else idle + 1


def _moves(call: object) -> bool:
    return getattr(call, "method", "") in {"refund", "transfer"}


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_what_could_not_be_delivered_is_delivered_again_and_in_order(
    world: World, turn: int
) -> None:
    prepare(world)
    # A tenth of the deliveries fails, whoever makes them.
    listener = Listener(lambda: random.random() < 0.1)
    app = an_app(world.store, world.bank, subscribers=(listener,))

    with world.told(f"{WORKERS} workers with a subscriber that fails"):
        for _ in range(12):
            race([Worker(app).drain] * WORKERS)
            world.clock.advance(seconds=40)

    _require_delivered_in_order(world, listener.told)
    world.settle()


def _require_delivered_in_order(world: World, told: Iterable[tuple[str, int]]) -> None:
    heard: dict[str, list[int]] = {}
    for aggregate, sequence in told:
        heard.setdefault(aggregate, []).append(sequence)
    wanted: dict[str, list[int]] = {}
    with world.store.read() as tx:
        for event in tx.events.all():
            wanted.setdefault(event.aggregate, []).append(event.sequence)
    for aggregate, sequences in wanted.items():
        # A repeat may come, but never a leap ahead.
        assert sorted(set(heard.get(aggregate, []))) == sorted(sequences), aggregate
        newest = 0
        for sequence in heard[aggregate]:
            assert sequence <= newest + 1, f"{aggregate}: {heard[aggregate]}"
            newest = max(newest, sequence)


@pytest.mark.parametrize("turn", range(rounds(2)))
def test_one_payout_and_one_refund_that_many_send_move_once(world: World, turn: int) -> None:
    reviewer = world.earner(2)
    payout = world.app.perform(withdraw, world.withdrawal(reviewer))
    track = world.track()
    world.app.perform(cancel_track, CancelTrack(track_id=track.id, artist_id=track.artist_id))
    with world.store.read() as tx:
        (refund,) = tx.refunds.all()

    with world.told("20 send one payout, 20 one refund"):
        answers = race(
            [
                *[partial(world.app.drive, send_payout, SendPayout(payout_id=payout.id))] * 20,
                *[partial(world.app.drive, send_refund, SendRefund(refund_id=refund.id))] * 20,
            ]
        )

    assert refusals(answers) == {}
    assert len(world.bank.transferred()) == 1
    assert len(world.bank.refunded()) == 1
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(2)))
def test_one_event_that_many_deliver_is_told_once(world: World, turn: int) -> None:
    world.app.run_pending()
    listener = Listener()
    app = an_app(world.store, world.bank, subscribers=(listener,))
    track = world.unpaid(world.artist())
    world.app.perform(cancel_track, CancelTrack(track_id=track.id, artist_id=track.artist_id))

    with world.told("20 deliver the same events"):
        race([Worker(app).deliver for _ in range(20)])

    Worker(app).drain()
    assert max(Counter(listener.told).values()) == 1
    _require_delivered_in_order(world, listener.told)
    world.settle()


@pytest.mark.parametrize("make_world", ["postgresql"], indirect=True)
def test_two_processes_share_the_work_and_each_thing_is_done_once(
    make_world: MakeWorld, tmp_path: Path, warm: Warm
) -> None:
    world = make_world(bank_file=tmp_path / "bank.db")
    prepare(world)
    told = tmp_path / "told"
    url = world.store._doors.engine.url.render_as_string(hide_password=False)  # type: ignore[attr-defined]  # a SqlStore
    arguments = [url, str(tmp_path / "bank.db"), world.clock().isoformat(), str(told)]
    processes = [warm.start("tests.integration.races.worker_process", *arguments) for _ in range(2)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        with world.told("2 processes drain"):
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            for process in processes:
                output, _ = process.communicate(timeout=60)
                assert process.returncode == 0
                print(f"a process had {output.split()[1]} retries")
    finally:
        for process in processes:
            process.kill()
            process.communicate()

    lines = [json.loads(line) for line in told.read_text().splitlines()]
    heard = [(aggregate, sequence) for aggregate, sequence in lines]
    assert max(Counter(heard).values()) == 1
    _require_delivered_in_order(world, heard)
    assert len(world.bank.transferred()) == PAYOUTS
    assert len(world.bank.refunded()) == REFUNDS
    world.settle()

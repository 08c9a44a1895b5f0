"""Processes that are killed under load, and what is there when they come back."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import TrackStatus
from reviewcore.sources import system_clock
from reviewcore.testing.clock import ManualClock
from tests.integration.crashes.load import (
    CUSTOMERS,
    IN_BLOCK,
    IN_CALL,
    LOAD_RULES,
    MARKS,
    Customer,
    Journal,
    Teller,
    read_lines,
)
from tests.integration.races.conftest import fresh_database
from tests.integration.races.world import World, an_app, require_equal_books, require_settled

KILLS = int(os.environ.get("REVIEWCORE_CRASH_KILLS", "6"))
"""How many processes are killed on each store, at least."""

HITS_MIN = KILLS * 3 // 4
"""How many of them must die in an open transaction or with an unsettled intent."""

LIFE_SECONDS = (0.2, 1.2)
ROUNDS_MAX = 8
"""How often the last worker looks at what is left, three minutes of its clock apart."""

# SQLite has one serving process, which works too; PostgreSQL has one of each.
CASTS: dict[str, list[tuple[str, ...]]] = {
    "sqlite": [("customers", "worker")],
    "postgresql": [("customers",), ("worker",)],
}


@attrs.define
class Rig:
    """The processes on a market, and what their deaths hit."""

    folder: Path
    url: str
    cast: list[tuple[str, ...]]
    running: dict[tuple[str, ...], subprocess.Popen[str]] = attrs.field(factory=dict)
    kills: int = 0
    in_blocks: int = 0
    in_calls: int = 0
    hits: int = 0

    def start(self) -> None:
        """Start what is not running, and wait until it works."""
        fresh = [roles for roles in self.cast if roles not in self.running]
        for roles in fresh:
            self._marks(roles).write_bytes(bytes(MARKS))
            self.running[roles] = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.integration.crashes.load"),
                    *(str(self.folder), self.url, *roles),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
        for roles in fresh:
            stdout = self.running[roles].stdout
            assert stdout is not None
            assert stdout.readline() == "ready\n"

    def kill(self) -> None:
        """Kill one of them, or all at once, and count what that hit."""
        victims = random.choice([[one] for one in self.cast] + [self.cast])
        for roles in victims:
            process = self.running.pop(roles)
            assert process.poll() is None, process.communicate()
            process.kill()
            process.communicate()
            marks = self._marks(roles).read_bytes()
            self.kills += 1
            self.in_blocks += IN_BLOCK in marks
            self.in_calls += IN_CALL in marks
            self.hits += IN_BLOCK in marks or IN_CALL in marks

    def stop(self) -> None:
        """Kill all that is left."""
        while self.running:
            _, process = self.running.popitem()
            process.kill()
            process.communicate()

    def _marks(self, roles: tuple[str, ...]) -> Path:
        return self.folder / f"marks-{'-'.join(roles)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(request, request.param))
        folder = tmp_path / "load"
        folder.mkdir()
        rig = Rig(folder=folder, url=url, cast=CASTS[request.param])
        stack.callback(rig.stop)
        yield rig


@pytest.fixture
def world(rig: Rig) -> Iterator[World]:
    """The market of the rig, as its keeper sees it: with a clock that can be moved on."""
    clock = ManualClock(system_clock())
    with ExitStack() as stack:
        store = SqlStore(rig.url, rules=LOAD_RULES, clock=clock)
        stack.callback(store.close)
        bank = SandboxBank(rig.folder / "bank.db", clock=clock)
        stack.callback(bank.close)
        app = an_app(store, bank, subscribers=(Teller(rig.folder / "deliveries"),))
        name = rig.url.partition(":")[0]
        yield World.on(store, name=name, clock=clock, bank=bank, app=app)


@pytest.mark.timeout(120 + 60 * KILLS)
def test_what_was_answered_is_there_and_nothing_is_done_twice(rig: Rig, world: World) -> None:
    present = _populate(world, rig.folder)

    began = time.monotonic()
    rig.start()
    # A process that happens to be idle proves little: enough of the deaths must hit something.
    while rig.kills < KILLS or (rig.hits < HITS_MIN and rig.kills < 3 * KILLS):
        time.sleep(random.uniform(*LIFE_SECONDS))
        rig.kill()
        rig.start()
    rig.stop()
    seconds = time.monotonic() - began

    world.require_lawful()
    world.clock.set(system_clock())
    lines = _resume(world, rig.folder)
    delivered = _drain(world, rig.folder)
    world.require_lawful()
    require_equal_books(world.app, world.bank)
    require_settled(world.app)
    _require_delivered(world, delivered)
    counts = _require_answered(world, lines, present=present)
    print(
        f"{world.name}: {rig.kills} kills in {seconds:.0f} s, {rig.hits} hit something:"
        f" {rig.in_blocks} an open transaction, {rig.in_calls} an unsettled intent; {counts}"
    )
    assert rig.hits >= HITS_MIN


def _populate(world: World, folder: Path) -> set[str]:
    """Make people with money and work; return the ids of the tracks and reviews there are."""
    artists = [world.artist() for _ in range(CUSTOMERS)]
    reviewers = [world.payee(one) for one in world.reviewers(3 * CUSTOMERS)]
    people = {
        "artists": [one.id for one in artists],
        "reviewers": [one.id for one in reviewers],
        "admins": [one.id for one in world.users(1)],
    }
    (folder / "people.json").write_text(json.dumps(people))
    for reviewer in reviewers:
        world.delivered(world.track(artists[0], PackageType.PRO), [reviewer])
    for artist in artists:
        world.track(artist)
    world.app.run_pending()
    with world.store.read() as tx:
        done = [one.id for one in tx.reviews.all() if one.status is ReviewStatus.COMPLETED]
        return {*done, *(one.id for one in tx.tracks.all())}


def _resume(world: World, folder: Path) -> list[dict[str, Any]]:
    """Ask again what was not answered at the end; return the journals."""
    lines = []
    for number in range(CUSTOMERS):
        path = folder / f"journal-{number}"
        Customer(world.app, world.bank, Journal(path), number=number).resume()
        lines += read_lines(path)
    return lines


def _drain(world: World, folder: Path) -> list[tuple[str, int]]:
    """Do all that is left; return the deliveries of all processes, in order."""
    # Leases of the dead run out, and so do the pauses of what they tried.
    for _ in range(ROUNDS_MAX):
        world.app.run_pending()
        if _is_settled(world):
            break
        world.clock.advance(minutes=3)
    lines = read_lines(folder / "deliveries")
    return [(aggregate, sequence) for aggregate, sequence in lines]


def _is_settled(world: World) -> bool:
    try:
        require_settled(world.app)
    except AssertionError:
        return False
    return True


def _require_delivered(world: World, told: list[tuple[str, int]]) -> None:
    newest: dict[str, int] = {}
    for aggregate, sequence in told:
        assert sequence <= newest.get(aggregate, 0) + 1, f"{aggregate} leapt to {sequence}"
        newest[aggregate] = max(sequence, newest.get(aggregate, 0))
    with world.store.read() as tx:
        for event in tx.events.all():
            assert newest[event.aggregate] >= event.sequence


def _require_answered(
    world: World, lines: list[dict[str, Any]], *, present: set[str]
) -> dict[str, int]:
    """Compare the answers that customers had with what there is; count them by command."""
    answers: dict[str, list[str]] = {}
    for line in lines:
        if "answer" in line:
            answers.setdefault(line["name"], []).append(line["answer"])
    with world.store.read() as tx:
        reviews = [one for one in tx.reviews.all() if one.status is ReviewStatus.COMPLETED]
        tracks = {str(one.id): one for one in tx.tracks.all()}
        payouts = list(tx.payouts.all())
        attempts = {str(one.id): one for one in tx.attempts.all()}
        slots = {one.track_id for one in tx.slots.all()}

    delivered = sorted(one.id for one in reviews if one.id not in present)
    assert delivered == sorted(answers.get("complete_review", []))
    assert sorted(one.id for one in payouts) == sorted(answers.get("withdraw", []))
    assert sorted(set(tracks) - present) == sorted(answers.get("submit_track", []))
    assert set(answers.get("check_out", [])) <= slots
    for attempt_id in answers.get("confirm_payment", []):
        assert attempts[attempt_id].status is AttemptStatus.PAID
    for track_id in answers.get("cancel_track", []):
        assert tracks[track_id].status is TrackStatus.CANCELLED
    for track_id in answers.get("close_track", []):
        assert tracks[track_id].closed_at is not None
    return {name: len(told) for name, told in sorted(answers.items())}

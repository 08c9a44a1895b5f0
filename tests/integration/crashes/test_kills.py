"""Processes that are killed under load, and what is there when they come back."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import TrackStatus
from reviewcore.sources import system_clock
from reviewcore.testing.clock import ManualClock
from tests.integration.crashes.aftermath import (
    KILLS_MAX,
    PROCESS_KILLS,
    Tally,
    count_acts,
    drain,
)
from tests.integration.crashes.customers import CUSTOMERS, Customer, Journal, read_lines
from tests.integration.crashes.load import LOAD_RULES, Teller
from tests.integration.crashes.marks import IN_BLOCK, IN_CALL, MARKS
from tests.integration.races.conftest import fresh_database
from tests.integration.races.world import World, an_app
from tests.integration.warm import Program, Warm

LIFE_SECONDS = (0.2, 1.2)

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
    warm: Warm
    running: dict[tuple[str, ...], Program] = attrs.field(factory=dict)
    tally: Tally = attrs.field(factory=Tally)

    def start(self) -> None:
        """Start what is not running, and wait until it works."""
        fresh = [roles for roles in self.cast if roles not in self.running]
        for roles in fresh:
            self._marks(roles).write_bytes(bytes(MARKS))
            self.running[roles] = self.warm.start(
                "tests.integration.crashes.load", str(self.folder), self.url, *roles
            )
        for roles in fresh:
            assert _told(self.running[roles]) == "ready\n"

    def kill(self) -> None:
        """Kill one of them, or all at once, and count what that hit."""
        victims = random.choice([[one] for one in self.cast] + [self.cast])
        dying = {roles: self.running.pop(roles) for roles in victims}
        for process in dying.values():
            assert process.poll() is None, process.communicate()
            process.kill()
        for roles, process in dying.items():
            process.communicate()
            marks = self._marks(roles).read_bytes()
            self.tally.add(in_block=IN_BLOCK in marks, in_call=IN_CALL in marks)

    def stop(self) -> None:
        """Kill all that is left."""
        for process in self.running.values():
            process.kill()
            process.communicate()
        self.running.clear()

    def _marks(self, roles: tuple[str, ...]) -> Path:
        return self.folder / f"marks-{'-'.join(roles)}"


def _told(process: Program) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.fixture(params=["sqlite", "postgresql"])
def rig(request: pytest.FixtureRequest, tmp_path: Path, warm: Warm) -> Iterator[Rig]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(request, request.param))
        folder = tmp_path / "load"
        folder.mkdir()
        rig = Rig(folder=folder, url=url, cast=CASTS[request.param], warm=warm)
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


@pytest.mark.timeout(120 + 60 * PROCESS_KILLS)
def test_what_was_answered_is_there_and_nothing_is_done_twice(rig: Rig, world: World) -> None:
    present = _populate(world, rig.folder)

    began = time.monotonic()
    rig.start()
    wanted = PROCESS_KILLS
    while not rig.tally.is_enough(wanted) and rig.tally.kills < KILLS_MAX * wanted:
        time.sleep(random.uniform(*LIFE_SECONDS))
        rig.kill()
        rig.start()
    rig.stop()
    seconds = time.monotonic() - began

    world.require_lawful()
    world.clock.set(system_clock())
    lines = _resume(world, rig.folder)
    drain(world)
    _require_delivered(world, rig.folder)
    counts = _require_answered(world, lines, present=present)
    print(f"{world.name}, processes: {rig.tally}; {seconds:.0f} s; {counts}")
    assert rig.tally.is_enough(wanted)


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


def _require_delivered(world: World, folder: Path) -> None:
    newest: dict[str, int] = {}
    for aggregate, sequence in read_lines(folder / "deliveries"):
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
        flags = list(tx.flags.all())

    delivered = sorted(one.id for one in reviews if one.id not in present)
    assert delivered == sorted(answers.get("complete_review", []))
    assert sorted(one.id for one in payouts) == sorted(answers.get("withdraw", []))
    assert sorted(set(tracks) - present) == sorted(answers.get("submit_track", []))
    assert set(answers.get("check_out", [])) <= slots
    assert set(answers.get("send_payout", [])) <= {one.id for one in payouts if one.is_final}
    for attempt_id in answers.get("confirm_payment", []):
        assert attempts[attempt_id].status is AttemptStatus.PAID
    for track_id in answers.get("cancel_track", []):
        assert tracks[track_id].status is TrackStatus.CANCELLED
    for track_id in answers.get("close_track", []):
        assert tracks[track_id].closed_at is not None
    assert sorted(one.review_id for one in flags) == sorted(answers.get("flag_review", []))
    for name, verdict in (
        ("uphold_flag", FlagStatus.UPHELD),
        ("dismiss_flag", FlagStatus.DISMISSED),
    ):
        judged = sorted(one.id for one in flags if one.status is verdict)
        assert judged == sorted(answers.get(name, []))
    for name in ("restrict_reviewer", "unrestrict_reviewer", "close_track"):
        assert count_acts(world, name) == len(answers.get(name, []))
    return {name: len(told) for name, told in sorted(answers.items())}

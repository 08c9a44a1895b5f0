"""The market that is simulated: store, bank, mail and workers, with everything that befalls them.

`World.run` carries one act out. It is all that can change the market, for people who decide as
they go along and for a history that is replayed alike.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs

from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.memory.store import Block
from reviewcore.adapters.memory.work import Change
from reviewcore.adapters.sandbox import MoreThanIsLeft, SandboxBank
from reviewcore.app import App
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.laws import Violation, violations
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.faults import Call, Fault, FaultyPayments, FaultyPayouts, FaultyWebhooks
from reviewcore.testing.simulator.acts import Act, AtBank, Drive, FaultsEnd, Hear, Perform, Work
from reviewcore.testing.simulator.agenda import Agenda
from reviewcore.testing.simulator.dice import Lot
from reviewcore.testing.simulator.faults import Crash, Doom, Faults, Mailbox, Weather
from reviewcore.testing.simulator.history import Fingerprint
from reviewcore.testing.simulator.live import LiveView
from reviewcore.testing.simulator.names import ActNames
from reviewcore.testing.simulator.passwords import QuickPasswords
from reviewcore.usecases import ReceiveEvent, receive_event
from reviewcore.worker import Worker

C = TypeVar("C")
R = TypeVar("R")

WORKERS = 3
DEPTH_MAX = 4
"""How many acts may be waiting for the processor at once; a further one waits without others."""

LOOKS = frozenset(
    {
        "account",
        "available",
        "dispute",
        "fee",
        "find_refund",
        "find_session",
        "find_transfer",
        "refund_view",
        "session",
        "since",
        "transfer_view",
    }
)
"""The calls of the ports that change nothing at the processor."""

BOUNDARIES_MAX = 6
"""A doomed act dies at one of so many boundaries, or survives when it comes to fewer."""


@attrs.frozen
class Refusal:
    """That an act was refused, and with what."""

    kind: type[ReviewcoreError]


class Died:
    """That a process died in the middle of an act: nobody knows how far it came."""


DIED = Died()


class Broken(BaseException):
    """A law is broken, found after an act; no worker may put it down to bad luck and go on."""

    def __init__(self, found: tuple[str, ...], *, laws: frozenset[str]) -> None:
        super().__init__("; ".join(found))
        self.found = found
        self.laws = laws


class SimulatedStore(MemoryStore):
    """A store whose process may die before any of its transactions."""

    doom: Doom

    def begin(self, *, actor: str = SYSTEM) -> Block:
        """Come to a boundary, and open a block that writes."""
        self.doom.pass_by()
        return super().begin(actor=actor)


class CountedApp(App):
    """An app that counts its use cases, also those that its workers run."""

    steps = 0

    def perform(
        self, usecase: Callable[[Transaction, C], R], command: C, *, key: str | None = None
    ) -> R:
        """Run and count a use case; the bare blocks of workers do not count."""
        if command is not None:
            self.steps += 1
        return super().perform(usecase, command, key=key)

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        """Run and count a use case that waits on the outside world."""
        self.steps += 1
        return super().drive(usecase, command)


class World:
    """One market in one thread.

    *seed* decides ids, tokens and the luck of acts. *make_store* makes the store, for tests that
    want a broken one. `watchers` are called with the changes of each block, once the laws have
    judged them, and `wait` lets seconds pass while others act.
    """

    def __init__(
        self,
        *,
        seed: int,
        rules: MarketRules,
        faults: Faults,
        make_store: Callable[..., SimulatedStore] = SimulatedStore,
    ) -> None:
        self.seed = seed
        self.clock = ManualClock()
        self.agenda = Agenda(self.clock)
        self.wait: Callable[[float], None] = self.agenda.pass_time
        self.names = ActNames(seed, self.clock)
        self.live = LiveView(rules)
        self.fingerprint = Fingerprint()
        self.mail = Mailbox()
        self.mail.refuses = self._refuses_mail
        self.weather = Weather(faults, seed)
        self.watchers: list[Callable[[list[Change]], None]] = []
        self.acts = 0
        self.crashes = 0
        self.refusals = 0
        self.bank_moved = False
        self._doom = Doom()
        self._depth = 0
        self._broken: list[Violation] = []
        self.store = make_store(
            rules=rules,
            clock=self.clock,
            ids=self.names.new_id,
            tokens=self.names.token,
            on_commit=self._take_up,
        )
        self.store.doom = self._doom
        overdraft = faults.overdraft_cents
        self.bank = SandboxBank(
            clock=self.clock,
            tokens=self.names.token,
            overdraft=None if overdraft is None else Cents(overdraft),
        )
        self._payments = FaultyPayments(self.bank, self._meet)
        self._payouts = FaultyPayouts(self.bank, self._meet)
        self._webhooks = FaultyWebhooks(self.bank, self._meet)
        self.app = CountedApp(
            store=self.store,
            payments=self._payments,
            payouts=self._payouts,
            webhooks=self._webhooks,
            mail=self.mail,
            passwords=QuickPasswords(),
            secret="the same in every run",
        )
        self.workers = [Worker(self.app) for _ in range(WORKERS)]
        with self.store.begin() as tx:
            tx.genres.add(*CATALOGUE)

    # ── acts ─────────────────────────────────────────────────────────────────────────────────

    def run(self, act: Act) -> Any:
        """Carry an act out; return its answer, a Refusal, or DIED. Raises Broken."""
        if act.at > self.clock():
            self.clock.set(act.at)
        self.acts += 1
        lot = Lot(self.seed, act.number)
        outer_name = self.names.enter(act.number, lot)
        outer_doom = self._doom.swap(self._doomed(act, lot))
        self._depth += 1
        try:
            answer = self._carry_out(act)
        except ReviewcoreError as error:
            self.refusals += 1
            answer = Refusal(type(error))
        except MoreThanIsLeft:
            answer = None
        except Crash:
            answer = self._bury(act)
        finally:
            self._depth -= 1
            self._doom.swap(outer_doom)
            self.names.leave(outer_name)
            self._forget_calls()
        if self._broken:
            self._complain()
        return answer

    def _carry_out(self, act: Act) -> Any:
        match act.deed:
            case Perform(usecase=usecase, command=command, key=key):
                return self.app.perform(usecase, command, key=key)
            case Drive(usecase=usecase, command=command):
                return self.app.drive(usecase, command)
            case Work(worker=worker, step=step):
                return getattr(self.workers[worker], step)()
            case AtBank(method=method, arguments=arguments):
                self.bank_moved = True
                return getattr(self.bank, method)(*arguments)
            case Hear(event=event):
                return self.app.perform(receive_event, ReceiveEvent(event=event))
            case FaultsEnd():
                return self.weather.clear_up()

    def _doomed(self, act: Act, lot: Lot) -> int | None:
        if not isinstance(act.deed, Drive | Work | Perform):
            return None
        if lot.share() >= self.weather.faults.crashes:
            return None
        return int(lot.share() * BOUNDARIES_MAX)

    def _bury(self, act: Act) -> Died:
        self.crashes += 1
        if isinstance(act.deed, Work):
            # What a worker had in memory is gone; its leases run out.
            self.workers[act.deed.worker] = Worker(self.app)
        return DIED

    # ── the outside world ────────────────────────────────────────────────────────────────────

    def _meet(self, call: Call) -> Fault:
        """Be asked what becomes of a call; others act while it takes its time. Raises Crash."""
        self._doom.pass_by()
        lot = self.names.lot
        seconds = self.weather.seconds(lot)
        fault = self.weather.fault(call, lot=lot, at=self.clock())
        if seconds and self._depth < DEPTH_MAX:
            self.wait(seconds)
        # What only looks moves nothing, so there is no news to fetch after it.
        self.bank_moved |= call.method not in LOOKS
        return fault

    def _forget_calls(self) -> None:
        # Nobody reads them here, and they would grow for ever.
        for line in (self._payments, self._payouts, self._webhooks):
            line.calls.clear()

    def _refuses_mail(self) -> bool:
        refused = self.weather.faults.mail_refused
        return bool(refused) and self.names.lot.share() < refused

    # ── laws ─────────────────────────────────────────────────────────────────────────────────

    def _take_up(self, changes: Iterable[Change]) -> None:
        told = list(changes)
        if not told:
            # Most blocks of workers find nothing to do.
            return
        scope = self.live.follow(told)
        if scope is not None:
            self._broken += violations(self.live, scope)
        self.fingerprint.follow(told)
        for watch in self.watchers:
            watch(told)

    def _complain(self) -> None:
        found = tuple(f"{one.law}: {', '.join(one.ids)}: {one.told}" for one in self._broken)
        laws = frozenset(one.law for one in self._broken)
        self._broken.clear()
        raise Broken(found, laws=laws)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what workers say about refused letters and lost answers out of the way."""
    logger = logging.getLogger("reviewcore.worker")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)

"""One market in several stores at once: equal commands must have equal answers in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from random import Random
from typing import Any, TypeVar

import attrs

from reviewcore.app import App
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store, Transaction
from reviewcore.sources import TimeIds, Tokens
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.faults import FaultyPayments, FaultyPayouts, FaultyWebhooks
from reviewcore.testing.machine.outside import Outside, Processor
from reviewcore.testing.machine.stores import StoreMaker
from reviewcore.testing.machine.tally import Tally
from reviewcore.testing.machine.weather import (
    MoodyFiles,
    MoodyMail,
    QuickPasswords,
    TellingAudio,
    TellingIdentities,
    Weather,
)
from reviewcore.worker import Worker

C = TypeVar("C")
R = TypeVar("R")

SECRET = "the same in all lanes"

GENRE_ROOTS = frozenset({"electronic", "jazz"})


@attrs.frozen
class Refusal:
    """That a command was refused, and with what."""

    kind: type[ReviewcoreError]
    extras: dict[str, object]


class WatchedApp(App):
    """An app that counts what came of its use cases, also when its worker runs them."""

    def __init__(self, tally: Tally, **parts: Any) -> None:
        super().__init__(**parts)
        self._tally = tally

    def perform(
        self, usecase: Callable[[Transaction, C], R], command: C, *, key: str | None = None
    ) -> R:
        """Run and count a use case in a transaction."""
        return self._counted(
            usecase, lambda: super(WatchedApp, self).perform(usecase, command, key=key)
        )

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        """Run and count a use case that waits on the outside world."""
        return self._counted(usecase, lambda: super(WatchedApp, self).drive(usecase, command))

    def ask(self, usecase: Callable[[Transaction, C], R], command: C) -> R:
        """Run and count a question."""
        return self._counted(usecase, lambda: super(WatchedApp, self).ask(usecase, command))

    def _counted(self, usecase: Callable[..., Any], run: Callable[[], R]) -> R:
        try:
            answer = run()
        except ReviewcoreError as error:
            self._tally.refusals[type(error).__name__] += 1
            raise
        self._tally.successes[usecase.__name__] += 1
        return answer


@attrs.frozen(kw_only=True)
class Lane:
    """One store with all that surrounds it."""

    name: str
    app: App
    processor: Processor
    mail: MoodyMail
    files: MoodyFiles
    weather: Weather
    worker: Worker


class Lanes:
    """The lanes of a run. The first is the one whose doings are counted and looked at.

    All share *clock* and begin with the same *seed*, so that ids and tokens are the same too. Each
    has an *outside* of its own, whose processor lends *overdraft* cents, or without limit.
    """

    def __init__(
        self,
        stores: Mapping[str, StoreMaker],
        *,
        rules: MarketRules,
        clock: ManualClock,
        seed: int,
        overdraft: Cents | None,
        outside: Outside,
        tally: Tally,
    ) -> None:
        self._open = ExitStack()
        self._rules = rules
        self._clock = clock
        self._seed = seed
        self._overdraft = overdraft
        self._outside = outside
        tallies = [tally, *(Tally() for _ in range(len(stores) - 1))]
        with ExitStack() as undo:
            undo.callback(self.close)
            self.all = tuple(
                self._lane(name, maker, counted)
                for (name, maker), counted in zip(stores.items(), tallies, strict=True)
            )
            undo.pop_all()
        self.first = self.all[0]

    def close(self) -> None:
        """Give everything back."""
        self._open.close()

    def each(self, act: Callable[[Lane], object], *, told: str) -> Any:
        """Act in every lane; return the answer, or the Refusal, which must be the same in all."""
        answers = [_answer(act, lane) for lane in self.all]
        for lane, answer in zip(self.all, answers, strict=True):
            assert answer == answers[0], (
                f"{told}\n  {self.first.name}: {answers[0]}\n  {lane.name}: {answer}"
            )
        return answers[0]

    def _lane(self, name: str, maker: StoreMaker, tally: Tally) -> Lane:
        store = self._open.enter_context(
            maker(
                rules=self._rules,
                clock=self._clock,
                ids=TimeIds(self._clock, random=Random(self._seed)),
                tokens=seeded_tokens(self._seed),
            )
        )
        with store.begin() as tx:
            tx.genres.add(*(one for one in CATALOGUE if GENRE_ROOTS & {one.id, one.parent_id}))
        processor = self._open.enter_context(
            self._outside.processor(
                clock=self._clock,
                tokens=seeded_tokens(self._seed + 1),
                overdraft=self._overdraft,
            )
        )
        mail, weather = MoodyMail(self._outside.mail()), Weather()
        files = MoodyFiles(secret=SECRET, clock=self._clock)
        app = WatchedApp(
            tally,
            store=store,
            payments=FaultyPayments(processor.payments, weather, line=processor.line),
            payouts=FaultyPayouts(processor.payouts, weather, line=processor.line),
            webhooks=FaultyWebhooks(processor.webhooks, weather, line=processor.line),
            mail=mail,
            passwords=QuickPasswords(),
            identities=TellingIdentities(),
            files=files,
            audio=TellingAudio(),
            secret=SECRET,
        )
        return Lane(
            name=name,
            app=app,
            processor=processor,
            mail=mail,
            files=files,
            weather=weather,
            worker=Worker(app),
        )


def seeded_tokens(seed: int) -> Tokens:
    """Make a source of tokens of 256 bits that *seed* decides."""
    random = Random(seed)
    return lambda: f"{random.getrandbits(256):064x}"


def _answer(act: Callable[[Lane], object], lane: Lane) -> object:
    try:
        return act(lane)
    except ReviewcoreError as error:
        return Refusal(type(error), error.extras)

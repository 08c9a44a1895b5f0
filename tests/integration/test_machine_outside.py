"""The state machine on a processor and a mail service of a host's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.sandbox import PayerOutcome, SandboxBank
from reviewcore.domain.money import Cents
from reviewcore.ports.mail import Letter
from reviewcore.ports.processor import Outcome, RefundOrder, RefundView
from reviewcore.sources import Clock, Tokens
from reviewcore.testing.machine import (
    Outside,
    Processor,
    ProcessorMaker,
    Tally,
    differential,
    machine_of,
    memory,
)
from reviewcore.testing.machine.running import fresh_seed, run

EXAMPLES, STEPS = 10, 40


@attrs.define
class Cashier:
    """Payers who pay in another way than the sandbox has them do: they come back once more."""

    bank: SandboxBank
    acts: list[str]

    def play_payer(self, session_id: str, outcome: PayerOutcome, /) -> str:
        self.acts.append("play_payer")
        self.bank.play_payer(session_id, outcome)
        return self.bank.play_payer(session_id, PayerOutcome.ABANDON)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bank, name)


class ForgetfulBank(SandboxBank):
    """Makes a refund again, whatever its key says."""

    forgotten = 0

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        self.forgotten += 1
        return super().refund(attrs.evolve(order, key=f"{order.key} {self.forgotten}"))


def host(acts: list[str], kind: type[SandboxBank] = SandboxBank) -> ProcessorMaker:
    """Make processors whose payers are the host's; *acts* tells what they were asked to do."""

    @contextmanager
    def make(*, clock: Clock, tokens: Tokens, overdraft: Cents | None) -> Iterator[Processor]:
        with closing(kind(clock=clock, tokens=tokens, overdraft=overdraft)) as bank:
            yield Processor(
                payments=bank,
                payouts=bank,
                webhooks=bank,
                players=Cashier(bank, acts),
                books=bank,
            )

    return make


def test_a_host_has_the_machine_play_on_his_processor_and_his_mail(
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = fresh_seed()
    acts: list[str] = []
    sent: list[Letter] = []

    class HostMail(MemoryMail):
        def send(self, letter: Letter, /) -> None:
            sent.append(letter)

    outside = Outside(processor=host(acts), mail=HostMail)
    machine = machine_of({"mine": memory}, tally=Tally(), outside=outside)

    with capsys.disabled():
        print(f"\na host's processor: REVIEWCORE_MACHINE_SEED={number}")
    run(machine, examples=EXAMPLES, steps=STEPS, seed_number=number)

    assert "play_payer" in acts
    assert any("verify" in letter.text.lower() for letter in sent)
    assert machine.tally.successes["confirm_payment"] > 0


def test_each_store_has_a_processor_of_its_own() -> None:
    acts: list[str] = []
    machine = differential({"mine": memory}, tally=Tally(), outside=Outside(processor=host(acts)))

    run(machine, examples=2, steps=10, seed_number=1)

    assert acts
    assert len(acts) % 2 == 0


def test_a_processor_that_forgets_keys_is_seen_in_its_books() -> None:
    outside = Outside(processor=host([], ForgetfulBank))
    machine = machine_of({"mine": memory}, tally=Tally(), outside=outside)

    # Whoever looks for it may have it shrunk; that it is found is enough here.
    quick = settings(
        max_examples=300,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    with pytest.raises(AssertionError, match=r"in the bank's books|the bank made it"):
        run_state_machine_as_test(seed(1)(machine), settings=quick)

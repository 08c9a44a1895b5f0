"""The world outside a run's market: a processor with the people at its other end, and the mail.

The sandbox unless a host says otherwise. What a host gives is played with as the sandbox is: its
ports answer the market, its players act when the machine has them act, and its books are compared
with the ledger after every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Protocol

import attrs

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.sandbox import (
    PayeeOutcome,
    PayerOutcome,
    SandboxBank,
)
from reviewcore.domain.money import Cents
from reviewcore.domain.webhooks import Endpoint, Subject
from reviewcore.ports.mail import Mail
from reviewcore.ports.processor import Payments, Payouts, Webhooks
from reviewcore.sources import Clock, Tokens
from reviewcore.testing.auditing.books import Books
from reviewcore.testing.faults import Line, befall


class Players(Protocol):
    """Payers, payees, cardholders and their banks; every id is the processor's.

    What they do shows in the ports' answers at once, and `Webhooks.since` lists it. Amounts are in
    cents; None is all that is left. More than that raises `adapters.sandbox.MoreThanIsLeft`. What
    is asked for by name is there.
    """

    def play_payer(self, session_id: str, outcome: PayerOutcome, /) -> object:
        """Have the payer pay, be declined, or leave; harmless once the session is over."""
        ...

    def play_payee(self, account_id: str, outcome: PayeeOutcome, /) -> object:
        """Have the payee answer all that is asked, or refuse to; what he said first stands."""
        ...

    def change_destination(self, account_id: str, /) -> object:
        """Have the payee name another bank account; a payout that is on its way there fails."""
        ...

    def open_dispute(self, payment_id: str, amount: Cents | None = None, /) -> str:
        """Have the payer dispute a payment; return the dispute, the one that is open if one is."""
        ...

    def win_dispute(self, external_id: str, /) -> None:
        """Have the card network decide for the market: the amount comes back, the fee perhaps."""
        ...

    def lose_dispute(self, external_id: str, /) -> None:
        """Have the card network decide for the payer."""
        ...

    def fail_refund(self, external_id: str, /) -> object:
        """Have the payer's bank return a refund; harmless when it has."""
        ...

    def reverse_transfer(self, external_id: str, amount: Cents | None = None, /) -> str:
        """Have the processor take back a part of a transfer; return the reversal."""
        ...


@attrs.frozen(kw_only=True)
class Sent:
    """A webhook as it arrives: the raw *body*, and the header that signs it.

    *subject* is what it is really about, which the adapter must find out; OTHER is nobody's
    business.
    """

    endpoint: Endpoint
    body: bytes
    signature: str
    subject: Subject


class Post(Protocol):
    """What a processor sends unasked."""

    def sent(self, *, after: int) -> Sequence[Sent]:
        """List all that was ever sent, in order, but the first *after*; signed just now."""
        ...


@attrs.frozen(kw_only=True)
class Processor:
    """A processor: the ports that the market calls, who acts at its other end, and its books.

    With a *post* the market hears what was sent, which `Webhooks.since` must list, too; without
    one it hears what `since` lists. *line* is how calls are lost: on this side of the ports, so
    that the adapter never knows, unless a host can lose them on the way to his processor. Lost
    calls must come out as Unknown.
    """

    payments: Payments
    payouts: Payouts
    webhooks: Webhooks
    players: Players
    books: Books
    post: Post | None = None
    line: Line = befall


class ProcessorMaker(Protocol):
    """Makes a processor on which nothing has happened, used within the block and then forgotten.

    It tells time by *clock* and, where several stores are compared, draws its ids from *tokens*, so
    that they are the same beside each store. It lends *overdraft* cents, or without limit.
    """

    def __call__(
        self, *, clock: Clock, tokens: Tokens, overdraft: Cents | None
    ) -> AbstractContextManager[Processor]:
        """Make the processor."""
        ...


@contextmanager
def sandbox(*, clock: Clock, tokens: Tokens, overdraft: Cents | None) -> Iterator[Processor]:
    """Make a sandbox bank in memory."""
    with closing(SandboxBank(clock=clock, tokens=tokens, overdraft=overdraft)) as bank:
        yield Processor(payments=bank, payouts=bank, webhooks=bank, players=bank, books=bank)


@attrs.frozen(kw_only=True)
class Outside:
    """How the world around the market of a run is made, anew for each run and each store.

    The machine reads the letters before it hands them to *mail*, which must take them.
    """

    processor: ProcessorMaker = sandbox
    mail: Callable[[], Mail] = MemoryMail


SANDBOX = Outside()
"""A sandbox bank and a mailbox in memory."""

"""What a payment processor says: events, views, and the three answers that a call can get."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.money import ZERO
from reviewcore.domain.webhooks import ProcessorEvent, Subject
from reviewcore.ports.processor import (
    AccountView,
    Declined,
    DisputeView,
    Done,
    RefundState,
    RefundView,
    ReversalView,
    SessionState,
    SessionView,
    TransferView,
    Unknown,
)
from reviewcore.testing.strategies import values

V = TypeVar("V")

OF_ACCOUNTS = frozenset(
    {Subject.ACCOUNT, Subject.DESTINATION, Subject.DISCONNECTED, Subject.BANK_PAYOUT}
)
"""Subjects of events that name a connected account."""

TYPES = {
    Subject.CHECKOUT: "checkout.session.completed",
    Subject.REFUND: "refund.updated",
    Subject.DISPUTE: "charge.dispute.closed",
    Subject.TRANSFER: "transfer.reversed",
    Subject.ACCOUNT: "account.updated",
    Subject.DESTINATION: "account.external_account.updated",
    Subject.DISCONNECTED: "account.application.deauthorized",
    Subject.BANK_PAYOUT: "payout.failed",
    Subject.OTHER: "customer.created",
}


@st.composite
def processor_events(draw: st.DrawFn, /, **given: Any) -> ProcessorEvent:
    """Draw what the processor tells unasked, with *given* fields as they are."""
    subject = given.get("subject") or draw(st.sampled_from(Subject))
    account = draw(values.ids("acct")) if subject in OF_ACCOUNTS else None
    told = {
        "id": draw(values.ids("evt")),
        "type": TYPES[subject],
        "subject": subject,
        "object_id": account or draw(values.ids("obj")),
        "created_at": draw(values.times()),
        "account_id": account,
    }
    return ProcessorEvent(**(told | given))


@st.composite
def session_views(draw: st.DrawFn, /, **given: Any) -> SessionView:
    """Draw checkout sessions; a PAID one has its payment, and maybe its fee is known."""
    state = given.get("state") or draw(st.sampled_from(SessionState))
    amount = given.get("amount") or draw(values.cents())
    is_paid = state is SessionState.PAID
    told = {
        "session_id": draw(values.ids("cs")),
        "attempt_id": draw(values.ids("attempt")),
        "url": "https://processor.example/pay",
        "state": state,
        "amount": amount,
        "currency": draw(values.currencies()),
        "expires_at": draw(values.times()),
        "payment_id": draw(values.ids("pi")) if is_paid else None,
        "fee": draw(st.none() | values.cents(0, amount)) if is_paid else None,
    }
    return SessionView(**(told | given))


def refund_views() -> st.SearchStrategy[RefundView]:
    """Draw refunds, also one that is not ours."""
    return st.builds(
        RefundView,
        external_id=values.ids("re"),
        refund_id=values.ids("refund") | st.just(""),
        amount=values.cents(),
        state=st.sampled_from(RefundState),
    )


@st.composite
def dispute_views(draw: st.DrawFn, /, **given: Any) -> DisputeView:
    """Draw disputes and inquiries; only a WON one has given anything back."""
    amount, fee = draw(st.just((0, 0)) | st.tuples(values.cents(), values.cents(0, 1500)))
    status = given.get("status") or draw(st.sampled_from(DisputeStatus))
    back = values.cents(0, amount + fee) if status is DisputeStatus.WON else st.just(ZERO)
    told = {
        "external_id": draw(values.ids("dp")),
        "attempt_id": draw(values.ids("attempt") | st.just("")),
        "amount": amount,
        "fee": fee,
        "currency": draw(values.currencies()),
        "status": status,
        "reinstated": draw(back),
    }
    return DisputeView(**(told | given))


def account_views() -> st.SearchStrategy[AccountView]:
    """Draw payout accounts, ready or not."""
    return st.builds(AccountView, account_id=values.ids("acct"), ready=st.booleans())


@st.composite
def transfer_views(draw: st.DrawFn) -> TransferView:
    """Draw transfers of which no more came back than had left; also one that is not ours."""
    amount = draw(values.cents(2))
    parts = draw(st.lists(values.cents(1, amount // 2), max_size=2))
    return TransferView(
        external_id=draw(values.ids("tr")),
        payout_id=draw(values.ids("payout") | st.just("")),
        amount=amount,
        reversals=tuple(
            ReversalView(external_id=f"trr{number:023d}", amount=part)
            for number, part in enumerate(parts, 1)
        ),
    )


def declined() -> st.SearchStrategy[Declined]:
    """Draw refusals, for good or for now."""
    final = st.sampled_from(("card_declined", "account_closed", "not_found"))
    passing = st.sampled_from(("balance_insufficient", "charge_disputed"))
    return final.map(Declined) | passing.map(lambda code: Declined(code, is_passing=True))


def unknown() -> st.SearchStrategy[Unknown]:
    """Draw answers that are none."""
    return st.sampled_from(("timed out", "HTTP 503", "connection lost")).map(Unknown)


def outcomes(views: st.SearchStrategy[V]) -> st.SearchStrategy[Done[V] | Declined | Unknown]:
    """Draw any answer to a call that would tell one of *views*; shrinks to its being done."""
    return views.map(Done) | declined() | unknown()

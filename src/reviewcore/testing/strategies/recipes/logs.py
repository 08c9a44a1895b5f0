"""What is written down: the ledger's entries, the log of events, counters, and the inbox."""

from __future__ import annotations

from hypothesis import strategies as st

from reviewcore.domain.events import EventRecord
from reviewcore.domain.ledger import BalanceLine, Entry, EntryKind, Posting
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.ports.codec import encode
from reviewcore.testing import builders as make
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.entities import Recipe, Told
from reviewcore.testing.strategies.events import any_event
from reviewcore.testing.strategies.ledger import drafts, postings


def _postings(draw: st.DrawFn, _asked: Told) -> Told:
    booked = draw(drafts())
    return {name: getattr(booked, name) for name in ("kind", "cause", "postings")}


def _posting(draw: st.DrawFn, _asked: Told) -> Told:
    one = draw(postings())
    return {"account": one.account, "amount": one.amount}


def _record(draw: st.DrawFn, _asked: Told) -> Told:
    event = draw(any_event())
    return {
        "type": type(event).__name__,
        "aggregate": event.aggregate,
        "payload": encode(event),
    }


def _told(draw: st.DrawFn, _asked: Told) -> Told:
    more: Told = {"subject": draw(st.sampled_from(Subject)), "is_handled": draw(st.booleans())}
    if not more["is_handled"]:
        more["attempts"] = draw(st.integers(0, 40))
    return more


RECIPES = (
    Recipe(kind=Posting, build=make.a_posting, more=_posting),
    Recipe(kind=Entry, build=make.an_entry, vary={"at": values.times()}, more=_postings),
    Recipe(
        kind=BalanceLine,
        build=make.a_balance_line,
        always={"cause": values.ids("review")},
        vary={
            "kind": st.sampled_from(EntryKind),
            "at": values.times(),
            "amount": values.cents() | values.cents(-1000, -1),
        },
    ),
    Recipe(
        kind=EventRecord,
        build=make.an_event_record,
        vary={"sequence": st.integers(1, 99), "delivered_at": values.times()},
        more=_record,
    ),
    Recipe(
        kind=RateLimit,
        build=make.a_rate_limit,
        always={"key": values.ids("limit")},
        vary={"count": st.integers(0, 99), "reset_at": values.times()},
    ),
    Recipe(
        kind=StripeWebhookEvent,
        build=make.a_webhook_event,
        vary={"account_id": values.ids("acct"), "received_at": values.times()},
        more=_told,
    ),
)

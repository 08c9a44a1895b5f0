"""Every kind of event of the domain."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain import events
from reviewcore.domain.events import Event, event_kinds
from reviewcore.domain.flags import FlagReason
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import EndReason
from reviewcore.domain.rules import Tier
from reviewcore.domain.support import TicketStatus
from reviewcore.domain.tracks import LIVE
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.deriving import Named, derived


def _one_of(*members: Any) -> Any:
    return lambda: st.sampled_from([str(member) for member in members])


_TIERS = _one_of(*Tier)

NAMED: Named = MappingProxyType(
    {
        "before": _TIERS,
        "after": _TIERS,
        "tier": _TIERS,
        "flag_reason": _one_of(*FlagReason),
        "cause": _one_of(*RestrictionCause),
    }
)
ENDED: Named = MappingProxyType({"status": _one_of(AttemptStatus.EXPIRED, AttemptStatus.FAILED)})
SPECIAL: dict[type, Named] = {
    events.CheckoutEnded: ENDED,
    events.TicketMoved: MappingProxyType({"status": _one_of(*TicketStatus)}),
    events.TrackReopened: MappingProxyType({"status": _one_of(*LIVE)}),
    events.ReviewEnded: MappingProxyType({"reason": _one_of(*EndReason)}),
    events.AdminActed: MappingProxyType(
        {"subject": lambda: values.ids("reviewer").map("reviewer:{}".format)}
    ),
}
KINDS = tuple(kind for kind in event_kinds().values() if not kind.__subclasses__())
"""Every kind that happens; the others are what several have in common."""


def event(kind: type[Event], **given: Any) -> st.SearchStrategy[Any]:
    """Draw events of one *kind*, with *given* fields as they are."""
    return derived(kind, {**NAMED, **SPECIAL.get(kind, {})}, **given)


def any_event() -> st.SearchStrategy[Event]:
    """Draw any event that can happen."""
    return st.sampled_from(KINDS).flatmap(event)

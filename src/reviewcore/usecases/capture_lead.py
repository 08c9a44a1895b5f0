"""Keep an address that somebody left."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.ids import LeadId
from reviewcore.domain.leads import REMIND_AFTER, LeadCapture, require_lead_name, require_source
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class CaptureLead:
    """Somebody left an address; *source* is the page or campaign that he came from."""

    email: str
    artist_name: str | None = None
    source: str | None = None


def capture_lead(tx: Transaction, command: CaptureLead) -> None:
    """Keep the address to remind whose it is once, a day later, unless he signs up before.

    Nothing is told and nothing changes when the address is known, as a lead or as a user's.
    Raises InvalidEmail, InvalidText.
    """
    email = normalise_email(command.email)
    artist_name, source = require_lead_name(command.artist_name), require_source(command.source)
    if tx.leads.by_email(email) is not None or tx.users.by_email(email) is not None:
        return

    lead = LeadCapture(
        id=LeadId(tx.new_id()),
        email=email,
        artist_name=artist_name,
        source=source,
        created_at=tx.now,
        next_attempt_at=tx.now + REMIND_AFTER,
    )

    tx.leads.add(lead)

    tx.events.add(events.LeadCaptured(lead_id=lead.id))

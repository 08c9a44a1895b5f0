"""What becomes of a lead when its address signs up."""

from __future__ import annotations

from reviewcore.domain import events
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction


def welcome_lead(tx: Transaction, user: User) -> None:
    """Convert the lead with the new user's address, if there is one."""
    found = tx.leads.by_email(user.email)
    if found is not None:
        lead = tx.leads.lock(found.id)
        if lead.converted is None:
            convert_lead(tx, lead, user)


def convert_lead(tx: Transaction, lead: LeadCapture, user: User) -> LeadCapture:
    """Mark the lead, which is locked: no reminder goes any more."""
    converted = lead.convert(tx.now)
    tx.leads.update(converted)
    tx.events.add(events.LeadConverted(lead_id=lead.id, user_id=user.id))
    return converted

"""Remind somebody who left an address and did not sign up."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import LeadId
from reviewcore.domain.leads import LeadCapture
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.leads import convert_lead


@attrs.frozen(kw_only=True)
class RemindLead:
    """A day has passed since an address was left."""

    lead_id: LeadId


def remind_lead(tx: Transaction, command: RemindLead) -> LeadCapture:
    """Record the one reminder; its mail goes out as that of the event does, at least once.

    Harmless for one who was reminded or has signed up. Raises EntityNotFound.
    """
    lead = tx.leads.lock(command.lead_id)
    if not lead.is_waiting:
        return lead
    user = tx.users.by_email(lead.email)
    if user is not None:
        # Somebody signed up while the address was being left, and neither saw the other.
        return convert_lead(tx, lead, user)

    reminded = lead.remind(tx.now)

    tx.leads.update(reminded)

    tx.events.add(events.LeadReminded(lead_id=lead.id))
    return reminded

"""Leave for good."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import UserId
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.leaving import (
    forget,
    give_up_tracks,
    give_up_work,
    lock_leaver,
    ties_of,
)


@attrs.frozen(kw_only=True)
class EraseUser:
    """A user leaves. *forfeit_balance* gives up what he has earned and not withdrawn."""

    user_id: UserId
    forfeit_balance: bool = False


def erase_user(tx: Transaction, command: EraseUser) -> User:
    """Empty all that is personal; what the books and other people need stays, unsigned.

    What he works on ends, unpaid tracks are cancelled, the worker removes the files of his uploads,
    and whoever has his address may sign up anew. `domain.privacy` tells what becomes of every
    field; events and ledger hold ids alone and stay whole, answers kept for idempotency keys go, by
    whoever they were asked for. A repeat changes nothing. Raises EntityNotFound, CannotLeave.
    """
    leaver = lock_leaver(tx, command.user_id)
    if leaver.user.erased_at is not None:
        return leaver.user

    ties = ties_of(tx, leaver)
    (ties.forfeit() if command.forfeit_balance else ties).require_none()
    erased = leaver.user.erase(tx.now)

    if leaver.docket is not None:
        give_up_work(tx, leaver.docket)
    if leaver.artist is not None:
        give_up_tracks(tx, leaver.artist, leaver.tracks)
    forget(tx, leaver)
    tx.users.update(erased)

    tx.events.add(events.UserErased(user_id=erased.id))
    return erased

"""The list of events that Stripe keeps for 30 days: what was never delivered is there, too."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import stripe
from stripe.params import AccountListParams, EventListParams

from reviewcore.adapters.stripe.desk import OBJECTS_MAX, PAGE, Json, Unclear
from reviewcore.adapters.stripe.events import CONNECTED, OUR_OWN, event_view
from reviewcore.adapters.stripe.outcomes import Kind, failure_of
from reviewcore.domain.webhooks import ProcessorEvent, Subject
from reviewcore.ports.processor import EventPage

if TYPE_CHECKING:
    from stripe import RequestOptions
    from stripe._v1_services import V1Services

ACCOUNTS = 10
"""How many connected accounts are asked for one page: each is a call of its own."""

FIRST_ACCOUNTS = "acct_"
"""The cursor that begins with the connected accounts; longer, it names the last one asked."""


class Past:
    """Events of our own account, then of connected ones, in pages; each page oldest first.

    Stripe lists the events of a connected account only to who acts for it, so a whole round takes
    a call for each hundred of our own events, and at least one for each account.
    """

    def __init__(self, v1: V1Services, *, told: Callable[[stripe.StripeObject], Json]) -> None:
        self._stripe = v1
        self._told = told

    def page(self, at: datetime, cursor: str | None) -> EventPage:
        """Tell one page of what happened from *at* on. Raises what the library does, Unclear."""
        if cursor is not None and cursor.startswith(FIRST_ACCOUNTS):
            return self._of_accounts(at, cursor)
        params = _params(at, OUR_OWN)
        newest_first, more = self._oldest(params) if cursor is None else self._after(params, cursor)
        # Where to go on is the newest event handed out: Stripe tells what came after it.
        following = newest_first[0]["id"] if more else self._first_accounts()
        return EventPage(events=_views(newest_first), cursor=following)

    def _first_accounts(self) -> str | None:
        return FIRST_ACCOUNTS if self._stripe.accounts.list({"limit": 1}).data else None

    def _of_accounts(self, at: datetime, cursor: str) -> EventPage:
        params: AccountListParams = {"limit": ACCOUNTS}
        if cursor != FIRST_ACCOUNTS:
            params["starting_after"] = cursor
        listed = self._stripe.accounts.list(params)
        asked = [account.id for account in listed.data]
        found = [event for id in asked for event in self._of_account(at, id)]
        found.sort(key=lambda event: event.created_at)
        return EventPage(events=tuple(found), cursor=asked[-1] if listed.has_more else None)

    def _of_account(self, at: datetime, account_id: str) -> tuple[ProcessorEvent, ...]:
        options: RequestOptions = {"stripe_account": account_id}
        try:
            pages = list(self._pages(_params(at, CONNECTED), options))
        except stripe.PermissionError as error:
            if failure_of(error).kind is Kind.DECLINED:
                # It was disconnected, so that it is nobody's business any more.
                return ()
            raise
        return _views([told for page in pages for told in page])

    def _after(self, params: EventListParams, cursor: str) -> tuple[list[Json], bool]:
        listed = self._stripe.events.list({**params, "ending_before": cursor})
        return [self._told(made) for made in listed.data], listed.has_more

    def _oldest(self, params: EventListParams) -> tuple[list[Json], bool]:
        # Stripe begins with the newest and knows no other order, so the first page is the last.
        pages = deque(self._pages(params, {}), maxlen=2)
        return pages[-1], len(pages) > 1

    def _pages(self, params: EventListParams, options: RequestOptions) -> Iterator[list[Json]]:
        listed = self._stripe.events.list(params, options)
        for _ in range(OBJECTS_MAX // PAGE):
            yield [self._told(made) for made in listed.data]
            if not listed.has_more:
                return
            listed = listed.next_page()
        raise Unclear("Stripe has too many events since then")


def _params(at: datetime, types: Mapping[str, Subject]) -> EventListParams:
    return {"created": {"gte": int(at.timestamp())}, "types": list(types), "limit": PAGE}


def _views(newest_first: list[Json]) -> tuple[ProcessorEvent, ...]:
    return tuple(event_view(told) for told in reversed(newest_first))

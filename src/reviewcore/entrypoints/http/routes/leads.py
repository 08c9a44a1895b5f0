"""The get-feedback funnel: those who have no account yet."""

from __future__ import annotations

from typing import Any

from litestar import Router, post
from litestar.params import JSONBody

from reviewcore.domain.throttling import Limit
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import from_our_pages
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.usecases import CaptureLead, capture_lead


@post(
    "/leads",
    status_code=202,
    guards=[from_our_pages],
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Leave an address",
)
def create_lead(data: JSONBody[bodies.NewLead], desk: TheDesk) -> None:
    """Leave an address to be reminded once, a day later; the answer is the same if it is known."""
    desk.throttle(Limit.LEAD)
    command = CaptureLead(email=data.email, artist_name=data.artist_name, source=data.source)
    desk.app.perform(capture_lead, command)


ROUTES: list[Any] = [Router("/v1", route_handlers=[create_lead], tags=["leads"])]

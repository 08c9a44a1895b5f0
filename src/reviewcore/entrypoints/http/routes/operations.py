"""What operators and machines ask: is it alive, is it ready, what does it offer."""

from __future__ import annotations

from typing import Any

import attrs
from litestar import Request, Response, Router, get

from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.edge import html
from reviewcore.entrypoints.http.metrics import MEDIA_TYPE
from reviewcore.entrypoints.http.openapi import described
from reviewcore.entrypoints.http.pages import docs_page


@attrs.frozen(kw_only=True)
class HealthView:
    """How the service is: `ok`, or `degraded` when something it can do without is away."""

    status: str


@get("/healthz", sync_to_thread=False, summary="Whether the process is alive")
def read_health() -> HealthView:
    """Answer, and look at nothing else."""
    return HealthView(status="ok")


@get("/readyz", sync_to_thread=True, summary="Whether it can serve")
def read_readiness(request: Request[Any, Any, Any], desk: TheDesk) -> HealthView:
    """Look at the database; 503 when it is away or not migrated.

    Without the payment processor everything but paying goes on, so that is `degraded`.
    """
    desk.app.store.check_ready()
    return HealthView(status="degraded" if request.app.state.is_degraded() else "ok")


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def read_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell Prometheus what this process has done, and what waits."""
    return Response(request.app.state.metrics.told(), media_type=MEDIA_TYPE)


@get("/openapi.json", sync_to_thread=True, include_in_schema=False)
def read_openapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Describe every operation."""
    return Response(described(request.app), media_type="application/json")


@get("/docs", sync_to_thread=False, include_in_schema=False)
def read_docs() -> Response[str]:
    """Show that description to people, without anything from elsewhere."""
    return html(docs_page())


ROUTES: list[Any] = [
    Router(
        "/",
        route_handlers=[read_health, read_readiness, read_metrics, read_openapi, read_docs],
        tags=["operations"],
    )
]

"""The application: an app's market behind routes, guards, limits and problem documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

from litestar import Litestar, Router
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.app import App
from reviewcore.bootstrap import THREADS
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.entrypoints.http.auth import Gate
from reviewcore.entrypoints.http.decoding import StrictBody
from reviewcore.entrypoints.http.desk import Spelling, desk_of
from reviewcore.entrypoints.http.edge import admit, record
from reviewcore.entrypoints.http.metrics import Metrics
from reviewcore.entrypoints.http.openapi import TITLE, VERSION, operation_id
from reviewcore.entrypoints.http.problems import BODY_MAX_BYTES, Problems
from reviewcore.entrypoints.http.routes import (
    accounts,
    admin,
    checkouts,
    credentials,
    leads,
    oauth,
    operations,
    oversight,
    payouts,
    profiles,
    quality,
    reviews,
    sandbox,
    shared,
    site,
    support,
    tracks,
    uploads,
    webhooks,
)
from reviewcore.worker import Tally

NO_WORKER: Mapping[str, Tally] = MappingProxyType({})

MODULES = (
    site,
    operations,
    accounts,
    credentials,
    oauth,
    leads,
    profiles,
    tracks,
    uploads,
    checkouts,
    reviews,
    quality,
    shared,
    payouts,
    support,
    webhooks,
    oversight,
    admin,
)


def create_app(
    app: App,
    *,
    admin_emails: frozenset[str],
    base_url: str,
    bank: SandboxBank | None,
    trusted_proxies: int = 0,
    is_degraded: Callable[[], bool] = lambda: False,
    tallies: Mapping[str, Tally] = NO_WORKER,
) -> Litestar:
    """Make the application that serves *app* at *base_url*.

    *admin_emails* are normalised; their users are administrators once verified. The pages of
    *bank* are served if there is one. *trusted_proxies* is how many proxies' forwarded addresses
    to believe. *is_degraded* tells whether something that can be done without is away. *tallies*
    are those of the worker in this process, for `/metrics`.
    """
    base_url = base_url.rstrip("/")
    problems = Problems(base_url)
    metrics = Metrics(app, tallies)
    handlers = [handler for module in MODULES for handler in module.ROUTES]
    if bank is not None:
        handlers += sandbox.routes(bank, base_url=base_url)
    return Litestar(
        route_handlers=handlers,
        state=State(
            {
                "gate": Gate(app=app, admin_emails=admin_emails, base_url=base_url),
                "spelling": Spelling(app.store),
                "is_degraded": is_degraded,
                "trusted_proxies": trusted_proxies,
                "metrics": metrics,
            }
        ),
        dependencies={"desk": Provide(desk_of, sync_to_thread=False)},
        dto=StrictBody,
        return_dto=None,
        before_request=admit,
        before_send=[record(trusted_proxies), metrics.hook()],
        request_max_body_size=BODY_MAX_BYTES,
        exception_handlers={
            ReviewcoreError: problems.refused,
            HTTPException: problems.unreadable,
            Exception: problems.failed,
        },
        openapi_config=_openapi(),
        logging_config=None,
        on_startup=[_size_threads],
    )


def _size_threads() -> None:
    """Have as many threads for handlers as the store has connections for, on any machine."""
    threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="reviewcore")
    asyncio.get_running_loop().set_default_executor(threads)


def _openapi() -> OpenAPIConfig:
    # Litestar makes the document; we serve it ourselves, completed, so its own pages stay shut.
    shut = Router("/-", route_handlers=[], include_in_schema=False, guards=[_nobody])
    return OpenAPIConfig(
        title=TITLE,
        version=VERSION,
        openapi_router=shut,
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
    )


async def _nobody(_: ASGIConnection[Any, Any, Any, Any], __: BaseRouteHandler) -> None:
    raise NotFoundException

"""Threads of their own for what waits long: on the payment processor, or on a password hash.

The other handlers share Litestar's threads; a slow processor must not take those from them.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from reviewcore.bootstrap import THREADS

P = ParamSpec("P")
R = TypeVar("R")

_WAITING = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="reviewcore-waiting")


def waits(handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a handler in the threads for those that wait."""

    @functools.wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = contextvars.copy_context()
        call = functools.partial(context.run, functools.partial(handler, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(_WAITING, call)

    return run

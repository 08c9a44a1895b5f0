"""Threads of their own for what waits long: on the payment processor, or on a password hash.

The other handlers share Litestar's threads; neither must take those from them. Nor may a processor
that gives no answer keep people from signing in, so who waits on it has threads apart from these.
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
_PROCESSOR = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="reviewcore-processor")


def waits(handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a handler in the threads for those that wait, on anything but the processor."""
    return _in(_WAITING, handler)


def waits_on_processor(handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a handler in the threads for those that wait on the payment processor."""
    return _in(_PROCESSOR, handler)


def _in(threads: ThreadPoolExecutor, handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    @functools.wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = contextvars.copy_context()
        call = functools.partial(context.run, functools.partial(handler, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(threads, call)

    return run

"""Threads of their own for what waits long: on the processor, a provider, or a password hash.

The other handlers share Litestar's threads; none of these must take those from them. Nor may a
processor or an identity provider that gives no answer keep people from signing in by a password or
from each other, so who waits on either has threads apart.
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
_PROVIDER = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="reviewcore-provider")
_PROCESSOR = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="reviewcore-processor")


def waits(handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a handler in the threads for those that wait, on nobody else's machine."""
    return _in(_WAITING, handler)


def waits_on_provider(handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a handler in the threads for those that wait on identity providers."""
    return _in(_PROVIDER, handler)


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

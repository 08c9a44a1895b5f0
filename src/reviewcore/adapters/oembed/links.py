"""What platforms that speak oEmbed say of a link."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode, urlsplit

from reviewcore.adapters.oembed.fetching import (
    Judge,
    Refused,
    Resolve,
    fetch,
    is_public,
    resolve,
)
from reviewcore.domain.errors import InvalidSourceUrl
from reviewcore.domain.links import SourceType, judge_source_url
from reviewcore.domain.texts import as_line
from reviewcore.domain.tracks import DURATION_MAX_SECONDS, TITLE_MAX
from reviewcore.ports.links import LinkFacts

ENDPOINTS: Mapping[SourceType, str] = MappingProxyType(
    {
        SourceType.SOUNDCLOUD: "https://soundcloud.com/oembed",
        SourceType.YOUTUBE: "https://www.youtube.com/oembed",
    }
)
"""Who is asked of which links; Bandcamp has no public endpoint. A page is never asked where its
endpoint is: it could name any."""

SECONDS: Final = 3.0
AT_ONCE: Final = 4
"""So many wait for platforms at a time; whoever comes then is told nothing, at once."""


class OEmbedLinks:
    """Asks the platform of a link by oEmbed. Thread-safe.

    No answer takes longer than *seconds*. The arguments are for tests, which play the platform.
    """

    def __init__(
        self,
        endpoints: Mapping[SourceType, str] = ENDPOINTS,
        *,
        resolve: Resolve = resolve,
        may_reach: Judge = is_public,
        seconds: float = SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._resolve = resolve
        self._may_reach = may_reach
        self._seconds = seconds
        self._tls = ssl.create_default_context()
        # Threads of its own: resolving a name cannot be given up, only left to itself.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reviewcore-oembed")
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def close(self) -> None:
        """Ask nobody any more."""
        self._threads.shutdown(wait=False)

    def describe(self, source_url: str, /) -> LinkFacts | None:
        try:
            endpoint = self._endpoints.get(judge_source_url(source_url))
        except InvalidSourceUrl:
            return None
        if endpoint is None or not self._free.acquire(blocking=False):
            return None
        try:
            asked = self._threads.submit(self._ask, endpoint, source_url)
        except RuntimeError:
            # It was closed.
            self._free.release()
            return None
        asked.add_done_callback(self._leave)
        try:
            return asked.result(self._seconds)
        except TooLate:
            return None

    def _leave(self, _: Future[LinkFacts | None]) -> None:
        self._free.release()

    def _ask(self, endpoint: str, source_url: str) -> LinkFacts | None:
        url = urlsplit(f"{endpoint}?{urlencode({'format': 'json', 'url': source_url})}")
        with contextlib.suppress(Refused, OSError, http.client.HTTPException, ValueError):
            body = fetch(
                url,
                seconds=self._seconds,
                resolve=self._resolve,
                may_reach=self._may_reach,
                tls=self._tls,
            )
            return _facts(body)
        return None


def _facts(body: bytes) -> LinkFacts | None:
    """Read an answer, of which nothing is believed but a title and a length that could be true."""
    try:
        told = json.loads(body)
    except RecursionError:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("title"), str):
        return None
    title = as_line(told["title"], longest=TITLE_MAX)
    return LinkFacts(title=title, duration_seconds=_length(told.get("duration"))) if title else None


def _length(seconds: object) -> int | None:
    # True is a number, too.
    if type(seconds) is int and 1 <= seconds <= DURATION_MAX_SECONDS:
        return seconds
    return None

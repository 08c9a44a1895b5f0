"""What the market may ask of platforms: what a track behind a link is called."""

from __future__ import annotations

from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class LinkFacts:
    """What a platform tells of a track: a title that `require_title` takes, and its length.

    *duration_seconds* is 1 second to 6 hours, or None: most platforms do not tell it.
    """

    title: str
    duration_seconds: int | None = None


class Links(Protocol):
    """The platforms that tracks are played from. Never call it inside an open transaction."""

    def describe(self, source_url: str, /) -> LinkFacts | None:
        """Tell what the platform says of a link, or None; within seconds, and never raise.

        Not known, not reachable, not asked and not understood are all None: an artist then types
        what nobody told us.
        """
        ...


class NoLinks:
    """Stands in where platforms are not asked."""

    def describe(self, source_url: str, /) -> LinkFacts | None:
        return None

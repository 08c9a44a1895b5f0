"""The link of a track, which may be to an upload."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import ArtistId
from reviewcore.domain.links import SourceType, judge_source_url
from reviewcore.domain.uploads import upload_of
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class Source:
    """Where a track is played from; *duration* in seconds where we know it for ourselves."""

    type: SourceType
    duration: int | None = None


def find_source(
    tx: Transaction, url: str, *, artist_id: ArtistId, upload_prefix: str | None
) -> Source:
    """Judge the link; an upload must be the artist's and have been accepted.

    Raises InvalidSourceUrl, EntityNotFound, UploadRefused.
    """
    kind = judge_source_url(url, upload_prefix=upload_prefix)
    if kind is not SourceType.UPLOAD:
        return Source(type=kind)
    upload = tx.uploads.get(upload_of(url))
    upload.require_owner(artist_id)
    return Source(type=kind, duration=upload.require_accepted().duration)

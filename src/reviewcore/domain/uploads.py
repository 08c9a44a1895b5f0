"""Uploads: audio that an artist puts into this deployment's own store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.ids import ArtistId, UploadId

UPLOAD_MAX_BYTES = 25 * 1024 * 1024


class UploadStatus(StrEnum):
    """Where an upload stands."""

    STARTED = "STARTED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


# STARTED   the artist has an address to put the file to; nothing is known of it yet.
# ACCEPTED  final: it was decoded and is audio; a track may be made of it.
# REFUSED   final: it is not audio that can be played, or larger than it was to be.
NEXT: Mapping[UploadStatus, frozenset[UploadStatus]] = MappingProxyType(
    {
        UploadStatus.STARTED: frozenset({UploadStatus.ACCEPTED, UploadStatus.REFUSED}),
        UploadStatus.ACCEPTED: frozenset(),
        UploadStatus.REFUSED: frozenset(),
    }
)


@attrs.frozen(kw_only=True)
class Upload:
    """A file of an artist, kept under *key*; *duration* in seconds once it was decoded."""

    id: UploadId
    artist_id: ArtistId
    key: str
    filename: str
    content_type: str
    content_length: int
    status: UploadStatus
    created_at: datetime
    duration: int | None = None
    refusal: str | None = None

    def accept(self, duration: int) -> Self:
        """Be audio of *duration* seconds. Raises InvalidTransition."""
        self._require(UploadStatus.ACCEPTED)
        return attrs.evolve(self, status=UploadStatus.ACCEPTED, duration=duration)

    def refuse(self, reason: str) -> Self:
        """Be no audio that can be played. Raises InvalidTransition."""
        self._require(UploadStatus.REFUSED)
        return attrs.evolve(self, status=UploadStatus.REFUSED, refusal=reason)

    def _require(self, wanted: UploadStatus) -> None:
        if wanted not in NEXT[self.status]:
            raise InvalidTransition(entity="Upload", status=self.status, wanted=wanted)

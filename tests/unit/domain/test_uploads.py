from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.ids import ArtistId, UploadId
from reviewcore.domain.uploads import Upload, UploadStatus
from reviewcore.testing.clock import START

S = UploadStatus

VERBS: dict[str, tuple[Callable[[Upload], Upload], dict[S, S]]] = {
    "accept": (lambda it: it.accept(181, kept_as="kept/u"), {S.STARTED: S.ACCEPTED}),
    "refuse": (lambda it: it.refuse("no audio"), {S.STARTED: S.REFUSED}),
}


@pytest.mark.parametrize(("verb", "status"), list(product(VERBS, S)))
def test_an_upload_moves_as_the_table_says(verb: str, status: S) -> None:
    act, allowed = VERBS[verb]
    upload = Upload(
        id=UploadId("u"),
        artist_id=ArtistId("a"),
        key="a/u",
        filename="demo.wav",
        content_type="audio/wav",
        content_length=44,
        status=status,
        created_at=START,
    )

    if status in allowed:
        assert act(upload).status is allowed[status]
    else:
        with pytest.raises(InvalidTransition):
            act(upload)

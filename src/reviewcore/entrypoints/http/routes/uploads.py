"""Uploads: an address to put a file to; and the files that this deployment serves by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from litestar import Request, Response, Router, get, post, put
from litestar.background_tasks import BackgroundTask
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from reviewcore.adapters.files import Deed, Receiving, Refusal, ServedFiles, Slip
from reviewcore.domain.errors import NotFound, UploadMissing
from reviewcore.domain.throttling import Limit
from reviewcore.domain.uploads import UPLOAD_MAX_BYTES
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_artist
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.edge import FORM, drain
from reviewcore.entrypoints.http.errors import AddressNotGood
from reviewcore.entrypoints.http.listening import link_of, put_address
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.views.tracks import UploadView
from reviewcore.usecases import StartUpload, start_upload

BLOCK_BYTES = 1 << 16
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@post(
    "/uploads",
    guards=[as_artist],
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Begin to upload a file",
)
def create_upload(data: JSONBody[bodies.NewUpload], desk: TheDesk) -> UploadView:
    """Get an address to PUT the file to, with the same content type and length.

    The source URL is for a track, which may be submitted once the file is there.
    """
    desk.throttle_account(Limit.UPLOAD_ACCOUNT)
    command = StartUpload(
        artist_id=desk.artist_id,
        filename=data.filename,
        content_type=data.content_type,
        content_length=data.content_length,
    )
    upload = desk.perform(start_upload, command)
    return shape(
        UploadView, upload, upload_url=put_address(desk, upload), source_url=link_of(desk, upload)
    )


@put(
    "/uploads/{name:str}/content",
    status_code=204,
    request_max_body_size=UPLOAD_MAX_BYTES,
    opt={FORM: True},
)
async def take(name: FromPath[str], request: Request[Any, Any, Any]) -> None:
    """Take a file at an address that we made."""
    files = _served(request)
    try:
        slip = files.admit(Deed.PUT, name, _query(request))
        _require_agreed(request, slip)
        receiving = await sync_to_thread(files.receive, slip)
        await _receive(request, receiving)
    except Refusal as error:
        await drain(request.receive)
        raise AddressNotGood from error


def _require_agreed(request: Request[Any, Any, Any], slip: Slip) -> None:
    if request.headers.get("content-type") != slip.content_type:
        raise Refusal
    if request.content_length not in {None, slip.length}:
        raise Refusal


async def _receive(request: Request[Any, Any, Any], receiving: Receiving) -> None:
    try:
        async for block in request.stream():
            await sync_to_thread(receiving.write, block)
        await sync_to_thread(receiving.finish)
    finally:
        await sync_to_thread(receiving.abandon)


@get("/uploads/{name:str}/content", sync_to_thread=True)
def give(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """Give a file, or the one range that was asked for, at an address that we made."""
    files = _served(request)
    try:
        slip = files.admit(Deed.GET, name, _query(request))
        file = files.open(slip.key)
    except Refusal as error:
        raise AddressNotGood from error
    except UploadMissing as error:
        raise NotFound from error
    size = file.seek(0, 2)
    asked = request.headers.get("range")
    part = range(size) if asked is None else part_of(asked, size)
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": "inline"}
    if not part:
        file.close()
        headers["Content-Range"] = f"bytes */{size}"
        return Response(b"", status_code=416, headers=headers, media_type=slip.content_type)
    if len(part) < size:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    headers["Content-Length"] = str(len(part))
    return Stream(
        _blocks(file, part),
        status_code=206 if len(part) < size else 200,
        media_type=slip.content_type,
        headers=headers,
        # Whoever hangs up before the end leaves the blocks unread, and nobody else would close it.
        background=BackgroundTask(file.close),
    )


def part_of(asked: str, size: int) -> range:
    """Tell which bytes of *size* a Range header asks for, none if there are none such.

    Several ranges, and units that we do not know, may be answered with everything (RFC 9110).
    """
    found = RANGE.fullmatch(asked.strip())
    if found is None or not any(found.groups()):
        return range(size)
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    return range(start, stop) if start < stop else range(0)


def _blocks(file: BinaryIO, part: range) -> Iterator[bytes]:
    with file:
        file.seek(part.start)
        left = len(part)
        while left > 0 and (block := file.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block


def _served(request: Request[Any, Any, Any]) -> ServedFiles:
    files = request.app.state.gate.app.files
    if not isinstance(files, ServedFiles):
        # They are elsewhere, and so are their addresses.
        raise NotFound
    return files


def _query(request: Request[Any, Any, Any]) -> dict[str, str]:
    return dict(request.query_params.items())


ROUTES: list[Any] = [
    Router("/v1", route_handlers=[create_upload], tags=["tracks"]),
    # Whoever has an address needs no description of it.
    Router("/v1", route_handlers=[take, give], include_in_schema=False),
]

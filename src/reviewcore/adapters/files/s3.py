"""Files in a bucket of Amazon S3, or of anything that speaks as it does.

botocore signs the addresses, for it can sign the length and the type of what is put there; other
clients sign the address alone, so that whoever has it could put anything of any length.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import botocore.session  # type: ignore[import-untyped]  # it ships no types
from botocore.config import Config  # type: ignore[import-untyped]  # it ships no types
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # it ships no types

from reviewcore.domain.errors import FilesUnavailable, UploadMissing
from reviewcore.domain.uploads import INCOMING, UPLOAD_MAX_BYTES
from reviewcore.ports.files import require_key

ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
TIMEOUT_SECONDS = 20


class S3Files:
    """Files of one bucket, which nobody may read or list without a signed address.

    Without keys they are looked for where Amazon's own tools look. Browsers that upload need the
    bucket's CORS rules to let them.
    """

    def __init__(
        self,
        bucket: str,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self._bucket = bucket
        self._client: Any = botocore.session.Session().create_client(
            "s3",
            region_name=region or "us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4",
                connect_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
                retries={"mode": "standard", "max_attempts": 3},
                # Others than Amazon know only one way to name a bucket, and no checksums.
                s3={"addressing_style": "path" if endpoint else "auto"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def sign_upload(
        self, key: str, *, content_type: str, content_length: int, life: timedelta
    ) -> str:
        return self._signed(
            "put_object", key, life, ContentType=content_type, ContentLength=content_length
        )

    def sign_download(self, key: str, *, content_type: str, life: timedelta) -> str:
        return self._signed("get_object", key, life, ResponseContentType=content_type)

    @contextlib.contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        # A copy of our own: what is put there meanwhile does not change it.
        with tempfile.TemporaryFile() as copy:
            with _translated():
                found = self._client.get_object(Bucket=self._bucket, Key=require_key(key))
                with contextlib.closing(found["Body"]) as body:
                    # One byte more than anybody may have put tells that it is too long.
                    while copy.tell() <= UPLOAD_MAX_BYTES and (block := body.read(1 << 16)):
                        copy.write(block)
            copy.seek(0)
            yield copy

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        require_key(key)
        with tempfile.TemporaryFile() as copy, _translated():
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=copy, ContentType=content_type
            )

    def remove(self, key: str) -> None:
        with _translated():
            self._client.delete_object(Bucket=self._bucket, Key=require_key(key))

    def sweep(self, before: datetime) -> int:
        swept = 0
        with _translated():
            found = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{INCOMING}/", PaginationConfig={"PageSize": 1000}
            )
            for page in found:
                for one in page.get("Contents", ()):
                    if one["LastModified"] < before:
                        self._client.delete_object(Bucket=self._bucket, Key=one["Key"])
                        swept += 1
        return swept

    def _signed(self, act: str, key: str, life: timedelta, **more: object) -> str:
        with _translated():
            address: str = self._client.generate_presigned_url(
                act,
                Params={"Bucket": self._bucket, "Key": require_key(key), **more},
                ExpiresIn=int(life.total_seconds()),
            )
        return address


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ABSENT:
            raise UploadMissing from error
        raise FilesUnavailable from error
    except BotoCoreError as error:
        raise FilesUnavailable from error

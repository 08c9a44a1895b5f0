"""Where the files of a deployment are, as the environment says it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from reviewcore.environment import WrongSetting

FILES_URL: Final = "REVIEWCORE_FILES_URL"

FORM: Final = "must be file:DIR or s3://bucket?region=...&endpoint=..."
BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION: Final = re.compile(r"[a-z0-9-]{1,64}")
PARAMETERS: Final = frozenset({"region", "endpoint"})


@attrs.frozen(kw_only=True)
class Bucket:
    """A bucket of a store that speaks S3; its repr shows no secret.

    Without *endpoint* it is Amazon's. Without *access_key* and *secret_key* they are looked for
    where Amazon's own tools look: in `AWS_ACCESS_KEY_ID`, in `~/.aws`, at the machine's role.
    """

    name: str
    region: str | None = None
    endpoint: str | None = None
    access_key: str | None = attrs.field(default=None, repr=False)
    secret_key: str | None = attrs.field(default=None, repr=False)


def files_place(url: str) -> Path | Bucket:
    """Read the address of a folder or a bucket. Raises WrongSetting, which quotes no part of it."""
    scheme, _, place = url.partition(":")
    if scheme == "file" and place.strip("/"):
        # A URL proper is understood too: file:///srv/files is file:/srv/files.
        return Path(place.removeprefix("//"))
    if scheme == "s3":
        return _bucket(url)
    raise WrongSetting(name=FILES_URL, reason=FORM)


def _bucket(url: str) -> Bucket:
    parts = urlsplit(url)
    credentials, _, name = parts.netloc.rpartition("@")
    access_key, _, secret_key = credentials.partition(":")
    told = dict(parse_qsl(parts.query))
    unknown = sorted(told.keys() - PARAMETERS)
    if unknown:
        raise WrongSetting(name=FILES_URL, reason=f"{unknown[0]} is not region or endpoint")
    if not BUCKET.fullmatch(name) or parts.path.strip("/") or parts.fragment:
        raise WrongSetting(name=FILES_URL, reason=FORM)
    if bool(access_key) != bool(secret_key):
        raise WrongSetting(
            name=FILES_URL, reason="needs both keys, or neither: s3://KEY:SECRET@..."
        )
    if not REGION.fullmatch(told.get("region", "-")):
        raise WrongSetting(name=FILES_URL, reason="region is none")
    return Bucket(
        name=name,
        region=told.get("region"),
        endpoint=_endpoint(told["endpoint"]) if "endpoint" in told else None,
        access_key=unquote(access_key) or None,
        secret_key=unquote(secret_key) or None,
    )


def _endpoint(url: str) -> str:
    reason = "endpoint must be a URL like https://s3.example, without user, path or query"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise WrongSetting(name=FILES_URL, reason=reason) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise WrongSetting(name=FILES_URL, reason=reason)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise WrongSetting(name=FILES_URL, reason=reason)
    return f"{parts.scheme}://{parts.netloc}"

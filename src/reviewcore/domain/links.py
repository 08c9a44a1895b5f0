"""Which platform a track's address belongs to, judged on the raw string.

Every parser of addresses, ours, a browser's, a player's, repairs a slightly different set of
mistakes (tabs, backslashes, missing slashes). Two parsers that repair differently see two hosts
in one string, so nothing is repaired here: what is not plainly right is refused.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs

from reviewcore.domain.errors import InvalidSourceUrl


class SourceType(StrEnum):
    """Where the audio of a track is played from."""

    SOUNDCLOUD = "SOUNDCLOUD"
    BANDCAMP = "BANDCAMP"
    YOUTUBE = "YOUTUBE"
    UPLOAD = "UPLOAD"


URL_CHARACTERS_MAX: Final = 2048

_SOUNDCLOUD_HOSTS: Final = frozenset(
    {"soundcloud.com", "www.soundcloud.com", "m.soundcloud.com", "on.soundcloud.com"}
)
_YOUTUBE_HOSTS: Final = frozenset(
    {"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"}
)
_YOUTUBE_SHORT_HOST: Final = "youtu.be"

# One DNS label before bandcamp.com. `www` is Bandcamp's own site, not an artist.
_BANDCAMP_HOST: Final = re.compile(r"(?!www\.)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.bandcamp\.com")
_BANDCAMP_TRACK: Final = re.compile(r"/track/[A-Za-z0-9_-]+/?")

# Video ids have 11 characters today. YouTube promises the alphabet, not the length.
_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORTS_PATH: Final = re.compile(r"/shorts/[A-Za-z0-9_-]{1,64}/?")
_SHORT_LINK_PATH: Final = re.compile(r"/[A-Za-z0-9_-]{1,64}/?")

# ASCII: without it, ignoring case would also take a long s for an s.
_ADDRESS: Final = re.compile(
    r"https://(?P<host>[^/?#]+)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.ASCII,
)
# Browsers resolve the encoded dot, %2e, like the dot itself.
_DOT_SEGMENT: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


def judge_source_url(url: str, *, upload_prefix: str | None = None) -> SourceType:
    """Return the platform that serves this address.

    `upload_prefix` is where this deployment serves its own uploads, compared exactly. It is taken
    to end at a slash whether or not it says so, because `https://market.example` must not vouch
    for `https://market.example.evil.example/`. An empty prefix vouches for nothing.

    Raises InvalidSourceUrl.
    """
    _require_plain_characters(url)

    if upload_prefix and url.startswith(upload_prefix.rstrip("/") + "/"):
        _require_upload_name(url[len(upload_prefix.rstrip("/")) :])
        return SourceType.UPLOAD

    address = _ADDRESS.fullmatch(url)
    if address is None:
        raise InvalidSourceUrl(reason="the address must start with https:// and a host")

    host = _plain_host(address["host"])
    path = address["path"]
    if not path.strip("/"):
        raise InvalidSourceUrl(reason="the address names no track, only a site")
    if _DOT_SEGMENT.search(path):
        raise InvalidSourceUrl(reason="the path must not contain . or .. segments")

    return _judge_platform(host, path, query=address["query"] or "")


def _require_plain_characters(url: str) -> None:
    if len(url) > URL_CHARACTERS_MAX:
        raise InvalidSourceUrl(reason=f"the address is over {URL_CHARACTERS_MAX} characters long")
    # C: control, format (zero-width, right-to-left override), surrogate, unassigned. Z: spaces.
    if any(unicodedata.category(character)[0] in "CZ" for character in url):
        raise InvalidSourceUrl(reason="the address contains a space or an invisible character")
    if "\\" in url:
        raise InvalidSourceUrl(reason="the address contains a backslash")


def _require_upload_name(rest: str) -> None:
    path = re.split(r"[?#]", rest)[0]
    if path == "/" or "//" in path:
        raise InvalidSourceUrl(reason="the address names no upload")
    # An encoded slash or backslash could hide a .. from this check and show it to a file system.
    if _DOT_SEGMENT.search(path) or re.search(r"%(?:2f|5c)", path, re.IGNORECASE):
        raise InvalidSourceUrl(reason="the path must not leave the folder of uploads")


def _plain_host(authority: str) -> str:
    if "@" in authority:
        raise InvalidSourceUrl(reason="the address must not contain a user name")
    if ":" in authority:
        raise InvalidSourceUrl(reason="the address must not contain a port")
    # Before lower(): it would turn the Kelvin sign into a k.
    if not authority.isascii():
        raise InvalidSourceUrl(reason="the host must be written in ASCII")
    host = authority.lower()
    if any(label.startswith("xn--") for label in host.split(".")):
        raise InvalidSourceUrl(reason="internationalised hosts are not accepted")
    if host.endswith("."):
        raise InvalidSourceUrl(reason="the host must not end with a dot")
    return host


def _judge_platform(host: str, path: str, *, query: str) -> SourceType:
    if host in _SOUNDCLOUD_HOSTS:
        return SourceType.SOUNDCLOUD

    if host in _YOUTUBE_HOSTS or host == _YOUTUBE_SHORT_HOST:
        if not _is_video(host, path, query=query):
            raise InvalidSourceUrl(reason="the address is not that of a YouTube video")
        return SourceType.YOUTUBE

    if _BANDCAMP_HOST.fullmatch(host):
        if not _BANDCAMP_TRACK.fullmatch(path):
            raise InvalidSourceUrl(reason="the address is not that of a Bandcamp track page")
        return SourceType.BANDCAMP

    raise InvalidSourceUrl(reason="the host is not SoundCloud, Bandcamp or YouTube")


def _is_video(host: str, path: str, *, query: str) -> bool:
    if host == _YOUTUBE_SHORT_HOST:
        return _SHORT_LINK_PATH.fullmatch(path) is not None
    if path == "/watch":
        videos = parse_qs(query, keep_blank_values=True).get("v", [])
        # Two v's are two opinions about which video this is.
        return len(videos) == 1 and _VIDEO_ID.fullmatch(videos[0]) is not None
    return _SHORTS_PATH.fullmatch(path) is not None

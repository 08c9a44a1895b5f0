from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain.errors import InvalidSourceUrl
from reviewcore.domain.links import URL_CHARACTERS_MAX, SourceType, judge_source_url

UPLOADS = "https://market.example/uploads/"

GOOD = {
    "https://soundcloud.com/artist/song": SourceType.SOUNDCLOUD,
    "https://www.soundcloud.com/artist/song": SourceType.SOUNDCLOUD,
    "https://m.soundcloud.com/artist/song?in=a/sets/b#t=0:10": SourceType.SOUNDCLOUD,
    "https://on.soundcloud.com/Ab12C": SourceType.SOUNDCLOUD,
    "https://SoundCloud.COM/artist/song": SourceType.SOUNDCLOUD,
    "HTTPS://soundcloud.com/artist/song": SourceType.SOUNDCLOUD,
    "https://soundcloud.com/björk/jóga": SourceType.SOUNDCLOUD,
    "https://soundcloud.com/artist/song@home:1": SourceType.SOUNDCLOUD,
    "https://artist.bandcamp.com/track/song": SourceType.BANDCAMP,
    "https://the-artist-2.bandcamp.com/track/my-song-2/": SourceType.BANDCAMP,
    "https://Artist.Bandcamp.com/track/song?from=search": SourceType.BANDCAMP,
    "https://youtube.com/watch?v=dQw4w9WgXcQ": SourceType.YOUTUBE,
    "https://www.youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=42s": SourceType.YOUTUBE,
    "https://m.youtube.com/watch?v=dQw4w9WgXcQ": SourceType.YOUTUBE,
    "https://music.youtube.com/watch?v=dQw4w9WgXcQ#": SourceType.YOUTUBE,
    "https://www.youtube.com/shorts/dQw4w9WgXcQ": SourceType.YOUTUBE,
    "https://youtu.be/dQw4w9WgXcQ?si=x": SourceType.YOUTUBE,
}

BAD = [
    # Another host that carries a good one in it.
    "https://soundcloud.com.evil.example/x",
    "https://evil.example/soundcloud.com",
    "https://evil.example/?u=https://soundcloud.com/x",
    "https://evil.example#soundcloud.com/x",
    "https://evilsoundcloud.com/x",
    "https://api.soundcloud.com/x",
    "https://soundcloud.co/x",
    "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
    "https://www.youtu.be/dQw4w9WgXcQ",
    # User names, ports, backslashes.
    "https://soundcloud.com@evil.example/x",
    "https://user:secret@soundcloud.com/x",
    "https://@soundcloud.com/x",
    "soundcloud.com@evil.io",
    "https://soundcloud.com:443/x",
    "https://soundcloud.com:/x",
    "https://[::1]/x",
    "https://evil.io\\@soundcloud.com/",
    "https://soundcloud.com\\x",
    "https:\\\\soundcloud.com\\x",
    # Other schemes, or none.
    "",
    "http://soundcloud.com/x",
    "ftp://soundcloud.com/x",
    "javascript://soundcloud.com/%0aalert(1)",
    "https:soundcloud.com/x",
    "https:/soundcloud.com/x",
    "https:///soundcloud.com/x",
    "//soundcloud.com/x",
    "/soundcloud.com/x",
    "soundcloud.com/x",
    "xhttps://soundcloud.com/x",
    "http\u017f://soundcloud.com/x",
    # Hosts that look alike.
    "https://soundcloud.com./x",
    "https://soundcloud..com/x",
    "https://.soundcloud.com/x",
    "https://ѕoundcloud.com/x",  # noqa: RUF001 (a Cyrillic letter is the point)
    "https://soundcloud。com/x",
    "https://soundcloud.com／x",  # noqa: RUF001 (so is a wide slash)
    "https://youtube.com\u212a/watch?v=dQw4w9WgXcQ",
    "https://xn--oundcloud-xpk.com/x",
    "https://xn--artst-p8a.bandcamp.com/track/x",
    "https://soundcloud%2ecom/x",
    # No path that could be a track.
    "https://soundcloud.com",
    "https://soundcloud.com/",
    "https://soundcloud.com//",
    "https://soundcloud.com?x",
    "https://soundcloud.com/..",
    "https://soundcloud.com/a/../b",
    "https://soundcloud.com/a/%2E%2e/b",
    "https://soundcloud.com/./",
    # Bandcamp: artists' track pages only.
    "https://bandcamp.com/track/x",
    "https://www.bandcamp.com/track/x",
    "https://a.b.bandcamp.com/track/x",
    "https://-a.bandcamp.com/track/x",
    "https://a-.bandcamp.com/track/x",
    "https://a_b.bandcamp.com/track/x",
    f"https://{'a' * 64}.bandcamp.com/track/x",
    "https://artist.bandcamp.com",
    "https://artist.bandcamp.com/",
    "https://artist.bandcamp.com/album/x",
    "https://artist.bandcamp.com/track",
    "https://artist.bandcamp.com/track/",
    "https://artist.bandcamp.com/track/a/b",
    "https://artist.bandcamp.com/x/track/y",
    # YouTube: videos only.
    "https://www.youtube.com/",
    "https://www.youtube.com/@artist",
    "https://www.youtube.com/playlist?list=PL1",
    "https://www.youtube.com/watch",
    "https://www.youtube.com/watch?v=",
    "https://www.youtube.com/watch?list=PL1",
    "https://www.youtube.com/watch?v=abc&v=def",
    "https://www.youtube.com/watch?v=&v=abc",
    "https://www.youtube.com/watch?v=a%2Fb",
    "https://www.youtube.com/redirect?v=abc",
    "https://www.youtube.com/shorts/",
    "https://www.youtube.com/shorts/a/b",
    "https://youtu.be/",
    "https://youtu.be/a/b",
    "https://youtu.be/?v=abc",
]


@pytest.mark.parametrize(("url", "source_type"), GOOD.items())
def test_an_address_of_a_known_platform_has_its_type(url: str, source_type: SourceType) -> None:
    assert judge_source_url(url) is source_type


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_is_not_plainly_right_is_refused(url: str) -> None:
    with pytest.raises(InvalidSourceUrl) as refusal:
        judge_source_url(url)

    assert refusal.value.reason


REASONS = {
    "https://soundcloud.com/" + "x" * 2026: "the address is over 2048 characters long",
    "https://soundcloud.com/a b": "the address contains a space or an invisible character",
    "https://soundcloud.com/a\\b": "the address contains a backslash",
    "http://soundcloud.com/a": "the address must start with https:// and a host",
    "https://user@soundcloud.com/a": "the address must not contain a user name",
    "https://soundcloud.com:443/a": "the address must not contain a port",
    "https://soundcloud。com/a": "the host must be written in ASCII",
    "https://xn--oundcloud-xpk.com/a": "internationalised hosts are not accepted",
    "https://www.xn--oundcloud-xpk.com/a": "internationalised hosts are not accepted",
    "https://soundcloud.com./a": "the host must not end with a dot",
    "https://soundcloud.com/": "the address names no track, only a site",
    "https://soundcloud.com/../a": "the path must not contain . or .. segments",
    "https://youtu.be/a/b": "the address is not that of a YouTube video",
    "https://www.youtube.com/watch": "the address is not that of a YouTube video",
    "https://artist.bandcamp.com/album/x": "the address is not that of a Bandcamp track page",
    "https://evil.example/a": "the host is not SoundCloud, Bandcamp or YouTube",
    UPLOADS: "the address names no upload",
    UPLOADS + "a//b.mp3": "the address names no upload",
    UPLOADS + "a/../../admin": "the path must not leave the folder of uploads",
    UPLOADS + "a%2F..%2Fadmin": "the path must not leave the folder of uploads",
    UPLOADS + "..%5Cadmin": "the path must not leave the folder of uploads",
}


def test_a_path_of_one_letter_names_a_track() -> None:
    assert judge_source_url("https://soundcloud.com/X") is SourceType.SOUNDCLOUD


@pytest.mark.parametrize(("url", "reason"), REASONS.items())
def test_an_artist_is_told_what_is_wrong_with_his_address(url: str, reason: str) -> None:
    with pytest.raises(InvalidSourceUrl) as refusal:
        judge_source_url(url, upload_prefix=UPLOADS)

    assert refusal.value.reason == reason


@given(
    url=st.sampled_from(sorted(GOOD)),
    at=st.integers(min_value=0, max_value=40),
    bad=st.one_of(
        st.sampled_from("\t\n\r\x00\x7f\x85\u00a0\u200b\u202e\u2028\u3000\ufeff\ud800 \\"),
        st.characters(categories=["C", "Z"]),
    ),
)
def test_one_invisible_character_anywhere_spoils_any_address(url: str, at: int, bad: str) -> None:
    with pytest.raises(InvalidSourceUrl):
        judge_source_url(url[:at] + bad + url[at:])


@given(
    pieces=st.lists(
        st.sampled_from([
            "https:", "http:", "/", "//", "soundcloud.com", "youtu.be", "artist.bandcamp.com",
            "evil.example", "@", ":", "443", ".", "..", "?", "#", "track", "v=x", "xn--", "%2f",
        ]),
        max_size=9,
    )
)  # fmt: skip
def test_what_is_accepted_has_a_known_host_in_the_eyes_of_another_parser(pieces: list[str]) -> None:
    url = "https://" + "".join(pieces)
    try:
        judge_source_url(url)
    except InvalidSourceUrl:
        return

    parts = urlsplit(url)
    assert parts.scheme == "https"
    assert parts.netloc in {"soundcloud.com", "youtu.be", "artist.bandcamp.com"}
    assert parts.path.strip("/")


def test_an_address_may_have_2048_characters_and_no_more() -> None:
    start = "https://soundcloud.com/a/"
    longest = start + "x" * (URL_CHARACTERS_MAX - len(start))

    assert judge_source_url(longest) is SourceType.SOUNDCLOUD
    with pytest.raises(InvalidSourceUrl):
        judge_source_url(longest + "x")


@pytest.mark.parametrize("prefix", [UPLOADS, UPLOADS.rstrip("/")])
@pytest.mark.parametrize("name", ["a1b2.mp3", "2024/a1b2.mp3", "my%20song.mp3", "a.mp3?x=..#/../"])
def test_an_address_below_the_upload_prefix_is_an_upload(prefix: str, name: str) -> None:
    assert judge_source_url(UPLOADS + name, upload_prefix=prefix) is SourceType.UPLOAD


def test_an_upload_may_be_served_without_tls_where_the_deployment_does_so() -> None:
    prefix = "http://127.0.0.1:8000/uploads/"

    assert judge_source_url(prefix + "a.mp3", upload_prefix=prefix) is SourceType.UPLOAD


@pytest.mark.parametrize(
    "url",
    [
        UPLOADS,
        UPLOADS + "/",
        UPLOADS + "/evil.example/a.mp3",
        UPLOADS + "a//b.mp3",
        UPLOADS + "?name=a.mp3",
        UPLOADS + "../admin",
        UPLOADS + "a/../../admin",
        UPLOADS + "%2e%2E/admin",
        UPLOADS + "a%2f..%2fadmin",
        UPLOADS + "..%5cadmin",
        UPLOADS + "a b.mp3",
        UPLOADS + "..\\admin",
        UPLOADS.upper() + "a.mp3",
        UPLOADS.rstrip("/"),
        UPLOADS.rstrip("/") + ".evil.example/a.mp3",
        UPLOADS.rstrip("/") + "-old/a.mp3",
    ],
)
def test_an_address_that_leaves_the_uploads_is_refused(url: str) -> None:
    for prefix in (UPLOADS, UPLOADS.rstrip("/")):
        with pytest.raises(InvalidSourceUrl):
            judge_source_url(url, upload_prefix=prefix)


def test_a_prefix_that_is_only_a_host_does_not_vouch_for_a_longer_host() -> None:
    with pytest.raises(InvalidSourceUrl):
        judge_source_url("https://m.example.evil.example/a", upload_prefix="https://m.example")


@pytest.mark.parametrize("prefix", [None, ""])
def test_without_an_upload_prefix_nothing_is_an_upload(prefix: str | None) -> None:
    for url in (UPLOADS + "a.mp3", "/a.mp3"):
        with pytest.raises(InvalidSourceUrl):
            judge_source_url(url, upload_prefix=prefix)


def test_platforms_are_still_known_where_uploads_are_accepted() -> None:
    for url, source_type in GOOD.items():
        assert judge_source_url(url, upload_prefix=UPLOADS) is source_type

"""What platforms say of links, and what hostile ones can do: nothing."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from reviewcore.adapters.oembed import OEmbedLinks
from reviewcore.adapters.oembed.fetching import is_public, resolve
from reviewcore.adapters.oembed.links import AT_ONCE, ENDPOINTS
from reviewcore.domain.links import SourceType, judge_source_url
from reviewcore.domain.tracks import DURATION_MAX_SECONDS, require_title
from reviewcore.ports.links import LinkFacts, NoLinks
from tests.integration.oembed.platform import (
    LINK,
    NAME,
    Platform,
    a_platform,
    an_answer,
    asking,
    raw,
)

FIRST_LIGHT = LinkFacts(title="First Light by The Samples")
TOLD = {"version": "1.0", "type": "rich", "title": FIRST_LIGHT.title}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with a_platform() as platform:
        platform.answer = an_answer(TOLD)
        yield platform


def described(platform: Platform, link: str = LINK) -> LinkFacts | None:
    with asking(platform) as links:
        return links.describe(link)


# ── what is asked and understood ─────────────────────────────────────────────────────────────


def test_a_platform_is_asked_for_the_link_as_it_is(platform: Platform) -> None:
    assert described(platform) == FIRST_LIGHT

    [request] = platform.asked
    line, *headers = request.split("\r\n")
    method, target, _ = line.split()
    assert method == "GET"
    assert urlsplit(target).path == "/oembed"
    assert parse_qs(urlsplit(target).query) == {"format": ["json"], "url": [LINK]}
    assert f"Host: {NAME}:{platform.port}" in headers
    assert "Accept-Encoding: identity" in headers


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (200, 200),
        (1, 1),
        (DURATION_MAX_SECONDS, DURATION_MAX_SECONDS),
        (0, None),
        (-1, None),
        (DURATION_MAX_SECONDS + 1, None),
        (1e9, None),
        ("200", None),
        (True, None),
        (None, None),
    ],
)
def test_a_length_is_believed_if_it_could_be_true(
    platform: Platform, told: object, seconds: int | None
) -> None:
    platform.answer = an_answer({**TOLD, "duration": told})

    assert described(platform) == LinkFacts(title=FIRST_LIGHT.title, duration_seconds=seconds)


@pytest.mark.parametrize(
    ("told", "title"),
    [
        ("  First\n\tLight  ", "First Light"),
        ("First\x00Light\x1b[2J", "First Light [2J"),
        ("First \ud800 Light", "First Light"),
        ("First \u202eLight", "First Light"),
        ("First\u2028Light", "First Light"),
        ("<script>alert(1)</script> &amp;", "<script>alert(1)</script> &amp;"),
        ("x" * 10_000, "x" * 200),
        ("ä" * 199 + " b", "ä" * 199),
    ],
)
def test_a_title_is_made_one_that_a_track_may_have(
    platform: Platform, told: str, title: str
) -> None:
    platform.answer = an_answer({"title": told})

    facts = described(platform)

    # Text stays text, markup too: who shows it escapes it, as what artists type.
    assert facts == LinkFacts(title=title)
    assert require_title(title) == title


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"title": None},
        {"title": 7},
        {"title": ""},
        {"title": "\x00 \u2028"},
        [],
        "title",
        None,
        1,
    ],
)
def test_what_tells_no_title_tells_nothing(platform: Platform, told: object) -> None:
    platform.answer = an_answer(told)

    assert described(platform) is None


@pytest.mark.parametrize(
    "link",
    [
        "https://sample.bandcamp.com/track/first-light",
        "https://evil.example/the-samples/first-light",
        f"http://{NAME}/oembed",
        "https://soundcloud.com@evil.example/a",
        "https://soundcloud.com/a b",
        "",
    ],
)
def test_of_other_links_nobody_is_asked(platform: Platform, link: str) -> None:
    assert described(platform, link) is None
    assert platform.asked == []


def test_endpoints_are_fixed_and_secured() -> None:
    for source, endpoint in ENDPOINTS.items():
        assert endpoint.startswith("https://")
        assert urlsplit(endpoint).hostname in {"soundcloud.com", "www.youtube.com"}
        assert source in SourceType
    assert judge_source_url(LINK) in ENDPOINTS
    assert NoLinks().describe(LINK) is None


# ── hostile answers ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 P"])
def test_nothing_is_followed_elsewhere(platform: Platform, status: str) -> None:
    with a_platform() as inside:
        inside.answer = an_answer(TOLD)
        there = f"http://127.0.0.1:{inside.port}/oembed"
        platform.answer = an_answer(TOLD, status=status, Location=there)

        assert described(platform) is None
        assert inside.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        an_answer(TOLD, status="404 Not Found"),
        an_answer(TOLD, status="500 Oh"),
        an_answer(TOLD, status="204 No Content"),
        an_answer(TOLD, kind="text/html"),
        an_answer(TOLD, kind="text/html; application/json"),
        raw(b"<title>First Light</title>", kind="text/html"),
        raw(b"<title>First Light</title>"),
        raw(b'{"title": "First'),
        raw(b'{"title": "\xff"}'),
        raw(b"[" * 60_000),
        raw(b'{"title": "a", "n": ' + b"9" * 50_000 + b"}"),
        raw(b""),
        raw(gzip.compress(json.dumps(TOLD).encode()), Content_Encoding="gzip"),
        raw(gzip.compress(json.dumps(TOLD).encode())),
        raw(b'{"title": "a"', Content_Length="10000"),
        raw(b'{"title": "a"', Content_Length="-1"),
        raw(b"zz\r\n", Transfer_Encoding="chunked"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"\x00" * 100,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
def test_what_is_no_answer_tells_nothing(platform: Platform, answer: bytes) -> None:
    platform.answer = answer

    assert described(platform) is None


def test_a_body_is_read_so_far_and_no_further(platform: Platform) -> None:
    least = len(json.dumps({**TOLD, "more": ""}))
    platform.answer = an_answer({**TOLD, "more": "x" * (64 * 1024 - least)})
    assert described(platform) == FIRST_LIGHT
    platform.answer = an_answer({**TOLD, "more": "x" * (64 * 1024 - least + 1)})
    assert described(platform) is None
    platform.answer = raw(b'{"title": "a"}' + b" " * 50_000_000)
    assert described(platform) is None


def test_a_bomb_is_not_unpacked(platform: Platform) -> None:
    bomb = gzip.compress(b" " * 50_000_000 + json.dumps(TOLD).encode())
    assert len(bomb) < 64 * 1024
    platform.answer = raw(bomb, Content_Encoding="gzip")

    assert described(platform) is None


# ── time ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("headers", [0, 10_000], ids=["body", "headers"])
def test_what_drips_is_left_in_time(platform: Platform, headers: int) -> None:
    answer = raw(b" " * 10_000 + b"{}", X_More="y" * headers)
    platform.answer, platform.piece, platform.pause = answer, 1, 0.02
    began = time.monotonic()

    with asking(platform, seconds=0.5) as links:
        assert links.describe(LINK) is None
        assert time.monotonic() - began < 10
        # The line is shut as well, so that its thread is free again.
        _wait_until_free(links)


def test_whoever_says_nothing_is_left_in_time(platform: Platform) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, asking(platform, seconds=0.3) as links:
        links._endpoints = {SourceType.SOUNDCLOUD: f"http://{NAME}:{silent.getsockname()[1]}/"}
        assert links.describe(LINK) is None
        _wait_until_free(links)


def test_so_many_wait_at_a_time_and_the_others_do_without(platform: Platform) -> None:
    open_again, waiting = threading.Event(), threading.Semaphore(0)

    def stuck(_: str) -> list[str]:
        waiting.release()
        assert open_again.wait(60)
        return ["127.0.0.1"]

    endpoint = f"http://{NAME}:{platform.port}/oembed"
    links = OEmbedLinks(
        {SourceType.SOUNDCLOUD: endpoint}, resolve=stuck, may_reach=lambda _: True, seconds=30
    )
    with ThreadPoolExecutor(AT_ONCE) as people:
        asked = [people.submit(links.describe, LINK) for _ in range(AT_ONCE)]
        for _ in range(AT_ONCE):
            assert waiting.acquire(timeout=30)

        assert links.describe(LINK) is None
        open_again.set()

        assert [one.result() for one in asked] == [FIRST_LIGHT] * AT_ONCE
    _wait_until_free(links)
    assert links.describe(LINK) == FIRST_LIGHT
    links.close()
    assert links.describe(LINK) is None


def _wait_until_free(links: OEmbedLinks) -> None:
    for _ in range(AT_ONCE):
        assert links._free.acquire(timeout=30)
    for _ in range(AT_ONCE):
        links._free.release()


# ── where it connects to ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["0.0.0.0"],
    ],
)
def test_a_name_that_points_inside_leads_nowhere(platform: Platform, addresses: list[str]) -> None:
    with asking(platform, *addresses) as links:
        assert links.describe(LINK) is None

    assert platform.asked == []


def test_of_a_name_with_one_wrong_address_none_is_used(platform: Platform) -> None:
    here = {"127.0.0.1"}
    with asking(platform, "127.0.0.1", "10.0.0.1", may_reach=here.__contains__) as links:
        assert links.describe(LINK) is None

    assert platform.asked == []


def test_a_name_that_points_elsewhere_a_moment_later_changes_nothing(platform: Platform) -> None:
    judged: list[str] = []

    def first_outside_then_inside(_: str) -> list[str]:
        return ["127.0.0.1"] if not judged else ["127.0.0.2"]

    def may_reach(address: str) -> bool:
        judged.append(address)
        return address == "127.0.0.1"

    links = OEmbedLinks(
        {SourceType.SOUNDCLOUD: f"http://{NAME}:{platform.port}/oembed"},
        resolve=first_outside_then_inside,
        may_reach=may_reach,
        seconds=20,
    )

    assert links.describe(LINK) == FIRST_LIGHT
    assert judged == ["127.0.0.1"]
    links.close()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "no such name"), OSError(), UnicodeError()])
def test_a_name_without_an_address_tells_nothing(platform: Platform, error: Exception) -> None:
    def unknown(_: str) -> list[str]:
        raise error

    links = OEmbedLinks(
        {SourceType.SOUNDCLOUD: f"http://{NAME}:{platform.port}/oembed"}, resolve=unknown
    )

    assert links.describe(LINK) is None
    links.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("platform.test", False),
        ("", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_the_systems_resolver_tells_addresses() -> None:
    assert set(resolve("localhost")) <= {"127.0.0.1", "::1"}


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


def _certified(authority: trustme.CA, name: str) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    return tls


@pytest.mark.parametrize(
    ("name", "facts"), [(NAME, FIRST_LIGHT), ("other.test", None), ("127.0.0.1", None)]
)
def test_a_platform_proves_its_name(
    authority: trustme.CA, name: str, facts: LinkFacts | None
) -> None:
    with a_platform(tls=_certified(authority, name)) as platform:
        platform.answer = an_answer(TOLD)
        with asking(platform, scheme="https") as links:
            assert links.describe(LINK) == facts


def test_whoever_is_not_trusted_is_not_heard(authority: trustme.CA) -> None:
    with a_platform(tls=_certified(trustme.CA(), NAME)) as platform:
        platform.answer = an_answer(TOLD)
        with asking(platform, scheme="https") as links:
            assert links.describe(LINK) is None
    assert platform.asked == []


def test_hands_that_are_never_shaken_are_left_in_time(authority: trustme.CA) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, a_platform() as platform, asking(platform, scheme="https", seconds=0.3) as links:
        links._endpoints = {SourceType.SOUNDCLOUD: f"https://{NAME}:{silent.getsockname()[1]}/"}
        assert links.describe(LINK) is None
        _wait_until_free(links)


def test_what_drips_under_tls_is_left_in_time(authority: trustme.CA) -> None:
    with a_platform(tls=_certified(authority, NAME)) as platform:
        platform.answer, platform.piece, platform.pause = raw(b" " * 10_000 + b"{}"), 1, 0.02
        with asking(platform, scheme="https", seconds=1.0) as links:
            assert links.describe(LINK) is None
            _wait_until_free(links)

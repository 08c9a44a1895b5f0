"""What every store of files must do."""

from __future__ import annotations

import io
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from reviewcore.domain.errors import EntityNotFound, UploadMissing
from reviewcore.ports.files import Files
from reviewcore.testing.contracts.base import Capability, Contract, optional

CONTENT = bytes(range(256)) * 300
TYPE = "audio/mpeg"
HOUR = timedelta(hours=1)
REFUSED = range(400, 500)

HOSTILE = (
    "",
    "incoming",
    "incoming/",
    "/incoming/a",
    "incoming//a",
    "incoming/../a",
    "../incoming/a",
    "incoming/..",
    "incoming/a/b",
    "incoming/a\0",
    "incoming/a\n",
    "incoming/\u00e4",
    "incoming/a b",
    "incoming/%2e%2e",
    "incoming\\a",
    "INCOMING/a",
    f"incoming/{'a' * 161}",
)

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer:
    """What came of a request."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers.items()}


def ask(method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
    """Send a request as any client would, knowing nothing but the address."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers=told, method=method)  # noqa: S310 - made by the adapter under test
    try:
        with _opener.open(request, timeout=30) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())


def put(url: str, body: bytes = CONTENT, content_type: str = TYPE) -> Answer:
    """Put a file."""
    return ask("PUT", url, body, Content_Type=content_type)


def changed(url: str, name: str, value: str) -> str:
    """Return *url* with another value of one parameter."""
    parts = urllib.parse.urlsplit(url)
    told = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    assert name in told
    return urllib.parse.urlunsplit(
        parts._replace(query=urllib.parse.urlencode(told | {name: value}))
    )


class FilesContract(Contract):
    """Files come back as they were put, by whoever has an address, while it is good.

    Supply `files`, `pass_time` and `now`, and say by which parameter addresses are signed. Who
    claims RANGES gives parts of a file, which players need to jump.
    """

    CONTRACT_VERSION = "1.0"
    SIGNATURE = "signature"

    @pytest.fixture
    def files(self) -> Iterator[Files]:
        """Make an empty store of files whose addresses can be reached."""
        raise NotImplementedError

    def pass_time(self, life: timedelta) -> None:
        """Let an address that was good for *life* become bad."""
        raise NotImplementedError

    def now(self) -> datetime:
        """Tell the time by which files are dated."""
        raise NotImplementedError

    def upload(self, files: Files, key: str = "incoming/a", length: int = len(CONTENT)) -> str:
        """Sign an address to put *CONTENT* to."""
        return files.sign_upload(key, content_type=TYPE, content_length=length, life=HOUR)

    def read(self, files: Files, key: str = "incoming/a") -> bytes:
        """Read a file."""
        with files.open(key) as file:
            return file.read()

    def require_absent(self, files: Files, key: str = "incoming/a") -> None:
        """See that there is no such file."""
        with pytest.raises(UploadMissing), files.open(key):
            pass

    # ── addresses to put files to ────────────────────────────────────────────────────────────

    def test_what_is_put_to_an_address_is_read_under_its_key(self, files: Files) -> None:
        answer = put(self.upload(files))

        assert answer.status in range(200, 300)
        assert self.read(files) == CONTENT

    def test_a_file_may_be_put_again_while_the_address_is_good(self, files: Files) -> None:
        url = self.upload(files)
        put(url)

        put(url, CONTENT[::-1])

        assert self.read(files) == CONTENT[::-1]

    @pytest.mark.parametrize("more", [-1, 1, -len(CONTENT), len(CONTENT)])
    def test_another_length_than_signed_is_refused(self, files: Files, more: int) -> None:
        body = (CONTENT * 2)[: len(CONTENT) + more]

        answer = put(self.upload(files), body)

        assert answer.status in REFUSED
        self.require_absent(files)

    @pytest.mark.parametrize("content_type", ["text/html", "audio/wav", "audio/mpeg; charset=x"])
    def test_another_type_than_signed_is_refused(self, files: Files, content_type: str) -> None:
        answer = put(self.upload(files), content_type=content_type)

        assert answer.status in REFUSED
        self.require_absent(files)

    def test_a_changed_signature_is_refused(self, files: Files) -> None:
        url = self.upload(files)

        answer = put(changed(url, self.SIGNATURE, "0" * 64))

        assert answer.status in REFUSED
        self.require_absent(files)

    def test_an_address_is_for_no_other_file(self, files: Files) -> None:
        url = self.upload(files, "incoming/aaaa")
        assert "aaaa" in url

        answer = put(url.replace("aaaa", "bbbb"))

        assert answer.status in REFUSED
        self.require_absent(files, "incoming/bbbb")

    def test_an_address_is_bad_once_its_time_is_over(self, files: Files) -> None:
        life = timedelta(seconds=1)
        url = files.sign_upload(
            "incoming/a", content_type=TYPE, content_length=len(CONTENT), life=life
        )

        self.pass_time(life)

        assert put(url).status in REFUSED
        self.require_absent(files)

    def test_who_may_read_may_not_write(self, files: Files) -> None:
        url = files.sign_download("incoming/a", content_type=TYPE, life=HOUR)

        assert put(url).status in REFUSED
        self.require_absent(files)

    def test_who_may_write_may_not_read(self, files: Files) -> None:
        url = self.upload(files)
        put(url)

        assert ask("GET", url).status in REFUSED

    def test_of_two_that_are_put_at_once_one_is_there_whole(self, files: Files) -> None:
        url = self.upload(files)
        bodies = [bytes([letter]) * len(CONTENT) for letter in b"abcd"]
        threads = [threading.Thread(target=put, args=(url, body)) for body in bodies]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert self.read(files) in bodies

    # ── addresses to hear files at ───────────────────────────────────────────────────────────

    def listen(self, files: Files, **headers: str) -> Answer:
        """Keep *CONTENT* and ask for it."""
        files.write("kept/a", io.BytesIO(CONTENT), content_type="audio/flac")
        url = files.sign_download("kept/a", content_type="audio/flac", life=HOUR)
        return ask("GET", url, None, **headers)

    def test_a_file_is_given_as_what_was_signed(self, files: Files) -> None:
        answer = self.listen(files)

        assert (answer.status, answer.body) == (200, CONTENT)
        assert answer.headers["content-type"] == "audio/flac"
        assert answer.headers["content-length"] == str(len(CONTENT))

    @optional(Capability.RANGES)
    @pytest.mark.parametrize(
        ("asked", "part"),
        [
            ("bytes=0-0", slice(0, 1)),
            ("bytes=100-199", slice(100, 200)),
            ("bytes=70000-", slice(70000, None)),
        ],
    )
    def test_a_part_of_a_file_is_given(self, files: Files, asked: str, part: slice) -> None:
        answer = self.listen(files, Range=asked)

        assert answer.status == 206
        assert answer.body == CONTENT[part]
        start = part.indices(len(CONTENT))[0]
        end = start + len(answer.body) - 1
        assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(CONTENT)}"

    @optional(Capability.RANGES)
    def test_a_part_beyond_the_end_is_refused(self, files: Files) -> None:
        answer = self.listen(files, Range=f"bytes={len(CONTENT)}-")

        assert answer.status in REFUSED

    def test_a_changed_or_old_address_gives_nothing(self, files: Files) -> None:
        files.write("kept/a", io.BytesIO(CONTENT), content_type=TYPE)
        life = timedelta(seconds=1)
        url = files.sign_download("kept/a", content_type=TYPE, life=life)

        assert ask("GET", changed(url, self.SIGNATURE, "0" * 64)).status in REFUSED
        self.pass_time(life)
        assert ask("GET", url).status in REFUSED

    def test_an_address_of_what_is_not_there_gives_nothing(self, files: Files) -> None:
        url = files.sign_download("kept/nothing", content_type=TYPE, life=HOUR)

        assert ask("GET", url).status in REFUSED

    # ── our own hands ────────────────────────────────────────────────────────────────────────

    def test_what_is_open_stays_as_it_was(self, files: Files) -> None:
        url = self.upload(files)
        put(url)

        with files.open("incoming/a") as file:
            begun = file.read(10)
            put(url, CONTENT[::-1])
            rest = file.read()
            file.seek(0)
            again = file.read()

        assert begun + rest == again == CONTENT

    def test_what_is_written_replaces_what_was(self, files: Files) -> None:
        files.write("kept/a", io.BytesIO(b"one"), content_type=TYPE)

        files.write("kept/a", io.BytesIO(b"other"), content_type=TYPE)

        assert self.read(files, "kept/a") == b"other"

    def test_what_was_removed_is_gone_and_may_be_removed_again(self, files: Files) -> None:
        files.write("kept/a", io.BytesIO(b"one"), content_type=TYPE)
        files.write("kept/b", io.BytesIO(b"other"), content_type=TYPE)

        files.remove("kept/a")
        files.remove("kept/a")

        self.require_absent(files, "kept/a")
        assert self.read(files, "kept/b") == b"other"

    def test_only_what_came_in_long_ago_is_swept(self, files: Files) -> None:
        put(self.upload(files))
        files.write("kept/a", io.BytesIO(b"one"), content_type=TYPE)

        assert files.sweep(self.now() - HOUR) == 0
        assert self.read(files) == CONTENT
        assert files.sweep(self.now() + HOUR) == 1
        assert files.sweep(self.now() + HOUR) == 0

        self.require_absent(files)
        assert self.read(files, "kept/a") == b"one"

    def test_what_is_no_key_is_nowhere(self, files: Files) -> None:
        for key in HOSTILE:
            with pytest.raises(EntityNotFound):
                self.upload(files, key)
            with pytest.raises(EntityNotFound):
                files.sign_download(key, content_type=TYPE, life=HOUR)
            with pytest.raises(EntityNotFound), files.open(key):
                pass
            with pytest.raises(EntityNotFound):
                files.write(key, io.BytesIO(CONTENT), content_type=TYPE)
            with pytest.raises(EntityNotFound):
                files.remove(key)

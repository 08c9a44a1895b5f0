from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore.session  # type: ignore[import-untyped]  # it ships no types
import pytest

from reviewcore.adapters.files import LocalFiles, MemoryFiles, Refusal, Slip
from reviewcore.adapters.files.s3 import S3Files
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain.errors import FilesUnavailable, UploadMissing
from reviewcore.entrypoints.http.routes.uploads import part_of
from reviewcore.ports.files import Files
from reviewcore.testing import ManualClock
from reviewcore.testing.contracts import Capability
from reviewcore.testing.contracts.files import CONTENT, FilesContract, ask, changed, put
from tests.integration.http.service import _free_port, _listening

KEY, SECRET = "nobody", "a secret of nobody"
HOUR = timedelta(hours=1)


class ServedContract(FilesContract):
    """Files behind our own routes, and a clock that can be moved."""

    capabilities = frozenset({Capability.RANGES})
    clock: ManualClock

    def pass_time(self, life: timedelta) -> None:
        self.clock.advance(seconds=life.total_seconds())

    def make(self, url: str, folder: Path) -> Files:
        raise NotImplementedError

    @pytest.fixture
    def files(self, tmp_path: Path) -> Iterator[Files]:
        self.clock = ManualClock()
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        market = in_memory(clock=self.clock)
        app = App(
            store=market.store,
            payments=market.payments,
            payouts=market.payouts,
            mail=market.mail,
            passwords=market.passwords,
            files=self.make(url, tmp_path),
            base_url=url,
        )
        with _listening(app, None, url, port):
            yield app.files

    def test_an_answer_is_never_taken_for_a_page(self, files: Files) -> None:
        answer = self.listen(files)

        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["accept-ranges"] == "bytes"

    def test_the_end_of_a_file_is_given(self, files: Files) -> None:
        answer = self.listen(files, Range="bytes=-100")

        assert (answer.status, answer.body) == (206, CONTENT[-100:])

    def test_who_asks_beyond_the_end_is_told_where_it_is(self, files: Files) -> None:
        answer = self.listen(files, Range=f"bytes={len(CONTENT)}-")

        assert (answer.status, answer.body) == (416, b"")
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"

    @pytest.mark.parametrize("parameter", ["folder", "type", "length", "expires"])
    def test_no_word_of_an_address_can_be_changed(self, files: Files, parameter: str) -> None:
        url = self.upload(files)

        answer = put(changed(url, parameter, "9999999999"))

        assert answer.status == 403
        self.require_absent(files)

    def test_a_refusal_is_a_problem_document(self, files: Files) -> None:
        url = self.upload(files)

        answer = put(url, CONTENT + b"x")

        assert answer.status == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert b"address-not-good" in answer.body

    def test_more_than_any_file_may_have_is_refused_unread(self, files: Files) -> None:
        answer = put(self.upload(files), bytes(25 * 1024 * 1024 + 1))

        assert answer.status == 413

    def test_a_file_larger_than_other_bodies_is_taken(self, files: Files) -> None:
        body = bytes(3 * 1024 * 1024)

        answer = put(self.upload(files, length=len(body)), body)

        assert answer.status == 204
        assert self.read(files) == body


class TestMemoryFiles(ServedContract):
    def make(self, url: str, folder: Path) -> Files:
        return MemoryFiles(base_url=url, clock=self.clock)

    def now(self) -> datetime:
        return self.clock()


class TestLocalFiles(ServedContract):
    def make(self, url: str, folder: Path) -> Files:
        return LocalFiles(folder / "files", base_url=url, secret="hush", clock=self.clock)

    def now(self) -> datetime:
        # Files are dated by the machine.
        return datetime.now(UTC)

    def test_nobody_else_on_the_machine_reads_a_file(self, files: Files, tmp_path: Path) -> None:
        put(self.upload(files))

        assert (tmp_path / "files" / "incoming").stat().st_mode & 0o077 == 0
        assert (tmp_path / "files" / "incoming" / "a").stat().st_mode & 0o077 == 0

    def test_nothing_is_left_of_what_was_refused(self, files: Files, tmp_path: Path) -> None:
        put(self.upload(files), CONTENT[1:])

        assert list((tmp_path / "files").rglob("*")) in (
            [],
            [tmp_path / "files" / "incoming"],
        )

    def test_half_a_file_that_a_crash_left_is_swept(self, files: Files, tmp_path: Path) -> None:
        assert isinstance(files, LocalFiles)
        begun = files.receive(Slip(key="kept/a", content_type="audio/mpeg", length=9))
        begun.write(b"half")

        self.require_absent(files, "kept/a")
        files.sweep(self.now() + HOUR)

        assert list((tmp_path / "files" / "kept").iterdir()) == []
        begun.abandon()

    def test_a_folder_that_is_a_file_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file")
        files = LocalFiles(tmp_path / "taken", base_url="http://x", secret="hush")

        with pytest.raises(FilesUnavailable):
            files.write("kept/a", io.BytesIO(CONTENT), content_type="audio/mpeg")

    def test_another_secret_signs_other_addresses(self, tmp_path: Path) -> None:
        ours = LocalFiles(tmp_path, base_url="http://x", secret="one", clock=ManualClock())
        theirs = LocalFiles(tmp_path, base_url="http://x", secret="two", clock=ManualClock())

        told = [
            one.sign_download("kept/a", content_type="audio/mpeg", life=HOUR)
            for one in (ours, theirs)
        ]

        assert told[0] != told[1]


def test_memory_refuses_what_is_longer_or_shorter_than_agreed() -> None:
    files = MemoryFiles()
    slip = Slip(key="incoming/a", content_type="audio/mpeg", length=3)

    with pytest.raises(Refusal):
        files.receive(slip).write(b"four")
    with pytest.raises(Refusal):
        files.receive(slip).finish()
    with pytest.raises(UploadMissing):
        files.open("incoming/a")


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-99", range(10)),
        ("bytes=5-", range(5, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-30", range(10)),
        ("bytes=-0", range(0)),
        ("bytes=10-", range(0)),
        ("bytes=5-4", range(0)),
        ("bytes=0-1,3-4", range(10)),
        ("bytes=-", range(10)),
        ("lines=1-2", range(10)),
        ("bytes=x-y", range(10)),
        ("", range(10)),
    ],
)
def test_a_range_is_read_as_its_standard_says(asked: str, part: range) -> None:
    assert part_of(asked, 10) == part


# ── S3, of a server that checks signatures ───────────────────────────────────────────────────


@pytest.fixture(scope="session")
def nanio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve S3 on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("nanio")
    command = [sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--data-dir", str(folder), "--no-access-log"]
    keys = {"NANIO_ACCESS_KEY": KEY, "NANIO_SECRET_KEY": SECRET}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | keys, stdout=log, stderr=log)
    try:
        client = botocore.session.Session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
        for _ in range(200):
            assert server.poll() is None, (folder / "log").read_text()
            try:
                # Only our own server knows the keys.
                client.create_bucket(Bucket="first")
            except Exception:  # noqa: BLE001 - whatever it says before it is ready
                time.sleep(0.1)
            else:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def bucket(nanio: str, name: str, **changes: str) -> S3Files:
    told = {"endpoint": nanio, "region": "us-east-1", "access_key": KEY, "secret_key": SECRET}
    return S3Files(name, **(told | changes))


class TestS3Files(FilesContract):
    SIGNATURE = "X-Amz-Signature"
    capabilities = frozenset({Capability.RANGES})

    @pytest.fixture
    def files(self, nanio: str, request: pytest.FixtureRequest) -> Files:
        name = f"bucket-{abs(hash(request.node.name))}"
        files = bucket(nanio, name)
        files._client.create_bucket(Bucket=name)
        return files

    def pass_time(self, life: timedelta) -> None:
        # It tells whole seconds.
        time.sleep(life.total_seconds() + 1.1)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def test_wrong_keys_are_unavailable_and_not_told(self, nanio: str) -> None:
        files = bucket(nanio, "first", secret_key="hush hush")

        with pytest.raises(FilesUnavailable) as caught:
            files.write("kept/a", io.BytesIO(CONTENT), content_type="audio/mpeg")

        assert "hush" not in str(caught.value)

    def test_an_address_of_other_keys_is_refused(self, nanio: str) -> None:
        files = bucket(nanio, "first", secret_key="hush hush")
        url = files.sign_download("kept/a", content_type="audio/mpeg", life=HOUR)

        assert ask("GET", url).status == 403

    def test_a_server_that_is_away_is_unavailable(self) -> None:
        files = bucket("http://127.0.0.1:1", "first")

        with pytest.raises(FilesUnavailable):
            files.remove("kept/a")

from __future__ import annotations

from pathlib import Path

import pytest

from reviewcore.files_url import FILES_URL, Bucket
from tests.unit.settings import read, refusal


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("", Path("uploads")),
        ("file:uploads", Path("uploads")),
        ("file:/srv/files", Path("/srv/files")),
        ("file:///srv/files", Path("/srv/files")),
        ("s3://music", Bucket(name="music")),
        (
            "s3://music?region=eu-central-1&endpoint=https://s3.example:9000/",
            Bucket(name="music", region="eu-central-1", endpoint="https://s3.example:9000"),
        ),
        (
            "s3://me:hush%2Fhush@music",
            Bucket(name="music", access_key="me", secret_key="hush/hush"),
        ),
    ],
)
def test_files_are_in_a_folder_or_a_bucket(url: str, place: Path | Bucket) -> None:
    assert read(FILES_URL=url, SECRET="x").files == place


@pytest.mark.parametrize(
    "url",
    [
        "file:",
        "file://",
        "uploads",
        "ftp://hush",
        "s3://",
        "s3://me:hush@",
        "s3://me@music",
        "s3://:hush@music",
        "s3://Music/folder?region=hush",
        "s3://music/hush",
        "s3://music#hush",
        "s3://music?zone=hush",
        "s3://music?region=HUSH",
        "s3://music?endpoint=hush",
        "s3://music?endpoint=https://me:hush@s3.example",
        "s3://music?endpoint=https://s3.example/hush",
        "s3://music?endpoint=https://s3.example:hush",
    ],
)
def test_what_names_neither_is_refused_and_no_secret_told(url: str) -> None:
    wrong = refusal(FILES_URL=url, SECRET="x")

    assert wrong.name == FILES_URL
    assert "hush" not in str(wrong)


def test_settings_show_no_key_of_a_bucket() -> None:
    told = read(FILES_URL="s3://me:hush@music", SECRET="x")

    assert "hush" not in repr(told)

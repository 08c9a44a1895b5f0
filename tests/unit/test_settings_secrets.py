from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reviewcore.settings import masked
from tests.unit.settings import POSTGRES, read, refusal


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_secret_is_made_once_and_kept_beside_the_database(tmp_path: Path) -> None:
    first = read(DATABASE_URL=f"sqlite:///{tmp_path}/market.db?timeout=5")
    again = read(DATABASE_URL=f"sqlite:///{tmp_path}/market.db")

    kept = tmp_path / "market.db.secret"
    assert first.secret == again.secret == kept.read_text().strip()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [kept]


def test_databases_have_secrets_of_their_own() -> None:
    assert read(DATABASE_URL="sqlite:///a.db").secret != read(DATABASE_URL="sqlite:///b.db").secret


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        found = [asked.result() for asked in [pool.submit(read) for _ in range(20)]]

    assert len({settings.secret for settings in found}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["reviewcore.db.secret"]


def test_a_given_secret_is_not_written_down(tmp_path: Path) -> None:
    read(SECRET="given")

    assert list(tmp_path.iterdir()) == []


def test_a_refused_start_leaves_nothing_behind(tmp_path: Path) -> None:
    refusal(TRUSTED_PROXIES="all")

    assert list(tmp_path.iterdir()) == []


def test_postgresql_needs_a_secret() -> None:
    wrong = refusal(DATABASE_URL=POSTGRES)

    assert wrong.name == "REVIEWCORE_SECRET"
    assert "required" in wrong.reason


def test_a_kept_secret_that_is_no_secret_is_named(tmp_path: Path) -> None:
    kept = tmp_path / "reviewcore.db.secret"

    kept.write_text("\n")
    empty = refusal()
    kept.write_bytes(b"\xff")
    undecodable = refusal()
    kept.unlink()
    kept.mkdir()
    unreadable = refusal()

    assert {empty.name, undecodable.name, unreadable.name} == {"REVIEWCORE_SECRET"}
    assert "reviewcore.db.secret is empty" in empty.reason
    assert "reviewcore.db.secret: not text" in undecodable.reason
    assert "reviewcore.db.secret: Is a directory" in unreadable.reason


def test_settings_can_be_logged() -> None:
    shown = repr(read(DATABASE_URL=POSTGRES, SECRET="hush"))

    assert "hush" not in shown
    assert "s3cr3t" not in shown
    assert "postgresql+psycopg://market:***@db.internal:5432/market" in shown


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": "mysql://market:s3cr3t@db/market"},
        {"DATABASE_URL": "market:s3cr3t@db/market"},
        {"DATABASE_URL": "postgresql+psycopg:/market:s3cr3t@db/market"},
        {"DATABASE_URL": "postgresql+psycopg://market:s3c/s3cr3t@db/market"},
        {"DATABASE_URL": "postgresql+psycopg://market:s3cr3t@db:port/market"},
        {"DATABASE_URL": "postgresql+psycopg://market:s3c@s3cr3t:x@db:port/market"},
        {"DATABASE_URL": "postgres://db/market?user=market&password=s3cr3t"},
        {"DATABASE_URL": "s3cr3t"},
        {"MAIL_URL": "smtp://market:s3cr3t@mail:port"},
        {"MAIL_URL": "smtp://market:s3cr3t@mail:587/inbox"},
        {"MAIL_URL": "smtp://:s3cr3t@mail"},
        {"MAIL_URL": "smtps:s3cr3t"},
        {"MAIL_URL": "s3cr3t:1"},
        {"BASE_URL": "https://market:s3cr3t@market.test"},
        {"SECRET": "s3cr3t", "PAYMENTS": "stripe"},
        {"STRIPE_API_KEYS": "s3cr3t"},
    ],
)
def test_no_refusal_shows_a_secret(settings: dict[str, str]) -> None:
    assert "s3cr3t" not in str(refusal({f"REVIEWCORE_{key}": settings[key] for key in settings}))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///market.db", "sqlite:///market.db"),
        ("postgresql+psycopg://db/market", "postgresql+psycopg://db/market"),
        ("postgresql+psycopg://market@db/market", "postgresql+psycopg://market@db/market"),
        (POSTGRES, "postgresql+psycopg://market:***@db.internal:5432/market"),
        (
            "postgresql+psycopg://db/market?sslPassword=a&x=1",
            "postgresql+psycopg://db/market?sslPassword=***&x=1",
        ),
    ],
)
def test_a_database_is_shown_without_its_password(url: str, shown: str) -> None:
    assert masked(url) == shown

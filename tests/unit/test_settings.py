from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.mail_url import smtp_place
from reviewcore.settings import Settings
from tests.unit.settings import POSTGRES, read, refusal


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_need_be_set(tmp_path: Path) -> None:
    settings = read({"PATH": "/bin", "REVIEW": "x"})

    assert settings.database_url == "sqlite:///reviewcore.db"
    assert settings.database_file == Path("reviewcore.db")
    assert settings.payments == "sandbox"
    assert settings.sandbox_file == Path("reviewcore-bank.db")
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.mail_url == "console:"
    assert settings.mail_from == "reviewcore <reviewcore@localhost>"
    assert settings.rules == MarketRules()
    assert settings.admin_emails == frozenset()
    assert settings.trusted_proxies == 0
    assert not settings.asks_platforms
    assert len(settings.secret) >= 43


def test_everything_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("pair_window_days = 60")

    settings = read(
        DATABASE_URL=POSTGRES,
        PAYMENTS="sandbox",
        SANDBOX_FILE="/var/lib/bank.db",
        BASE_URL="https://market.test/reviews/",
        MAIL_URL="file:letters",
        MAIL_FROM="Market <hello@market.test>",
        RULES_FILE="rules.toml",
        ADMIN_EMAILS="Ada@Example.com, grace@example.com,",
        SECRET="known to all workers",
        TRUSTED_PROXIES="2",
        OEMBED="on",
    )

    assert settings == Settings(
        database_url=POSTGRES,
        payments="sandbox",
        sandbox_file=Path("/var/lib/bank.db"),
        base_url="https://market.test/reviews",
        mail_url="file:letters",
        mail_from="Market <hello@market.test>",
        files=Path("uploads"),
        rules=MarketRules(pair_window_days=60),
        admin_emails=frozenset({"ada@example.com", "grace@example.com"}),
        secret="known to all workers",
        trusted_proxies=2,
        asks_platforms=True,
    )
    assert settings.database_file is None


def test_an_empty_variable_counts_as_absent() -> None:
    assert read(DATABASE_URL="", TRUSTED_PROXIES="  ", SECRET="x") == read(SECRET="x")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("REVIEWCORE_ADMIN_EMAIL", "; did you mean REVIEWCORE_ADMIN_EMAILS?"),
        ("REVIEWCORE_DATABSE_URL", "; did you mean REVIEWCORE_DATABASE_URL?"),
        ("REVIEWCORE_STRIPE_KEY", "; did you mean REVIEWCORE_STRIPE_API_KEY?"),
        ("REVIEWCORE_OIDC_GOOGLE_SECRET", ""),
        ("REVIEWCORE_", ""),
    ],
)
def test_a_name_that_nobody_knows_is_refused(name: str, hint: str) -> None:
    wrong = refusal({name: "hush"})

    assert wrong.name == name
    assert wrong.reason.startswith("is not a setting")
    assert hint in wrong.reason
    assert "hush" not in str(wrong)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PAYMENTS", "paypal", "'paypal' must be sandbox or stripe"),
        ("SANDBOX_FILE", "./reviewcore.db", "a file of its own"),
        ("BASE_URL", "market.test", "must be a URL"),
        ("BASE_URL", "ftp://market.test", "must be a URL"),
        ("BASE_URL", "https://", "must be a URL"),
        ("BASE_URL", "https://market.test:port", "must be a URL"),
        ("BASE_URL", "https://market.test/?a=1", "must be a URL"),
        ("BASE_URL", "https://market.test/a\nb", "must be a URL"),
        ("BASE_URL", "https://me@market.test", "must be a URL"),
        ("BASE_URL", "https://[::1", "must be a URL"),
        ("MAIL_URL", "console", "must be console:, file:DIR, smtp://"),
        ("MAIL_URL", "file:", "must be console:, file:DIR, smtp://"),
        ("MAIL_URL", "file:///", "must be console:, file:DIR, smtp://"),
        ("MAIL_URL", "pigeon:coop", "must be console:, file:DIR, smtp://"),
        ("MAIL_FROM", "nobody", "must be one address"),
        ("MAIL_FROM", "market@", "must be one address"),
        ("MAIL_FROM", "Market <>", "must be one address"),
        ("MAIL_FROM", "Market market@b.test", "must be one address"),
        ("MAIL_FROM", "a@b.test, c@d.test", "must be one address"),
        ("MAIL_FROM", "a@b.test\nBcc: c@d.test", "must be one address"),
        ("ADMIN_EMAILS", "ada@example.com,grace", "'grace': the address must contain"),
        ("OEMBED", "yes", "'yes' must be on or off"),
        ("TRUSTED_PROXIES", "-1", "from 0 to 100"),
        ("TRUSTED_PROXIES", "101", "from 0 to 100"),
        ("TRUSTED_PROXIES", "all", "'all' must be a whole number"),
        ("TRUSTED_PROXIES", "\u0661", "from 0 to 100"),
        ("DATABASE_URL", "sqlite://", "must begin with"),
        ("DATABASE_URL", "sqlite:///", "must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite:///file:market.db?uri=true", "must name a file"),
        ("DATABASE_URL", "sqlite:///nowhere/market.db", "there is no folder nowhere"),
        ("DATABASE_URL", "postgresql://db.internal/market", "must begin with"),
        ("DATABASE_URL", "market.db", "must begin with"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str, reason: str) -> None:
    wrong = refusal({f"REVIEWCORE_{name}": value})

    assert wrong.name == f"REVIEWCORE_{name}"
    assert reason in wrong.reason


@pytest.mark.parametrize("url", ["file:///var/mail/out", "file:/var/mail/out"])
def test_a_mail_directory_can_be_absolute(url: str) -> None:
    assert read(MAIL_URL=url).mail_url == "file:/var/mail/out"


@pytest.mark.parametrize(
    "sender", ["market@localhost", "Market <hello@market.test>", "Mr. Ö & Söhne <a@b.test>"]
)
def test_a_sender_may_have_a_name(sender: str) -> None:
    assert read(MAIL_FROM=sender).mail_from == sender


# ── Rules ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtp://mail.test", ("mail.test", 587, None, None, False)),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, None, None, False)),
        ("smtps://mail.test", ("mail.test", 465, None, None, True)),
        (
            "smtp://a%40b.test:p%40ss%3A%2F@mail.test:25",
            ("mail.test", 25, "a@b.test", "p@ss:/", False),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, told: tuple[object, ...]) -> None:
    settings = read(MAIL_URL=url)

    place = smtp_place(settings.mail_url)

    assert (place.host, place.port, place.user, place.password, place.is_tls) == told


def test_the_password_of_a_mail_server_is_never_shown() -> None:
    settings = read(MAIL_URL="smtp://market:s3cr3t@mail.test")

    assert "s3cr3t" not in repr(settings)
    assert "s3cr3t" not in repr(smtp_place(settings.mail_url))
    assert "smtp://market:***@mail.test" in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "smtp:",
        "smtp://",
        "smtp://user@mail.test",
        "smtp://mail.test:port",
        "smtp://mail.test/inbox",
        "smtp://mail.test?x=1",
        "smtp://us%0Aer:pass@mail.test",
        "smtp://us%C3%A9r:pass@mail.test",
    ],
)
def test_a_wrong_mail_server_is_named(url: str) -> None:
    assert refusal(MAIL_URL=url).name == "REVIEWCORE_MAIL_URL"


def test_a_rules_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("pro_rating_min = 4.65\n[packages.STARTER]\nprice_cents = 1295\n")

    rules = read(RULES_FILE=str(path)).rules

    assert rules.pro_rating_min == Decimal("4.65")
    assert rules.packages[PackageType.STARTER].price_cents == 1295
    assert rules.pair_window_days == 30


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"speed = 1", "speed: is not a market rule"),
        (b"words_min = 'many'", "words_min: must be a whole number"),
        (b"rate_normal_cents = 200", "rate_normal_cents"),
        (b"words_min = ", "is not TOML: Invalid value (at end of document)"),
        (b"\xff\xfe", "is not TOML"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "rules.toml").write_bytes(text)

    wrong = refusal(RULES_FILE="rules.toml")

    assert wrong.name == "REVIEWCORE_RULES_FILE"
    assert reason in wrong.reason
    assert "rules.toml" in wrong.reason


def test_a_missing_rules_file_is_named() -> None:
    assert "nowhere.toml cannot be read: No such file" in refusal(RULES_FILE="nowhere.toml").reason

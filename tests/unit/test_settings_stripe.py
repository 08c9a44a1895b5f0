from __future__ import annotations

from pathlib import Path

import pytest

from reviewcore.stripe_keys import StripeKeys
from tests.unit.settings import read, refusal

STRIPE = {
    "REVIEWCORE_PAYMENTS": "stripe",
    "REVIEWCORE_STRIPE_API_KEY": "rk_live_hush",
    "REVIEWCORE_STRIPE_WEBHOOK_SECRET": "whsec_hush",
    "REVIEWCORE_STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_hush2",
}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_payments_can_go_through_stripe() -> None:
    settings = read(STRIPE)

    assert settings.payments == "stripe"
    assert settings.stripe == StripeKeys(
        api_key="rk_live_hush",
        webhook_secrets=("whsec_hush",),
        connect_webhook_secrets=("whsec_hush2",),
    )


def test_secrets_can_be_rotated_and_the_address_moved() -> None:
    settings = read(
        STRIPE,
        STRIPE_WEBHOOK_SECRET=" whsec_new, whsec_old ,",
        STRIPE_BASE_URL="http://127.0.0.1:12111/",
    )

    assert settings.stripe is not None
    assert settings.stripe.webhook_secrets == ("whsec_new", "whsec_old")
    assert settings.stripe.base_url == "http://127.0.0.1:12111"


def test_what_is_of_stripe_is_not_looked_at_while_the_sandbox_pays() -> None:
    settings = read(STRIPE, PAYMENTS="sandbox", STRIPE_API_KEY="nonsense")

    assert settings.stripe is None


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("STRIPE_API_KEY", "", "is required"),
        ("STRIPE_API_KEY", "pk_live_hush", "must begin with rk_live_"),
        ("STRIPE_API_KEY", "sk_live_hu sh", "must begin with rk_live_"),
        ("STRIPE_WEBHOOK_SECRET", "", "is required"),
        ("STRIPE_WEBHOOK_SECRET", " , ", "is required"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hush,hush", "must be whsec_"),
        ("STRIPE_CONNECT_WEBHOOK_SECRET", "", "is required"),
        ("STRIPE_BASE_URL", "http://stripe.hush", "must be an https URL"),
        ("STRIPE_BASE_URL", "https://u:hush@stripe.test", "must be an https URL"),
        ("STRIPE_BASE_URL", "https://stripe.test?hush", "must be an https URL"),
        ("STRIPE_BASE_URL", "https://[hush", "must be an https URL"),
        ("STRIPE_BASE_URL", "hush", "must be an https URL"),
    ],
)
def test_what_is_wrong_or_missing_is_named_and_never_shown(
    name: str, value: str, reason: str
) -> None:
    wrong = refusal({**STRIPE, f"REVIEWCORE_{name}": value})

    assert wrong.name == f"REVIEWCORE_{name}"
    assert reason in wrong.reason
    assert "hush" not in str(wrong)


def test_the_settings_show_no_secret_of_stripe() -> None:
    assert "hush" not in repr(read(STRIPE))

from __future__ import annotations

from pathlib import Path

import pytest

from reviewcore.oidc_keys import OidcKeys
from tests.unit.settings import read, refusal

PEER = {
    "REVIEWCORE_OIDC_PEER_ISSUER": "https://peer.example/",
    "REVIEWCORE_OIDC_PEER_CLIENT_ID": "market",
    "REVIEWCORE_OIDC_PEER_CLIENT_SECRET": "hush",
}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_provider_has_three_settings() -> None:
    settings = read(
        PEER,
        OIDC_MY_OWN_ISSUER="http://127.0.0.1:9000",
        OIDC_MY_OWN_CLIENT_ID="1",
        OIDC_MY_OWN_CLIENT_SECRET="2",
    )

    assert settings.oidc == (
        OidcKeys(name="my_own", issuer="http://127.0.0.1:9000", client_id="1", client_secret="2"),
        OidcKeys(
            name="peer", issuer="https://peer.example/", client_id="market", client_secret="hush"
        ),
    )
    assert "hush" not in repr(settings)


def test_without_providers_there_are_none() -> None:
    assert read(OIDC_PEER_ISSUER=" ").oidc == ()


@pytest.mark.parametrize("missing", sorted(PEER))
def test_what_is_missing_of_a_provider_is_named(missing: str) -> None:
    wrong = refusal({name: value for name, value in PEER.items() if name != missing})

    assert wrong.name == missing
    assert "is required" in wrong.reason
    assert "hush" not in str(wrong)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ISSUER", "peer.example", "must be an https URL"),
        ("ISSUER", "http://peer.example", "must be an https URL"),
        ("ISSUER", "https://", "must be an https URL"),
        ("ISSUER", "https://me:pw@peer.example", "must be an https URL"),
        ("ISSUER", "https://peer.example?a=b", "must be an https URL"),
        ("ISSUER", "https://peer.example#a", "must be an https URL"),
        ("ISSUER", "https://peer.example/a b", "must be an https URL"),
        ("ISSUER", "https://peer.example:port", "must be an https URL"),
        ("CLIENT_ID", "a b", "visible ASCII"),
        ("CLIENT_SECRET", "hu sh", "visible ASCII"),
        ("CLIENT_SECRET", "hüsh", "visible ASCII"),
    ],
)
def test_a_wrong_setting_of_a_provider_is_named_and_no_secret_shown(
    name: str, value: str, reason: str
) -> None:
    wrong = refusal({**PEER, f"REVIEWCORE_OIDC_PEER_{name}": value})

    assert wrong.name == f"REVIEWCORE_OIDC_PEER_{name}"
    assert reason in wrong.reason
    assert value not in str(wrong)
    assert "hush" not in str(wrong)


@pytest.mark.parametrize(
    "name", ["OIDC_PEER_SECRET", "OIDC_ISSUER", "OIDC__ISSUER", "OIDC_peer_ISSUER"]
)
def test_a_name_that_nobody_knows_is_refused(name: str) -> None:
    assert "is not a setting" in refusal({f"REVIEWCORE_{name}": "hush"}).reason

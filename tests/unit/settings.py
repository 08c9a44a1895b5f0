"""What the tests of the settings share."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reviewcore.settings import Settings, WrongSetting, settings_from

POSTGRES = "postgresql+psycopg://market:s3cr3t@db.internal:5432/market"


def read(environ: Mapping[str, str] | None = None, **settings: str) -> Settings:
    told = {f"REVIEWCORE_{name}": value for name, value in settings.items()}
    return settings_from({**(environ or {}), **told}, default_base_url="http://127.0.0.1:8000")


def refusal(environ: Mapping[str, str] | None = None, **settings: str) -> WrongSetting:
    with pytest.raises(WrongSetting) as caught:
        read(environ, **settings)
    assert "\n" not in str(caught.value)
    assert str(caught.value) == f"{caught.value.name}: {caught.value.reason}"
    return caught.value

"""The refusal of what the environment says wrongly, or does not say."""

from __future__ import annotations


class WrongSetting(Exception):
    """A setting is wrong or missing; its text is one line, free of secrets."""

    def __init__(self, *, name: str, reason: str) -> None:
        self.name = name
        self.reason = " ".join(reason.split())
        super().__init__(f"{self.name}: {self.reason}")

"""The control interface over HTTP: `POST /_test/{verb}` with the arguments of a method as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from reviewcore.testing.stripe.answers import Answer, Incoming
from reviewcore.testing.stripe.errors import Refusal
from reviewcore.testing.stripe.world import encode

PREFIX = "/_test/"

Verb = Callable[..., Any]


class Control:
    """Calls the methods of a server by name, for whoever is in another process."""

    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        self._verbs = verbs

    def answer(self, incoming: Incoming) -> Answer | None:
        """Answer a request for control with `{"result": …}`; None for any other path."""
        if not incoming.path.startswith(PREFIX):
            return None
        verb = self._verbs.get(incoming.path.removeprefix(PREFIX))
        if verb is None:
            return _error(404, f"no such verb; there are {', '.join(sorted(self._verbs))}")
        try:
            arguments = json.loads(incoming.form or "{}")
            result = verb(**arguments)
        except (TypeError, ValueError, KeyError) as error:
            return _error(400, str(error))
        except Refusal as refusal:
            return _error(refusal.status, refusal.message)
        except AssertionError as error:
            return _error(409, str(error))
        return Answer(status=200, body=encode({"result": _plain(result)}))


def _error(status: int, message: str) -> Answer:
    return Answer(status=status, body=encode({"error": {"message": message}}))


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return _plain(attrs.asdict(value, recurse=False))
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value

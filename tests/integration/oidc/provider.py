"""A real OpenID Connect provider on loopback, in a process of its own.

oidc-provider-mock is one in all but two things, which are added here: it refuses a client with
another secret (RFC 6749), and a code that comes without its verifier (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx

CLIENT_ID, CLIENT_SECRET = "market", "hush-client-secret"
PATIENCE_SECONDS = 30


@attrs.frozen(kw_only=True)
class Provider:
    """Where the provider is, and what people do there."""

    issuer: str

    def enrol(self, subject: str, **claims: Any) -> None:
        """Let somebody have an account with these claims."""
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def consent(self, address: str, subject: str) -> str:
        """Sign in at the page of *address* as *subject*; returns where the browser is sent."""
        answer = httpx.post(address, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def deny(self, address: str) -> str:
        """Say no at the page of *address*."""
        answer = httpx.post(address, data={"action": "deny"})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@contextmanager
def provided() -> Iterator[Provider]:
    """Run a provider until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, str(port)], stderr=subprocess.DEVNULL
    )
    try:
        issuer = f"http://127.0.0.1:{port}"
        _wait_until_there(process, issuer)
        yield Provider(issuer=issuer)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait_until_there(process: subprocess.Popen[bytes], issuer: str) -> None:
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert process.poll() is None, "the provider has died"
        try:
            told = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
        except httpx.TransportError:
            assert time.monotonic() < given_up_at, "the provider does not answer"
            time.sleep(0.05)
            continue
        assert told["issuer"] == issuer, "somebody else listens here"
        return


Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Strict:
    """Refuses other clients, and codes without the verifier that they were asked for with."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._challenges: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "POST", "/oauth2/authorize":
                return self._app(environ, self._noting(environ, start_response))
            case "POST", "/oauth2/token":
                refusal = self._refusal(environ)
                if refusal is not None:
                    told = json.dumps({"error": refusal}).encode()
                    headers = [("Content-Type", "application/json")]
                    start_response("400 Bad Request", headers)
                    return [told]
        return self._app(environ, start_response)

    def _noting(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Callable[..., Any]:
        asked = parse_qs(environ["QUERY_STRING"])

        def note(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            location = dict(headers).get("Location", "")
            for code in parse_qs(urlsplit(location).query).get("code", []):
                assert asked["code_challenge_method"] == ["S256"]
                [self._challenges[code]] = asked["code_challenge"]
            return start_response(status, headers, *rest)

        return note

    def _refusal(self, environ: dict[str, Any]) -> str | None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if environ.get("HTTP_AUTHORIZATION") != f"Basic {known}":
            return "invalid_client"
        digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        wanted = self._challenges.get(told.get("code", ""))
        return None if wanted in {None, shown} else "invalid_grant"


def serve(port: int) -> None:
    """Serve the provider."""
    # Imported here, because the tests' own process must not load its warnings.
    import oidc_provider_mock  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; above
    from werkzeug.serving import make_server  # noqa: PLC0415 - as above

    app = oidc_provider_mock.app(require_nonce=True)
    make_server("127.0.0.1", port, Strict(app), threaded=True).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))

"""What a provider may answer, well or badly, and what is made of it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from reviewcore.adapters.oidc import OidcIdentities, OidcSettings
from reviewcore.domain.errors import IdentityNotProven, ProviderUnavailable, UnknownProvider
from reviewcore.ports.identities import Departure, Identity

Json = dict[str, Any]

CALLBACK = "http://market.example/callback"
DEPARTURE = Departure(provider="peer", state="state", nonce="the-nonce", verifier="v" * 43)
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
SECRET = OctKey.import_key("hush" * 8)
OTHER = RSAKey.generate_key(2048, parameters={"kid": "rsa"})


class Peer:
    """A provider that answers as it is told."""

    def __init__(self) -> None:
        self.metadata: Json = {}
        self.keys: Any = KeySet([RSA]).as_dict(private=False)
        self.token: Any = None
        self.status = 200
        self.raw: bytes | None = None
        self.delay_seconds = 0.0
        self.asked: list[tuple[str, dict[str, list[str]], str | None]] = []
        self.issuer = ""

    def answer(self, path: str) -> Any:
        match path:
            case "/.well-known/openid-configuration":
                return {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                } | self.metadata
            case "/keys":
                return self.keys
            case _:
                return self.token

    def claims(self, **changes: Any) -> Json:
        now = int(time.time())
        told = {
            "iss": self.issuer, "aud": "market", "sub": "ada", "exp": now + 300, "iat": now,
            "nonce": "the-nonce", "email": "ada@example.com", "email_verified": True, "name": "Ada",
        }  # fmt: skip
        return {name: value for name, value in (told | changes).items() if value is not None}

    def tell(self, id_token: str) -> None:
        self.token = {"access_token": "a", "token_type": "Bearer", "id_token": id_token}

    def sign(self, *, key: Any = RSA, alg: str = "RS256", **changes: Any) -> None:
        header = {"alg": alg, "kid": key.kid} if key.kid else {"alg": alg}
        self.tell(jwt.encode(header, self.claims(**changes), key, algorithms=[alg]))


@contextlib.contextmanager
def listening(peer: Peer) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            told = parse_qs(self.rfile.read(length).decode())
            peer.asked.append((self.path, told, self.headers["authorization"]))
            self._answer()

        def _answer(self) -> None:
            time.sleep(peer.delay_seconds)
            body = json.dumps(peer.answer(self.path)).encode() if peer.raw is None else peer.raw
            self.send_response(peer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if peer.status == 302:
                self.send_header("location", "/elsewhere")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    with listening(made):
        yield made


@pytest.fixture
def identities(peer: Peer) -> Iterator[OidcIdentities]:
    found = OidcIdentities(
        [OidcSettings(name="peer", issuer=peer.issuer, client_id="market", client_secret="hush")]
    )
    yield found
    found.close()


def identify(identities: OidcIdentities) -> Identity:
    return identities.identify(DEPARTURE, code="the-code", redirect_uri=CALLBACK)


def test_what_is_signed_for_us_is_believed(peer: Peer, identities: OidcIdentities) -> None:
    peer.sign()

    told = identify(identities)

    assert told == Identity(
        provider="peer", subject="ada", email="ada@example.com", email_verified=True, name="Ada"
    )
    [(path, asked, header)] = peer.asked
    assert path == "/token"
    assert asked == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "redirect_uri": [CALLBACK],
        "code_verifier": ["v" * 43],
    }
    assert header is not None
    assert header.startswith("Basic ")


def test_a_provider_that_wants_the_secret_in_the_body_gets_it_there(
    peer: Peer, identities: OidcIdentities
) -> None:
    peer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    peer.sign()

    identify(identities)

    [(_, asked, header)] = peer.asked
    assert (asked["client_id"], asked["client_secret"]) == (["market"], ["hush"])
    assert header is None


def test_the_address_asks_for_all_that_is_checked(peer: Peer, identities: OidcIdentities) -> None:
    address = identities.address(DEPARTURE, redirect_uri=CALLBACK)

    path, _, query = address.partition("?")
    told = parse_qs(query)
    assert path == f"{peer.issuer}/authorize"
    assert told["response_type"] == ["code"]
    assert told["code_challenge_method"] == ["S256"]
    assert told["scope"] == ["openid email profile"]
    assert (told["state"], told["nonce"]) == (["state"], ["the-nonce"])
    assert told["redirect_uri"] == [CALLBACK]
    assert "v" * 43 not in address
    assert "hush" not in address


@pytest.mark.parametrize(
    "key",
    [ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")],
    ids=["ES256", "Ed25519"],
)
def test_other_signatures_are_taken(peer: Peer, identities: OidcIdentities, key: Any) -> None:
    peer.keys = {"keys": [key.as_dict(private=False)]}
    peer.sign(key=key, alg="ES256" if isinstance(key, ECKey) else "Ed25519")

    assert identify(identities).subject == "ada"


FORGED: dict[str, Callable[[Peer], None]] = {
    "signed by another": lambda peer: peer.sign(key=OTHER),
    "signed with our secret": lambda peer: peer.sign(key=SECRET, alg="HS256"),
    "not signed": lambda peer: peer.tell(
        "eyJhbGciOiJub25lIn0."
        + jwt.encode({"alg": "RS256"}, peer.claims(), RSA).split(".")[1]
        + "."
    ),
    "no token": lambda peer: peer.tell(""),
    "another form": lambda peer: setattr(peer, "token", {"access_token": "a", "id_token": 7}),
    "none at all": lambda peer: setattr(peer, "token", {"access_token": "a"}),
    "for another": lambda peer: peer.sign(aud="others"),
    "for others too, by another": lambda peer: peer.sign(aud=["market", "others"], azp="others"),
    "by another issuer": lambda peer: peer.sign(iss="https://evil.example"),
    "for another departure": lambda peer: peer.sign(nonce="another"),
    "for no departure": lambda peer: peer.sign(nonce=None),
    "too old": lambda peer: peer.sign(exp=int(time.time()) - 61),
    "for ever": lambda peer: peer.sign(exp=None),
    "of a time to come": lambda peer: peer.sign(iat=int(time.time()) + 900),
    "of no time": lambda peer: peer.sign(iat=None),
    "of nobody": lambda peer: peer.sign(sub=None),
    "of an empty name": lambda peer: peer.sign(sub=""),
    "of a number": lambda peer: peer.sign(sub=7),
    "of a name too long": lambda peer: peer.sign(sub="x" * 256),
    "of a name with NUL": lambda peer: peer.sign(sub="a\0"),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_is_not_surely_said_for_us_is_not_believed(
    peer: Peer, identities: OidcIdentities, how: str
) -> None:
    FORGED[how](peer)

    with pytest.raises(IdentityNotProven) as refusal:
        identify(identities)

    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("claims", "email", "is_verified"),
    [
        ({"email_verified": "true"}, "ada@example.com", True),
        ({"email_verified": "false"}, "ada@example.com", False),
        ({"email_verified": None}, "ada@example.com", False),
        ({"email_verified": 1}, "ada@example.com", False),
        ({"email": None}, None, True),
        ({"email": ["ada@example.com"]}, None, True),
    ],
)
def test_an_address_is_verified_when_the_provider_says_just_that(
    peer: Peer, identities: OidcIdentities, claims: Json, email: str | None, is_verified: bool
) -> None:
    peer.sign(**claims)

    told = identify(identities)

    assert (told.email, told.email_verified) == (email, is_verified)


def test_a_name_that_is_none_is_left_out(peer: Peer, identities: OidcIdentities) -> None:
    peer.sign(name={"first": "Ada"})

    assert identify(identities).name == ""


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request"])
def test_a_code_that_the_provider_refuses_proves_nobody(
    peer: Peer, identities: OidcIdentities, error: str
) -> None:
    peer.token = {"error": error, "error_description": "the-code is not known"}

    with pytest.raises(IdentityNotProven) as refusal:
        identify(identities)

    assert "the-code" not in f"{refusal.value!r} {refusal.value}"


@pytest.mark.parametrize("token", [{"error": "invalid_client"}, {"error": 7}, [], "text", None])
def test_any_other_answer_is_no_answer(
    peer: Peer, identities: OidcIdentities, token: object
) -> None:
    peer.token = token

    with pytest.raises(ProviderUnavailable):
        identify(identities)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "https://[broken"},
        {"jwks_uri": 7},
    ],
)
def test_a_provider_that_tells_wrong_things_of_itself_is_not_used(
    peer: Peer, identities: OidcIdentities, metadata: Json
) -> None:
    peer.metadata = metadata

    with pytest.raises(ProviderUnavailable):
        identities.address(DEPARTURE, redirect_uri=CALLBACK)


@pytest.mark.parametrize(
    ("status", "raw"),
    [(500, None), (404, None), (302, None), (200, b"<html>"), (200, b"[]"), (200, b"x" * 2**21)],
)
def test_an_answer_that_cannot_be_read_is_no_answer(
    peer: Peer, identities: OidcIdentities, status: int, raw: bytes | None
) -> None:
    peer.status, peer.raw = status, raw

    with pytest.raises(ProviderUnavailable):
        identities.address(DEPARTURE, redirect_uri=CALLBACK)


@pytest.mark.parametrize("keys", [[], {}, {"keys": 7}, {"keys": [{"kty": "what"}]}, {"keys": []}])
def test_keys_that_are_none_verify_nothing(
    peer: Peer, identities: OidcIdentities, keys: object
) -> None:
    peer.sign()
    peer.keys = keys

    with pytest.raises((ProviderUnavailable, IdentityNotProven)):
        identify(identities)


@pytest.mark.parametrize(("refreshed_seconds", "is_asked"), [(0.0, True), (30.0, False)])
def test_a_provider_may_change_its_keys_and_is_not_asked_for_them_all_the_time(
    peer: Peer, refreshed_seconds: float, is_asked: bool
) -> None:
    known = OidcSettings(name="peer", issuer=peer.issuer, client_id="market", client_secret="hush")
    identities = OidcIdentities([known], refreshed_seconds=refreshed_seconds)
    peer.sign()
    identify(identities)
    newer = RSAKey.generate_key(2048, parameters={"kid": "newer"})
    peer.keys = KeySet([newer]).as_dict(private=False)
    peer.sign(key=newer)

    if is_asked:
        assert identify(identities).subject == "ada"
    else:
        with pytest.raises(IdentityNotProven):
            identify(identities)
    identities.close()


def test_nobody_waits_for_long(peer: Peer, identities: OidcIdentities) -> None:
    peer.delay_seconds = 8

    begun = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        identities.address(DEPARTURE, redirect_uri=CALLBACK)

    assert time.monotonic() - begun < 7


def test_a_provider_that_nobody_set_is_unknown(identities: OidcIdentities) -> None:
    stranger = Departure(provider="other", state="s", nonce="n", verifier="v")

    with pytest.raises(UnknownProvider):
        identities.address(stranger, redirect_uri=CALLBACK)
    with pytest.raises(UnknownProvider):
        identities.identify(stranger, code="c", redirect_uri=CALLBACK)
    assert "hush" not in repr(identities)

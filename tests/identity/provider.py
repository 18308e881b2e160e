"""A small identity provider of OpenID Connect on this machine: authorization code, PKCE, signed ID tokens.

It is a peer with keys and codes of its own. What it does wrong on request stands in `faults`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, SECRET = "furka-portal", "a-secret-of-the-provider"


@dataclass
class Somebody:
    """Who is logged in at the provider."""

    sub: str
    email: str
    name: str = "Sonja von nebenan"


@dataclass
class Provider:
    """The provider as a test sees it."""

    url: str
    who: Somebody
    key: rsa.RSAPrivateKey
    faults: set[str] = field(default_factory=set)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def configuration(self) -> dict[str, Any]:
        issuer = "https://elsewhere.example" if "issuer" in self.faults else self.url
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": "http://198.51.100.7/token"
            if "endpoint" in self.faults
            else f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent: back, with a code."""
        self.asked.append(query)
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        answer = {"code": code, "state": query["state"]}
        if "cancel" in self.faults:
            answer = {"error": "access_denied", "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, str]]:
        """A code for tokens, once, for whoever knows the secret and the verifier."""
        query = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            query is None
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, SECRET)
            or challenge.decode().rstrip("=") != query["code_challenge"]
            or form.get("redirect_uri") != query["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(datetime.now(UTC).timestamp())  # noqa: TID251  # a peer with a clock of its own
        claims = {
            "iss": self.url,
            "aud": "somebody-else" if "audience" in self.faults else CLIENT_ID,
            "sub": self.who.sub,
            "email": self.who.email,
            "name": self.who.name,
            "iat": now,
            "exp": now - 600 if "expired" in self.faults else now + 300,
            "nonce": "another" if "nonce" in self.faults else query["nonce"],
        }
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        if "unsigned" in self.faults:
            return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})
        if "shared" in self.faults:
            return jwt.encode(claims, SECRET * 2, algorithm="HS256", headers={"kid": "one"})
        key = new_key() if "signature" in self.faults else self.key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "one"})


def new_key() -> rsa.RSAPrivateKey:
    """A key pair."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextmanager
def running_provider(who: Somebody, tls: ssl.SSLContext | None = None) -> Iterator[Provider]:
    """A provider that answers on a port of its own, perhaps by TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                if "redirect" in provider.faults:
                    self._go("http://127.0.0.1:1/")
                else:
                    self._answer(200, provider.configuration())
            elif parts.path == "/keys":
                self._answer(200, provider.keys())
            elif parts.path == "/authorize":
                self._go(provider.authorize(query))
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.token({name: values[0] for name, values in parse_qs(text).items()}))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            if "large" in provider.faults:
                content += b" " * 400_000
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _go(self, url: str) -> None:
            self.send_response(302)
            self.send_header("Location", url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests have their own words."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    provider = Provider(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", who, new_key())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

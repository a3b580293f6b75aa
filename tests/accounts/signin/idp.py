"""A small real identity provider (OpenID Connect): it answers over a socket, and can be told to answer wrongly."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "terme", "s3cret of the client"


class Idp:
    """One provider: ``wrong`` changes its tokens' claims (None takes one away), ``config`` what it says of itself."""

    def __init__(self):
        self.key, self.kid = rsa.generate_private_key(public_exponent=65537, key_size=2048), "k1"
        self.wrong, self.config, self.token, self.status = {}, {}, {}, {}
        self.signing_key, self.algorithm = None, "RS256"
        self.person = {"sub": "subject-1", "email": "ann@client.example", "email_verified": True}
        self.userinfo = None
        self.codes, self.asked = {}, []
        idp = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                idp.answer(self, urlsplit(self.path).path, None)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                idp.answer(self, urlsplit(self.path).path, dict(parse_qsl(body)))

            def log_message(self, *args):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, address):
        """Do as the provider does when somebody signs in at ``address``: return what the browser brings back."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        self.asked.append(asked)
        return {"code": code, "state": asked["state"]}

    def answer(self, handler, path, form):
        status, found = self.status.get(path, 200), {}
        if path == "/.well-known/openid-configuration":
            found = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo else {}),
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **self.config,
            }
        elif path == "/jwks":
            found = {"keys": [self.public()]}
        elif path == "/token":
            found = self.exchange(form)
            status = 400 if "error" in found else status
        elif path == "/userinfo":
            found = self.userinfo
        raw = found if isinstance(found, bytes) else json.dumps(found).encode()
        handler.send_response(status)
        if status in (301, 302):
            handler.send_header("Location", f"{self.issuer}/elsewhere")
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def public(self):
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**found, "kid": self.kid, "alg": "RS256", "use": "sig"}

    def exchange(self, form):
        asked = self.codes.pop(form.get("code"), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
            or form.get("redirect_uri") != asked["redirect_uri"]
            or (asked.get("code_challenge_method"), asked.get("code_challenge")) != ("S256", challenge)
        ):
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            **self.person,
            **self.wrong,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.key if self.signing_key is None else self.signing_key
        token = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.kid})
        found = {"access_token": "at", "token_type": "Bearer", "id_token": token, **self.token}
        return {name: value for name, value in found.items() if value is not None}


def query_of(address):
    """Return the query of an address, each name's values."""
    return parse_qs(urlsplit(address).query)

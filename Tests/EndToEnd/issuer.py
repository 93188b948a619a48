"""A real issuer of tokens, on this machine: discovery, key sets, and keys that sign."""

import base64
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID


def encoded(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, kid, algorithm="ES256", bits=2048):
        self.kid, self.algorithm = kid, algorithm
        self.secret = (
            ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256"
            else rsa.generate_private_key(public_exponent=65537, key_size=bits))

    @property
    def jwk(self):
        numbers = self.secret.public_key().public_numbers()
        if self.algorithm == "ES256":
            point = {"x": number(numbers.x, 32), "y": number(numbers.y, 32)}
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, **point}
        return {
            "kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", "n": number(numbers.n), "e": number(numbers.e)}

    @property
    def pem(self):
        return self.secret.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def signature(self, data):
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self.secret.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.secret.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def token(self, claims, **header):
        """Signed, whatever the header says; `claims` may be bytes."""
        fields = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid, **header}
        signed = "%s.%s" % (encoded(fields), encoded(claims))
        return "%s.%s" % (signed, encoded(self.signature(signed.encode())))

    def token_by_secret(self, claims):
        """HS256 with the public key as the secret: what a careless verifier takes."""
        signed = "%s.%s" % (encoded({"alg": "HS256", "kid": self.kid}), encoded(claims))
        return "%s.%s" % (signed, encoded(hmac.new(self.pem, signed.encode(), hashlib.sha256).digest()))


class Issuer:
    """Serves several issuers, by the first part of the path. `answers` may replace what they say."""

    def __init__(self, tls=None):
        self.keys = {}
        self.answers = {}
        self.asked = []
        # Cleared, nobody gets an answer; what was asked then waits for it.
        self.open = threading.Event()
        self.open.set()
        # Paths that nobody gets an answer from before the end.
        self.silent = set()
        self.ended = threading.Event()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append((self.path, dict(self.headers)))
                issuer.open.wait(60)
                if self.path in issuer.silent:
                    issuer.ended.wait(60)
                try:
                    self.say(*issuer.answer(self.path))
                except OSError:
                    pass

            def say(self, status, body, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.open.set()
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, name):
        return "%s://127.0.0.1:%d/%s" % (self.scheme, self.server.server_address[1], name)

    def answer(self, path):
        """(status, body[, headers])"""
        if path in self.answers:
            return self.answers[path]
        name, _, rest = path[1:].partition("/")
        if rest == ".well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url(name), "jwks_uri": self.url(name) + "/keys"}).encode()
        if rest == "keys" and name in self.keys:
            return 200, json.dumps({"keys": [key.jwk for key in self.keys[name]]}).encode()
        return 404, b"{}"

    def fetches(self, name):
        return sum(1 for path, _ in self.asked if path == "/%s/keys" % name)

    def claims(self, name="ci", **more):
        now = int(time.time())
        claims = {"iss": self.url(name), "aud": "baton", "sub": "repo:example/app", "iat": now, "exp": now + 300}
        claims.update(more)
        return {key: value for key, value in claims.items() if value is not None}


def certificate(path):
    """Writes a certificate for 127.0.0.1 and its key into one file; it is its own authority."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the issuer of a test")])
    now = datetime.datetime.utcnow()
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(secret, hashes.SHA256()))
    with open(path, "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
        file.write(secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return path

"""A web of two loopback ports, one with TLS, that answers for every host name and keeps what it was asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PORTS = {"https": (443, 8443), "http": (80, 8080)}
HOSTS = [
    *("example.com", "*.example.com", "*.shop.example.com", "*.api.shop.example.com"),
    *("example.co.uk", "*.example.co.uk", "alice.github.io", "bob.github.io", "other.test", "*.other.test"),
    *("localhost", "*.localhost", "127.0.0.1", "::1"),
]


@dataclass(frozen=True)
class Seen:
    """One request: its URL without the query, and the value of its `Cookie` header."""

    url: str
    cookie: bytes | None


@dataclass
class Web:
    """`answers` says which raw header lines a URL answers with, and `seen` what each tag in a query asked for."""

    tls_port: int
    port: int
    spki: str
    answers: dict[str, list[bytes]] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=dict)

    @property
    def browser_args(self) -> list[str]:
        rules = [f"MAP *:{port} 127.0.0.1:{self.tls_port}" for port in PORTS["https"]]
        rules += [f"MAP *:{port} 127.0.0.1:{self.port}" for port in PORTS["http"]]
        return [f"--host-resolver-rules={', '.join(rules)}", f"--ignore-certificate-errors-spki-list={self.spki}"]

    async def serve(self, scheme: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until the browser ends it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self.answer(scheme, head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, scheme: str, head: bytes) -> bytes:
        request, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}
        path, _, tag = request.split(b" ")[1].decode().partition("?")
        url = f"{scheme}://{headers[b'host'].decode()}{path}"
        self.seen.setdefault(tag, []).append(Seen(url, headers.get(b"cookie")))
        extra = self.answers.get(url, [])
        status = b"307 Moved" if any(line.lower().startswith(b"location:") for line in extra) else b"200 OK"
        return b"\r\n".join(
            [
                b"HTTP/1.1 " + status,
                b"Content-Type: text/html",
                b"Content-Length: 0",
                b"Access-Control-Allow-Origin: " + headers.get(b"origin", b"*"),
                b"Access-Control-Allow-Credentials: true",
                *extra,
                b"\r\n",
            ]
        )


@asynccontextmanager
async def open_web() -> AsyncIterator[Web]:
    """A running web, with a certificate authority of its own."""
    ca = trustme.CA()
    leaf = ca.issue_cert(*HOSTS)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # Chromium only trusts a root by its key if the server sends that root along, and trustme leaves it out.
    chain = trustme.Blob(b"".join(blob.bytes() for blob in (*leaf.cert_chain_pems, ca.cert_pem)))
    with leaf.private_key_and_cert_chain_pem.tempfile() as pem, chain.tempfile() as pems:
        context.load_cert_chain(pems, pem)
    key = x509.load_pem_x509_certificate(ca.cert_pem.bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    web = Web(tls_port=0, port=0, spki=base64.b64encode(digest).decode())
    tls = await asyncio.start_server(lambda r, w: web.serve("https", r, w), "127.0.0.1", 0, ssl=context)
    plain = await asyncio.start_server(lambda r, w: web.serve("http", r, w), "127.0.0.1", 0)
    async with tls, plain:
        web.tls_port = tls.sockets[0].getsockname()[1]
        web.port = plain.sockets[0].getsockname()[1]
        yield web

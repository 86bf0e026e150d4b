"""A certificate authority made for one run: its root, and one certificate per host, on demand."""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Authority:
    """The authority. It keeps `root.pem` in `folder`, and that alone; keys live in memory."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA(organization_name="toolkit local network")
        self._folder = folder
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.pem: bytes = self._ca.cert_pem.bytes()
        self.file = folder / "root.pem"
        self.file.write_bytes(self.pem)

    @property
    def spki(self) -> str:
        """The base64 SHA-256 of the root's public key (RFC 7469, 2.4), by which Chromium is told to trust it."""
        key = x509.load_pem_x509_certificate(self.pem).public_key()
        digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
        return base64.b64encode(digest).decode("ascii")

    def context(self, host: str) -> ssl.SSLContext:
        """The server side of TLS for `host`, a name or an IP address; made once per host."""
        if host not in self._contexts:
            leaf = self._ca.issue_cert(host)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["http/1.1"])
            # The root goes along with the leaf: Chromium looks for the known key among the certificates it is sent.
            chain = leaf.private_key_and_cert_chain_pem.bytes() + self.pem
            # ssl reads certificates from files only: one in a folder that is the owner's alone, gone at once.
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                file = Path(folder) / "chain.pem"
                file.write_bytes(chain)
                context.load_cert_chain(file)
            self._contexts[host] = context
        return self._contexts[host]

"""A certificate authority that is made for one run. It issues one certificate per host, on demand."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from toolkit.http.public_key_pins import public_key_pin


class CertificateAuthority:
    """The authority. It stores only its root certificate, as `root.pem` in `folder`; private keys stay in memory."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA(organization_name="toolkit local network")
        self._folder = folder
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.root_pem: bytes = self._ca.cert_pem.bytes()
        self.root_file = folder / "root.pem"
        self.root_file.write_bytes(self.root_pem)

    @property
    def spki(self) -> str:
        """The base64 SHA-256 of the root's public key (RFC 7469, 2.4); Chromium trusts it by this hash."""
        return public_key_pin(x509.load_pem_x509_certificate(self.root_pem))

    def server_context(self, host: str) -> ssl.SSLContext:
        """The TLS context to serve `host` with, a name or an IP address. It is made once per host."""
        if host not in self._contexts:
            leaf = self._issue(host)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["http/1.1"])
            # The root is sent with the leaf: Chromium looks for the trusted key among the certificates of the chain.
            chain = leaf + self.root_pem
            # ssl reads certificates from files only. This one is in a folder of the owner's, and deleted at once.
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                file = Path(folder) / "chain.pem"
                file.write_bytes(chain)
                context.load_cert_chain(file)
            self._contexts[host] = context
        return self._contexts[host]

    def _issue(self, host: str) -> bytes:
        """The key and the certificate for `host`, in PEM."""
        try:
            return self._ca.issue_cert(host).private_key_and_cert_chain_pem.bytes()
        except UnicodeError:  # not a valid IDNA name, such as one with an underscore; browsers accept it
            return self._issue_unchecked(host)

    def _issue_unchecked(self, host: str) -> bytes:
        """As `_issue`, without the check of the name."""
        root = x509.load_pem_x509_certificate(self.root_pem)
        signer = load_pem_private_key(self._ca.private_key_pem.bytes(), password=None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = x509.CertificateBuilder(root.subject, x509.Name([]), key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(root.not_valid_before_utc).not_valid_after(root.not_valid_after_utc)
        for extension, critical in (
            (names, True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical)
        leaf = builder.sign(signer, hashes.SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return private + leaf.public_bytes(Encoding.PEM)


@contextmanager
def temporary_authority() -> Iterator[CertificateAuthority]:
    """An authority whose files are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="toolkit-network-") as folder:
        yield CertificateAuthority(Path(folder))

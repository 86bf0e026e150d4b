"""Hashes of public keys (RFC 7469, section 2.4), by which Chromium can be told what to trust: it takes no root."""

from __future__ import annotations

import base64
import hashlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from toolkit.errors import ToolkitError
from toolkit.http.aiohttp_errors import HTTP_ERRORS, map_error
from toolkit.http.connections import Connections
from toolkit.http.gate import Gate
from toolkit.http.route import Route
from toolkit.http.tls_trust import gate_context


def public_key_pin(certificate: x509.Certificate) -> str:
    """The base64 SHA-256 of the public key of `certificate`."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode("ascii")


async def verified_pin(url: str, route: Route, gate: Gate, *, seconds: float | None = None) -> str | None:
    """The pin of the certificate by which the site at `url` is known to be itself, as the roots of `gate` vouch for it.

    None where the site is not asked by TLS. `seconds` is how long connecting may take. Raises `TLSFailed` for a
    certificate that nothing vouches for, and what any call raises.
    """
    if not url.startswith("https:"):
        return None
    context = gate_context(route, gate, gate.certificate_for(url))
    seen: list[bytes] = []

    class NotingObject(ssl.SSLObject):
        """Notes the certificate that was verified: aiohttp gives a connection back before one can ask it."""

        def do_handshake(self) -> None:
            super().do_handshake()
            seen.append(self.getpeercert(True) or b"")

    context.sslobject_class = NotingObject
    async with Connections(route, seconds, lambda _: context) as connections:
        try:
            answer = await connections.request("HEAD", url, headers={}, body=b"")
            answer.close()
        except HTTP_ERRORS as error:
            if not seen:
                raise map_error(error, url, connect=seconds) from None
        except ToolkitError:
            if not seen:
                raise
    return public_key_pin(x509.load_der_x509_certificate(seen[0])) if seen and seen[0] else None


def root_pins(pem: bytes) -> list[str]:
    """The pins of the certificates in `pem`: sites that send their root with their certificate are known by it."""
    return [public_key_pin(certificate) for certificate in x509.load_pem_x509_certificates(pem)]

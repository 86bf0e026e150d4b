"""What TLS trusts, and what it shows of itself: along a route, and at the gate in front of a site."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection

from toolkit.errors import ConfigError
from toolkit.http.gate import ClientCertificate, Gate, is_behind_gate
from toolkit.http.route import Route


def route_trust(route: Route) -> ssl.SSLContext | bool:
    """What TLS trusts on `route`: the system's roots, and the route's own, which is the only one if it is `sealed`."""
    if route.ca_pem is None:
        return True  # the system's roots, which aiohttp loads only once
    return _context(route)


def gate_context(route: Route, gate: Gate, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    """The TLS context for the provider's hosts behind `gate`, where `certificate` is shown.

    Raises `ConfigError` for roots or a certificate that cannot be used. What a `sealed` route trusts stays all.
    """
    context = _context(route)
    if gate.ca_pem is not None and not route.sealed:
        try:
            context.load_verify_locations(cadata=gate.ca_pem.decode("ascii", "ignore"))  # comments can be anything
        except (ssl.SSLError, ValueError):
            raise ConfigError("The `ca_file` holds no certificates in PEM.") from None
    if gate.any_certificate and not route.sealed:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        _load_certificate(context, certificate)
    return context


TLSChoice = Callable[[str], ssl.SSLContext | bool]


class GateTLS:
    """A `TLSChoice` for a provider with `page` and `hosts` whose site is behind `gate`."""

    def __init__(self, route: Route, gate: Gate, page: str, hosts: Collection[str | None]) -> None:
        self._route, self._gate, self._page, self._hosts = route, gate, page, hosts
        self._contexts: dict[ClientCertificate | None, ssl.SSLContext] = {}

    def __call__(self, url: str) -> ssl.SSLContext | bool:
        """The context for `url`; True stands for the one of all others. Raises as `gate_context` does."""
        if not self._gate.changes_tls or not is_behind_gate(url, self._page, self._hosts):
            return True
        certificate = self._gate.certificate_for(url)
        if certificate not in self._contexts:
            self._contexts[certificate] = gate_context(self._route, self._gate, certificate)
        return self._contexts[certificate]


def _context(route: Route) -> ssl.SSLContext:
    own = route.trusted_roots if route.ca_pem is not None else None
    context = ssl.create_default_context(cadata=own if route.sealed else None)
    if own is not None and not route.sealed:
        context.load_verify_locations(cadata=own)
    return context


def _load_certificate(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Have `context` show `certificate`. A key that is sealed is never asked for on a terminal."""
    where = f"The client certificate for {certificate.origin} cannot be used"
    try:
        context.load_cert_chain(
            certificate.cert_path, certificate.key_path, password=lambda: certificate.passphrase or ""
        )
    except ssl.SSLError as error:
        sealed = certificate.passphrase is None and "password" in str(error).lower()
        why = "its key needs a `passphrase`" if sealed else f"{error.reason or 'its files hold no such PEM'}"
        raise ConfigError(f"{where}: {why}.", hint="It takes PEM; `openssl pkcs12` converts other files.") from None
    except OSError as error:
        raise ConfigError(f"{where}: {error.filename or 'its file'}: {error.strerror or error}.") from None

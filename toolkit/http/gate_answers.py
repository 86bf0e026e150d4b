"""Tells the answers of a gate in front of a site from those of the site. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from toolkit.errors import GateRefused, SessionExpired
from toolkit.http.gate import Gate

# Schemes of HTTP authentication that a browser asks a person about, or answers by itself (RFC 7617, 7616, 4559): the
# APIs of sites use others.
_PERSONAL_SCHEMES = re.compile(r"\s*(basic|digest|negotiate|ntlm)\b", re.IGNORECASE)
# A connection without a good certificate goes on where a server only asks for one, and is refused then: nginx answers
# 400, and says so (https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors); others answer 403.
CERTIFICATE_STATUSES = (400, 403)
_CERTIFICATE = re.compile(r"(ssl|tls|client) certificate", re.IGNORECASE)
HTML_TYPES = ("text/html", "application/xhtml+xml")


def is_html(headers: Mapping[str, str]) -> bool:
    """Whether `headers` (names in any case) are those of a web page."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() in HTML_TYPES


def gate_refusal(status: int, headers: Mapping[str, str], url: str, gate: Gate, body: str = "") -> GateRefused | None:
    """The error for an answer of `status` from `url` that is a gate's: it asks for HTTP authentication (RFC 9110,
    section 15.5.2) or for a certificate, or refuses with a web page. None for one that may be the site's own.

    `gate` is what the request gave, and `body` the beginning of the answer's body.
    """
    host = urlsplit(url).hostname or ""
    if "cf-mitigated" in headers:  # a challenge, which is an error of its own
        return None
    if status == 401 and (scheme := _PERSONAL_SCHEMES.match(headers.get("WWW-Authenticate", ""))):
        name = scheme[1].capitalize()
        if gate.login is not None:
            return GateRefused(f"The gate in front of {host} does not take the `http_credentials` ({name}).", url=url)
        hint = "Tell user and password in browsers.json, as `http_credentials` of the deployment or of the profile."
        return GateRefused(f"A gate in front of {host} wants HTTP authentication ({name}).", url=url, hint=hint)
    if status in CERTIFICATE_STATUSES and is_html(headers) and _CERTIFICATE.search(body):
        if gate.certificate_for(url) is not None:
            hint = "See whether it has expired, and whether it is the one for this site."
            text = f"The gate in front of {host} does not take the certificate of `client_certificates`."
            return GateRefused(text, url=url, hint=hint)
        hint = "Tell it in browsers.json, as one of `client_certificates` of the deployment or of the profile."
        return GateRefused(f"A gate in front of {host} wants a certificate of yours.", url=url, hint=hint)
    if status == 403 and is_html(headers):
        return GateRefused(f"{host} answered 403 with a web page, as a gate in front of a site does.", url=url)
    return None


def leaves_hosts(asked: str, url: str, hosts: Collection[str | None]) -> str:
    """The host of `url` where a call of `asked`, on one of the provider's `hosts`, was redirected to none of them;
    empty where it was not."""
    host, other = urlsplit(asked).hostname, urlsplit(url).hostname
    return other or "" if host in hosts and other not in hosts else ""


def sent_away_error(asked: str, elsewhere: str, answered: str) -> SessionExpired:
    """The error for a call of the URL `asked` that was redirected to the host `elsewhere`, and got an error or a page
    from `answered`, which may be the site again: the redirects have led to where one logs in."""
    host = urlsplit(asked).hostname
    return SessionExpired(f"{host} sent the call to {elsewhere}: a gate in front of it wants a login.", url=answered)

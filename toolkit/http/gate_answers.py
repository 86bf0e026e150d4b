"""Tells the answers of a gate in front of a site from those of the site. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from toolkit.errors import GateRefused, SessionExpired

# Schemes of HTTP authentication that a browser asks a person about, or answers by itself (RFC 7617, 7616, 4559): the
# APIs of sites use others.
_PERSONAL_SCHEMES = re.compile(r"\s*(basic|digest|negotiate|ntlm)\b", re.IGNORECASE)
HTML_TYPES = ("text/html", "application/xhtml+xml")


def is_html(headers: Mapping[str, str]) -> bool:
    """Whether `headers` (names in any case) are those of a web page."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() in HTML_TYPES


def gate_refusal(status: int, headers: Mapping[str, str], url: str, *, login_given: bool) -> GateRefused | None:
    """The error for an answer of `status` from `url` that is a gate's: it asks for HTTP authentication (RFC 9110,
    section 15.5.2), or refuses with a web page. None for one that may be the site's own.

    `login_given` says that the request had a user and a password for the gate.
    """
    host = urlsplit(url).hostname or ""
    if "cf-mitigated" in headers:  # a challenge, which is an error of its own
        return None
    if status == 401 and (scheme := _PERSONAL_SCHEMES.match(headers.get("WWW-Authenticate", ""))):
        name = scheme[1].capitalize()
        if login_given:
            return GateRefused(f"The gate in front of {host} does not take the `http_credentials` ({name}).", url=url)
        return GateRefused(f"A gate in front of {host} wants HTTP authentication ({name}).", url=url)
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

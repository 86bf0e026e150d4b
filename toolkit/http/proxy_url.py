"""Checks the URL of a proxy. Pure."""

from __future__ import annotations

import re
from importlib.util import find_spec
from urllib.parse import SplitResult, unquote, urlsplit

from toolkit.errors import UsageError, install_hint
from toolkit.session.frame_locals import forgetting_locals

SOCKS_SCHEMES = ("socks5", "socks5h")  # with both, the proxy resolves the names, as in browsers
PROXY_SCHEMES = ("http", "https", *SOCKS_SCHEMES)


@forgetting_locals
def check_proxy_url(proxy: str, source: str) -> str:
    """`proxy`, if it is the URL of a proxy through which calls can be made.

    Raises `UsageError` if not, also for a SOCKS proxy whose extra is not installed. `source` is the subject of the
    error's text, such as the name of a variable.
    """
    parts = _split(proxy)
    if parts is None and proxy.startswith("socks"):
        raise UsageError("Of SOCKS proxies, calls can go through those of version 5.", hint="Write socks5://host:port.")
    if parts is None:
        hint = "Write it as http://[user:password@]host:port, or socks5://."
        raise UsageError(f"{source} is not the URL of a proxy.", hint=hint)
    if parts.scheme in SOCKS_SCHEMES:
        _check_socks(parts)
    return proxy


def _split(proxy: str) -> SplitResult | None:
    """The parts of a proxy's URL; None where it is not one."""
    try:
        parts = urlsplit(proxy)
        unquote(f"{parts.username or ''}{parts.password or ''}").encode("latin-1")  # as aiohttp encodes them
        (parts.hostname or "").encode("idna")  # raises for an invalid name
        valid = parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if valid and re.search(r"[\x00-\x20\x7f]", proxy) is None else None


def _check_socks(parts: SplitResult) -> None:
    if find_spec("aiohttp_socks") is None:
        raise UsageError("A SOCKS proxy needs the package aiohttp-socks.", hint=f"{install_hint('socks')}.")
    for text in (unquote(parts.username or ""), unquote(parts.password or "")):
        if not text.isascii() or len(text) > 255:  # RFC 1929 has a length of one byte, and names no encoding
            raise UsageError("User and password of a SOCKS proxy are ASCII, each at most 255 characters long.")

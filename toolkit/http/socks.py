"""SOCKS proxies, with the package aiohttp-socks, which is an extra: a connector for aiohttp, and what can go wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from toolkit.errors import ConnectFailed, ProxyFailed
from toolkit.http.error_mapping import CHECK_PROXY, detail

PORT = 1080  # RFC 1928, 3
# Its replies that are about the site, and not about the proxy: RFC 1928, 6.
ABOUT_THE_SITE = {
    3: "its network cannot be reached",
    4: "it cannot be reached",
    5: "it refuses the connection",
    6: "it is too far away",
}


def connector(proxy: str, trust: ssl.SSLContext | bool) -> aiohttp.BaseConnector:
    """For connections through `proxy`, which resolves the names; `trust` is for TLS to the sites."""
    parts = urlsplit(proxy)
    return ProxyConnector(
        parts.hostname or "",
        parts.port or PORT,
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        rdns=True,
        ssl=trust,
        limit=0,
    )


@contextmanager
def map_socks_errors(url: str) -> Iterator[None]:
    """What the package raises comes out as an error of ours about a call of `url`. In its own texts is what it knows of
    the proxy."""
    try:
        yield
    except ProxyConnectionError as error:
        cause = error.__cause__ or error
        raise ProxyFailed(f"The proxy cannot be reached ({detail(cause.__cause__ or cause)}).", url=url) from None
    except ProxyTimeoutError:  # aiohttp's own deadline may come a moment later
        raise TimeoutError from None
    except ProxyError as error:
        told = ABOUT_THE_SITE.get(error.error_code or 0)
        if told is None:
            raise ProxyFailed(f"The proxy refused: {error}.", url=url, hint=CHECK_PROXY) from None
        failed = ConnectFailed(f"The proxy found no way to the site: {told}.", url=url)
        failed.sent = False
        raise failed from None
    except asyncio.IncompleteReadError:
        raise ProxyFailed("The proxy closed the connection.", url=url, hint=CHECK_PROXY) from None

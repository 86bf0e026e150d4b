"""SOCKS proxies: a connector for aiohttp, and the mapping of its errors. Needs the package aiohttp-socks, an extra."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from toolkit.errors import ConnectFailed, ProxyFailed
from toolkit.http.aiohttp_errors import CHECK_PROXY, system_reason

DEFAULT_PORT = 1080  # RFC 1928, 3
# The proxy's replies that are about the site, and not about the proxy (RFC 1928, 6), and what they say of it.
SITE_REPLIES = {
    3: "its network cannot be reached",
    4: "it cannot be reached",
    5: "it refuses the connection",
    6: "it is too far away",
}


def socks_connector(proxy: str, trust: ssl.SSLContext | bool) -> aiohttp.BaseConnector:
    """A connector for connections through the proxy with the URL `proxy`, which resolves the sites' names.

    `trust` is what TLS to the sites trusts, as aiohttp's argument `ssl`.
    """
    parts = urlsplit(proxy)
    return ProxyConnector(
        parts.hostname or "",
        parts.port or DEFAULT_PORT,
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        rdns=True,
        ssl=trust,
        limit=0,
    )


@contextmanager
def map_socks_errors(url: str) -> Iterator[None]:
    """Turn what the package raises in the block into an error of ours about a call of `url`.

    Raises `TimeoutError` where the package's own deadline has passed. The package's texts are not repeated where they
    name the proxy.
    """
    try:
        yield
    except ProxyConnectionError as error:
        cause = error.__cause__ or error
        raise ProxyFailed(
            f"The proxy cannot be reached ({system_reason(cause.__cause__ or cause)}).", url=url
        ) from None
    except ProxyTimeoutError:  # it may pass a moment before aiohttp's
        raise TimeoutError from None
    except ProxyError as error:
        reply = SITE_REPLIES.get(error.error_code or 0)
        if reply is None:
            raise ProxyFailed(f"The proxy refused: {error}.", url=url, hint=CHECK_PROXY) from None
        failed = ConnectFailed(f"The proxy found no way to the site: {reply}.", url=url)
        failed.sent = False
        raise failed from None
    except asyncio.IncompleteReadError:
        raise ProxyFailed("The proxy closed the connection.", url=url, hint=CHECK_PROXY) from None

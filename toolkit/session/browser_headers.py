"""The headers of a page's own `fetch`, from the headers of a session. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from toolkit.session.sites import same_site

# The headers that a browser sends with every request to every site. None of them is a secret.
BROWSER_HEADERS = ("user-agent", "accept-language", "dnt", "sec-gpc")
CLIENT_HINTS = "sec-ch-"


def is_browser_header(name: str) -> bool:
    """Whether the header `name` (in lower case) is one that a browser sends with every request to every site."""
    return name in BROWSER_HEADERS or name.startswith(CLIENT_HINTS)


@lru_cache(maxsize=256)
def origin_of(url: str) -> str:
    """The origin of `url`, as in the `Origin` header (RFC 6454, 6.2): without the default port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, default) else "")


def page_origin(url: str) -> str:
    """The origin of `url`; "" where that is not the address of a page or of a call: `http` or `https`, and a host."""
    try:
        return origin_of(url) if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname else ""
    except ValueError:
        return ""


def fetch_headers(
    session_headers: Mapping[str, str], method: str, url: str, *, page: str, hosts: Collection[str | None]
) -> dict[str, str]:
    """The headers of a CORS-mode fetch of `url` by the page `page`, except cookies and the headers of the body.

    `session_headers` are a session's headers; a host that is not among `hosts`, the provider's own, gets only those
    that a browser sends to every site. Sec-Fetch-* follows https://w3c.github.io/webappsec-fetch-metadata/, and the
    referrer follows the default policy (strict-origin-when-cross-origin). `Accept-Encoding` is left to the HTTP
    library, which knows what it can decode.
    """
    page_origin, url_origin = origin_of(page), origin_of(url)
    host = urlsplit(url).hostname
    is_providers = host in hosts
    headers = {name: value for name, value in session_headers.items() if is_providers or is_browser_header(name)}
    headers["accept"] = "*/*"
    if method not in ("GET", "HEAD") or url_origin != page_origin:
        headers["origin"] = page_origin
    if page_origin == url_origin:
        site, referer = "same-origin", page.partition("#")[0]
    else:
        site, referer = "same-site" if same_site(page, url) else "cross-site", f"{page_origin}/"
    if not (page.startswith("https:") and url.startswith("http:")):
        headers["referer"] = referer
    if url.startswith("https:") or host in ("localhost", "127.0.0.1", "::1"):
        headers |= {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": site}
    else:  # client hints and fetch metadata are sent to trustworthy origins only
        headers = {name: value for name, value in headers.items() if not name.startswith(CLIENT_HINTS)}
    return headers


def handshake_headers(session_headers: Mapping[str, str], page: str, more: Mapping[str, str]) -> dict[str, str]:
    """The headers of the handshake by which the page `page` opens a WebSocket, in the order in which Chromium sends
    them (measured on 156), except the cookies and what is made anew for each; `more` follow them.

    No page can add headers to a handshake, so of a session's headers there is the user agent alone. `Origin` is that of
    the page, always (https://websockets.spec.whatwg.org/#websocket-opening-handshake); there is no referrer, no
    Sec-Fetch-* and no client hint. `Accept-Encoding` is left to the HTTP library, as in `fetch_headers`.
    """
    agent = session_headers.get("user-agent")
    return {
        "Connection": "Upgrade",
        "Pragma": "no-cache",
        "Cache-Control": "no-cache",
        **({} if agent is None else {"User-Agent": agent}),
        "Upgrade": "websocket",
        "Origin": origin_of(page),
        "Sec-WebSocket-Version": "13",
        **more,
    }

"""Which headers a page's own `fetch` carries, from what a session kept. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from toolkit.session.sites import same_site

# What a browser sends with every request, whoever asks. None of it is a secret.
STANDING = ("user-agent", "accept-language", "dnt", "sec-gpc")
HINTS = "sec-ch-"


def is_browser_header(name: str) -> bool:
    """Whether a browser sends the header `name` (lower case) with every request of a profile."""
    return name in STANDING or name.startswith(HINTS)


@lru_cache(maxsize=256)
def origin_of(url: str) -> str:
    """The origin of `url`, as the `Origin` header has it (RFC 6454, 6.2)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, default) else "")


def fetch_headers(
    kept: Mapping[str, str], method: str, url: str, *, page: str, hosts: Collection[str | None]
) -> dict[str, str]:
    """The headers of a CORS-mode fetch of `url` by the page `page`, besides cookies and those of the body.

    `kept` are a session's headers; of these, only the standing ones go to a host that is not among `hosts`.
    Sec-Fetch-* is https://w3c.github.io/webappsec-fetch-metadata/, the referrer that of the default policy
    (strict-origin-when-cross-origin). `Accept-Encoding` is left to the HTTP library, which knows what it can decode.
    """
    origin, own = origin_of(page), origin_of(url)
    host = urlsplit(url).hostname
    ours = host in hosts
    headers = {name: value for name, value in kept.items() if ours or is_browser_header(name)}
    headers["accept"] = "*/*"
    if method not in ("GET", "HEAD") or own != origin:
        headers["origin"] = origin
    if origin == own:
        site, referer = "same-origin", page.partition("#")[0]
    else:
        site, referer = "same-site" if same_site(page, url) else "cross-site", f"{origin}/"
    if not (page.startswith("https:") and url.startswith("http:")):
        headers["referer"] = referer
    if url.startswith("https:") or host in ("localhost", "127.0.0.1", "::1"):
        headers |= {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": site}
    else:  # hints and metadata go to trustworthy origins only
        headers = {name: value for name, value in headers.items() if not name.startswith(HINTS)}
    return headers

"""The address of a site, as people write it and as the site itself has it. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from yarl import URL

from toolkit.errors import UsageError
from toolkit.session.browser_headers import origin_of
from toolkit.session.sites import Target

PERMANENT = (301, 308)  # RFC 9110, sections 15.4.2 and 15.4.9


def ascii_host(host: str) -> str:
    """`host` as a browser writes it in URLs: in ASCII (UTS #46, https://url.spec.whatwg.org/#host-parsing), in lower
    case, without brackets and without the dot that ends a full name."""
    host = host.lower().strip("[]").removesuffix(".")
    try:
        return (URL.build(scheme="http", host=host).raw_host or host).lower()
    except ValueError:  # not a valid host name; it is compared as it is
        return host


def normalize_base_url(base_url: str, own_pages: str = "") -> str:
    """Normalize `base_url`: scheme and host in lower case and ASCII, no default port, no trailing slash.

    `own_pages` is a regular expression for the paths of the software's own pages, which people copy from their
    browser's address bar: such a path is left out, with query and fragment. Raises `UsageError` if it is no http(s)
    URL, or has a user, or (but for such a page) a query or a fragment.
    """
    base_url = base_url.strip()
    try:
        parts = urlsplit(base_url)
        valid = parts.scheme in ("http", "https") and bool(Target.of(base_url).host) and parts.port != 0
    except ValueError:
        valid = False
    if valid and own_pages:
        path = re.sub(rf"(?:{own_pages})/?$", "", parts.path)
        base_url = parts._replace(path=path, query="", fragment="").geturl()
        parts = urlsplit(base_url)
    if not valid or re.search(r"[?#@\x00-\x20\x7f]", base_url):
        hint = "Write it as https://host[:port][/path], without user, query and fragment."
        if valid and "@" in parts.netloc:
            hint += " A login at a gate is told in browsers.json, as `http_credentials`."
        raise UsageError("base_url is not the address of a site.", hint=hint)
    host = ascii_host(parts.hostname or "")
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in (None, {"http": 80, "https": 443}[parts.scheme]) else ""
    return f"{parts.scheme}://{host}{port}{parts.path}".rstrip("/")


def is_same_site_otherwise_written(one: str, other: str) -> bool:
    """Whether two addresses differ in nothing but `http` for `https` and a `www.` before the host."""
    return _bare(one) == _bare(other)


def moved_site(site: str, status: int, asked: str, location: str) -> str | None:
    """The address of `site` by an answer of `status` that sends the request for `asked` on to `location`; None where
    that says nothing of the site as a whole, such as the way to a login.

    It does where the same host is to be asked by TLS, and where the same page stands at another host for good, or at
    one that differs by `www.`.
    """
    old, new = urlsplit(asked), urlsplit(location)
    if new.scheme not in ("http", "https") or (old.scheme, new.scheme) == ("https", "http"):
        return None
    if ascii_host(old.hostname or "") != ascii_host(new.hostname or ""):
        for_good = status in PERMANENT or is_same_site_otherwise_written(origin_of(asked), origin_of(location))
        if not for_good or (old.path.rstrip("/"), old.query) != (new.path.rstrip("/"), new.query):
            return None
    elif origin_of(asked) == origin_of(location):
        return None
    return normalize_base_url(origin_of(location) + urlsplit(site).path)


def _bare(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    port = None if parts.port in (None, 80, 443) else parts.port
    return ascii_host(parts.hostname or "").removeprefix("www."), port, parts.path.rstrip("/")

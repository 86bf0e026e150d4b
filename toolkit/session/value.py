"""What a browser's visit leaves: cookies with all their attributes, headers, local storage. Plain frozen values.

Nothing here opens a browser, sends a request or touches a disk. The interchange format, both ways, is Playwright's
storage state (https://playwright.dev/python/docs/api/class-browsercontext#browser-context-storage-state).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import SessionError, UsageError

SameSite = Literal["Strict", "Lax", "None"]
HIDDEN = "•••"


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """One cookie. Its identity is the name, domain, host-only flag, path and partition, RFC 6265bis section 5.7.

    `domain` has no leading dot; `host_only` tells the two kinds apart. `expires` is in seconds since 1970, None for
    a cookie that lives as long as the browser's session. `partition_key` is the top-level site of a partitioned
    cookie, such as `https://example.com`; the other half of Chromium's key, `cross_site_ancestor`, tells whether the
    cookie was set from under another site than its own, and is None where nobody said.
    """

    name: str
    value: str
    domain: str
    host_only: bool = True
    path: str = "/"
    expires: float | None = None
    http_only: bool = False
    secure: bool = False
    same_site: SameSite = "Lax"
    partition_key: str | None = None
    cross_site_ancestor: bool | None = None

    @property
    def identity(self) -> tuple[str, str, bool, str, str | None, bool | None]:
        return (self.name, self.domain, self.host_only, self.path, self.partition_key, self.cross_site_ancestor)

    def expired(self, now: float) -> bool:
        """Whether the cookie is past its expiry at `now`, in seconds since 1970."""
        return self.expires is not None and self.expires <= now

    def __repr__(self) -> str:
        dot = "" if self.host_only else "."
        return f"<Cookie {self.name}={HIDDEN} {dot}{self.domain}{self.path}>"

    @classmethod
    def from_playwright(cls, raw: Mapping[str, Any]) -> Cookie:
        """One item of `context.cookies()` or of a storage state's `cookies`."""
        domain = str(raw["domain"])
        expires = float(raw.get("expires", -1))
        return cls(
            name=raw["name"],
            value=raw["value"],
            domain=domain.removeprefix(".").lower(),
            host_only=not domain.startswith("."),
            path=raw.get("path") or "/",
            expires=None if expires < 0 else expires,  # -1 is Playwright's way to say "a session cookie"
            http_only=bool(raw.get("httpOnly", False)),
            secure=bool(raw.get("secure", False)),
            same_site=raw.get("sameSite") or "Lax",
            partition_key=raw.get("partitionKey") or None,
            cross_site_ancestor=raw.get("_crHasCrossSiteAncestor"),
        )

    def to_playwright(self) -> dict[str, Any]:
        """As `context.add_cookies()` and a storage state take it."""
        raw: dict[str, Any] = {
            "name": self.name,
            "value": self.value,
            "domain": self.domain if self.host_only else f".{self.domain}",
            "path": self.path,
            "expires": -1 if self.expires is None else self.expires,
            "httpOnly": self.http_only,
            "secure": self.secure,
            "sameSite": self.same_site,
        }
        if self.partition_key:
            raw["partitionKey"] = self.partition_key
            if self.cross_site_ancestor is not None:  # left out, Playwright takes it for true, and the cookie is lost
                raw["_crHasCrossSiteAncestor"] = self.cross_site_ancestor
        return raw


class BrowserSession(msgspec.Struct, frozen=True, kw_only=True):
    """What one visit left for one provider's own sites, enough to make its calls without a browser.

    `origin` is the scheme and host of the page that was visited. `headers` are those worth keeping, in lower case and
    as the browser sent them: the user agent, the languages, the client hints, and what the recipe asked for.
    `local_storage` is {origin: {key: value}}. `identity` is who the site says is signed in, None where nobody asked.
    `changed_at` is when the site last changed a cookie while the session was in use, `login_needed_at` when a visit
    last found that only a person can renew it, 0 where none has. Times are seconds since 1970;
    `clock_skew` is how many seconds the site's clock is ahead of this machine's.
    """

    provider: str
    origin: str
    account: str = "default"
    cookies: tuple[Cookie, ...] = ()
    headers: dict[str, str] = {}
    local_storage: dict[str, dict[str, str]] = {}
    harvested_at: float = 0.0
    expires_at: float | None = None
    profile: str = ""
    proxy: str | None = None
    identity: str | None = None
    changed_at: float = 0.0
    clock_skew: float = 0.0
    login_needed_at: float = 0.0

    @property
    def user_agent(self) -> str | None:
        return self.headers.get("user-agent")

    def expired(self, now: float) -> bool:
        """Whether something that the session needs is past its expiry at `now`."""
        return self.expires_at is not None and self.expires_at <= now

    def __repr__(self) -> str:
        keys = sum(len(items) for items in self.local_storage.values())
        return (
            f"<BrowserSession {self.provider} {self.origin} account={self.account}: {len(self.cookies)} cookies, "
            f"{len(self.headers)} headers, {keys} storage keys>"
        )

    @classmethod
    def from_cookie_values(cls, provider: str, origin: str, values: Mapping[str, str]) -> BrowserSession:
        """A session from bare names and values: host-only cookies of `origin`, as a `Cookie` header would carry."""
        parts = urlsplit(origin)
        secure, host = parts.scheme == "https", parts.hostname or ""
        host = f"[{host}]" if ":" in host else host  # as browsers write the domain of such a cookie
        if not isinstance(values, Mapping):
            raise UsageError("`cookies` is a mapping of names to values, both strings.", provider=provider)
        for name, value in values.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise UsageError("`cookies` is a mapping of names to values, both strings.", provider=provider)
        cookies = tuple(Cookie(name=name, value=value, domain=host, secure=secure) for name, value in values.items())
        return cls(provider=provider, origin=origin, cookies=cookies)

    @classmethod
    def from_storage_state(cls, provider: str, origin: str, state: Mapping[str, Any], **details: Any) -> BrowserSession:
        """A session from Playwright's storage state. `details` are other fields of this class.

        Raises `SessionError` if `state` is not one; the text never shows a value of it.
        """
        try:
            cookies = tuple(Cookie.from_playwright(raw) for raw in state.get("cookies", ()))
            storage = {
                entry["origin"]: {item["name"]: item["value"] for item in entry.get("localStorage", ())}
                for entry in state.get("origins", ())
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SessionError(
                f"This is not a Playwright storage state ({type(error).__name__}).", provider=provider
            ) from None
        return cls(provider=provider, origin=origin, cookies=cookies, local_storage=storage, **details)

    def to_storage_state(self) -> dict[str, Any]:
        """As `browser.new_context(storage_state=...)` takes it."""
        return {
            "cookies": [cookie.to_playwright() for cookie in self.cookies],
            "origins": [
                {
                    "origin": origin,
                    "localStorage": [{"name": name, "value": value} for name, value in items.items()],
                }
                for origin, items in self.local_storage.items()
            ],
        }

"""`BrowserSession` and `Cookie`: the result of a browser's visit as frozen values, and their conversion from and to
Playwright's storage state (https://playwright.dev/python/docs/api/class-browsercontext#browser-context-storage-state).
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import SessionError, UsageError
from toolkit.session.frame_locals import forgetting_locals

SameSite = Literal["Strict", "Lax", "None"]
HIDDEN = "•••"
STORAGES = ("local_storage", "session_storage", "indexed_db")  # the fields of a session that hold storage, by origin
FAR_FUTURE = 253_402_300_799.0  # seconds since 1970: the end of the year 9999, the last that dates can name


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """One cookie with all its attributes.

    `domain` has no leading dot; `host_only` tells whether subdomains are excluded. `expires` is in seconds since 1970,
    None for a session cookie, which lasts until the browser closes. `partition_key` is the top-level site of a
    partitioned cookie, such as `https://example.com`. `cross_site_ancestor` is the other half of Chromium's partition
    key: whether the cookie was set in a frame below a page of another site; None if that is unknown.
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
        """What decides whether one cookie replaces another: RFC 6265bis, section 5.7, with Chromium's partition key."""
        return (self.name, self.domain, self.host_only, self.path, self.partition_key, self.cross_site_ancestor)

    def expired(self, now: float) -> bool:
        """Whether the cookie is past its expiry at `now`, in seconds since 1970."""
        return self.expires is not None and self.expires <= now

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        dot = "" if self.host_only else "."
        return f"<Cookie {self.name}={HIDDEN} {dot}{self.domain}{self.path}>"

    @classmethod
    def from_playwright(cls, raw: Mapping[str, Any]) -> Cookie:
        """The cookie of one item of `context.cookies()` or of a storage state's `cookies`."""
        domain = str(raw["domain"])
        expires = float(raw.get("expires", -1))
        secure = bool(raw.get("secure", False))
        same_site: SameSite = raw.get("sameSite") or "Lax"
        if same_site == "None" and not secure:  # Firefox's word for a cookie that says nothing of it; else it needs TLS
            same_site = "Lax"
        return cls(
            name=raw["name"],
            value=raw["value"],
            domain=domain.removeprefix(".").lower(),
            host_only=not domain.startswith("."),
            path=raw.get("path") or "/",
            expires=min(expires, FAR_FUTURE) if expires >= 0 else None,  # Playwright writes -1 for a session cookie
            http_only=bool(raw.get("httpOnly", False)),
            secure=secure,
            same_site=same_site,
            partition_key=raw.get("partitionKey") or None,
            cross_site_ancestor=raw.get("_crHasCrossSiteAncestor"),
        )

    def to_playwright(self) -> dict[str, Any]:
        """The cookie as an item for `context.add_cookies()` or for a storage state's `cookies`."""
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
            if self.cross_site_ancestor is not None:  # without it, Playwright assumes true, and the cookie is lost
                raw["_crHasCrossSiteAncestor"] = self.cross_site_ancestor
        return raw


class LastCheck(msgspec.Struct, frozen=True):
    """What the site said when it was last asked about a session, and when, in seconds since 1970: that it takes it
    ("ok"), that its account still waits for approval ("pending"), or that it does not ("refused")."""

    state: Literal["ok", "pending", "refused"]
    at: float


class BrowserSession(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one visit to one provider's own sites: enough to make the provider's calls without a browser.

    `origin` is the scheme and host of the page that was visited. `headers` are as the browser sent them, with names in
    lower case: the user agent, the languages, the client hints, and those that the recipe names. `local_storage` is
    {origin: {key: value}}, and so is `session_storage`, that of the tab that was visited. `indexed_db` is {origin:
    databases}, as Playwright's storage state has them. `api_key` is a key of the site's API; a session that has one is
    that key, and of no visit. `identity` is who is signed in according to the site, None if that was not asked.
    `harvested_at` is the time of the visit, `changed_at` when the site last changed a cookie while the session was in
    use, `login_needed_at` when a visit last found that only a person can renew the session, `unmoved_at` when a renewal
    last left the session's end where it was; 0 if it never happened. `visit_seconds` is how long the last visit took.
    `last_check` is what the last check found, None if there was none. `device_bound` says that the site binds such
    sessions to the browser, by a key that stays there: elsewhere one lasts minutes. `expires_at` is None if no expiry
    is known. Times are seconds since 1970; `clock_skew` is how many seconds the site's clock is ahead of this
    machine's.
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
    session_storage: dict[str, dict[str, str]] = {}
    indexed_db: dict[str, list[dict[str, Any]]] = {}
    unmoved_at: float = 0.0
    visit_seconds: float = 0.0
    api_key: str | None = None
    last_check: LastCheck | None = None
    device_bound: bool = False

    @property
    def user_agent(self) -> str | None:
        return self.headers.get("user-agent")

    def expired(self, now: float) -> bool:
        """Whether the session is past its expiry at `now`, in seconds since 1970."""
        return self.expires_at is not None and self.expires_at <= now

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        keys = sum(len(items) for of in (self.local_storage, self.session_storage) for items in of.values())
        databases = sum(len(items) for items in self.indexed_db.values())
        return (
            f"<BrowserSession {self.provider} {self.origin} account={self.account}: {len(self.cookies)} cookies, "
            f"{len(self.headers)} headers, {keys} storage keys, {databases} databases>"
        )

    @classmethod
    @forgetting_locals
    def from_cookie_values(cls, provider: str, origin: str, values: Mapping[str, str]) -> BrowserSession:
        """A session from names and values of cookies, as a `Cookie` header has them: host-only cookies of `origin`.

        Raises `UsageError` unless `values` maps strings to strings.
        """
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
    @forgetting_locals
    def from_storage_state(cls, provider: str, origin: str, state: Mapping[str, Any], **details: Any) -> BrowserSession:
        """A session from Playwright's storage state. `details` are values for other fields of this class.

        Raises `SessionError` if `state` is not a storage state; its text never shows a value.
        """
        try:
            cookies = tuple(Cookie.from_playwright(raw) for raw in state.get("cookies", ()))
            storage = {
                entry["origin"]: {item["name"]: item["value"] for item in entry.get("localStorage", ())}
                for entry in state.get("origins", ())
                if entry.get("localStorage") or not entry.get("indexedDB")
            }
            databases = {
                entry["origin"]: [dict(database) for database in entry["indexedDB"]]
                for entry in state.get("origins", ())
                if entry.get("indexedDB")
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SessionError(
                f"This is not a Playwright storage state ({type(error).__name__}).", provider=provider
            ) from None
        details = {"local_storage": storage, "indexed_db": databases, **details}
        return cls(provider=provider, origin=origin, cookies=cookies, **details)

    def to_storage_state(self) -> dict[str, Any]:
        """Playwright's storage state, for `browser.new_context(storage_state=...)`. It has no place for the session
        storage."""
        origins: dict[str, dict[str, Any]] = {}
        for origin in (*self.local_storage, *self.indexed_db):
            items = self.local_storage.get(origin, {}).items()
            stored = [{"name": name, "value": value} for name, value in items]
            origins[origin] = {"origin": origin, "localStorage": stored}
            if databases := self.indexed_db.get(origin):
                origins[origin]["indexedDB"] = databases
        return {"cookies": [cookie.to_playwright() for cookie in self.cookies], "origins": list(origins.values())}

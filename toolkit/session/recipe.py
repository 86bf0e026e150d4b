"""How a browser gets a session from a site, as data. `toolkit.browser.harvest` carries it out.

The protocols at the end describe what a visit needs of the rooms above: the provider's site, and a recorder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Protocol

import msgspec

from toolkit.session.json_paths import look_up
from toolkit.session.recipe_tokens import Renew, Token

# Selects the fields that a person types into: the usual sign that a chat page is ready.
CHAT_BOX = "textarea, [contenteditable=true], input[type=text], input:not([type])"


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A cheap call that tells who is signed in.

    `path` is requested with GET on the provider's site; the answer is JSON. `identity` lists paths in the answer, such
    as `user.email`: the first one that holds text or a number is who is signed in, and if none does, nobody is.
    `anonymous` is for software of which some deployments need no login: there any answer but an empty one allows calls.
    `null_is_open` is for software whose answer is `null` where nobody has to log in, and a status where one has to.
    `pending` is a path in the answer and the value there that says that the account still waits for its approval.
    """

    path: str
    identity: tuple[str, ...]
    anonymous: bool = False
    null_is_open: bool = False
    pending: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        _refuse_string(identity=self.identity)

    def find_identity(self, answer: Any) -> str | None:
        """Who is signed in according to `answer`, the site's decoded JSON; None if nobody is."""
        for path in self.identity:
            value = look_up(answer, path)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        return None

    def allows_calls(self, answer: Any) -> bool:
        """Whether `answer`, the site's decoded JSON, comes from a site that allows calls: with a login, or without."""
        if answer is None:
            return self.null_is_open
        return self.find_identity(answer) is not None or (self.anonymous and isinstance(answer, dict) and answer != {})

    def is_pending(self, answer: Any) -> bool:
        """Whether `answer`, the site's decoded JSON, says that the account waits for its approval."""
        return self.pending is not None and look_up(answer, self.pending[0]) == self.pending[1]


class Harvest(msgspec.Struct, frozen=True, kw_only=True):
    """What to visit, what to wait for, what to take.

    `page` is the path of the page to visit on the provider's site. `ready` is a CSS selector of an element that is
    visible once the page works. `cookies` are regular expressions: for each, there has to be a cookie whose whole name
    matches. `token` is a token that the page keeps and sends in a header, and that calls then send too. `storage` are
    localStorage keys that have to be there. `headers` are names of headers, in lower case, to take from the page's own
    requests besides those that a browser sends to every site. `hosts` are the provider's hosts besides that of the
    page: nothing of other hosts is ever taken. `signed_out` is a regular expression for the path of the login page; if
    the browser ends up there, a person has to log in. `unkept_login` is a CSS selector of a login that counts for the
    page alone: where a visit shows that instead of what is ready, there is no session to take. `probe` tells who is
    signed in. `key_probe` is the call that tells whether the site takes an API key, where `probe` cannot: some sites
    answer that to people alone. `renew` is the call by which the site renews a session without a browser: a `Renew`,
    or its method and path.
    """

    page: str = "/"
    ready: str | None = None
    cookies: tuple[str, ...] = ()
    token: Token | None = None
    storage: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    signed_out: str | None = None
    unkept_login: str | None = None
    probe: Probe | None = None
    renew: Renew | tuple[str, str] | None = None
    key_probe: Probe | None = None

    def __post_init__(self) -> None:
        _refuse_string(cookies=self.cookies, storage=self.storage, headers=self.headers, hosts=self.hosts)

    @property
    def renewal(self) -> Renew | None:
        """`renew` as a `Renew`."""
        return Renew(*self.renew) if isinstance(self.renew, tuple) else self.renew

    @property
    def can_detect_login(self) -> bool:
        """Whether the recipe has any means to tell that somebody is signed in."""
        return bool(self.cookies or self.storage or self.token or self.signed_out or self.probe)

    @property
    def only_probe_detects_login(self) -> bool:
        """Whether the probe is the only means to tell that somebody is signed in."""
        return self.probe is not None and not (self.cookies or self.storage or self.token or self.signed_out)

    def is_login_page(self, path: str) -> bool:
        """Whether `path` is that of the login page."""
        return self.signed_out is not None and re.search(self.signed_out, path) is not None

    def needs_cookie(self, name: str) -> bool:
        """Whether the session needs a cookie of that name."""
        return any(re.fullmatch(pattern, name) for pattern in self.cookies)

    def missing_cookies(self, names: Iterable[str]) -> list[str]:
        """The patterns of `cookies` that none of `names` matches."""
        names = list(names)
        return [pattern for pattern in self.cookies if not any(re.fullmatch(pattern, name) for name in names)]


def _refuse_string(**fields: object) -> None:
    """Raise `ValueError` for a string in place of a tuple of strings: it would be read letter by letter."""
    for name, value in fields.items():
        if isinstance(value, str):
            raise ValueError(f'`{name}` of a recipe is a tuple, so with a comma: {name}=("{value}",)')


def example_name(pattern: str) -> str:
    """A name that matches `pattern`, one of a recipe's `cookies`, for messages: without the optional parts."""
    return re.sub(r"\\(\W)", r"\1", re.sub(r"\([^()]*\)\?", "", pattern))


class PageRecorder(Protocol):
    """What a visit needs of a recorder (`toolkit.recording.recorder`)."""

    def watch(self, context: Any, left_out: Collection[str] = ()) -> None:
        """Record the exchanges of all pages of `context`, a Playwright context of the async API, from now on, without
        the headers of requests that `left_out` names in lower case."""

    async def ready(self) -> None:
        """Wait until the pages that are open are recorded."""

    async def drain(self) -> None:
        """Wait until all exchanges so far are recorded."""


class Site(Protocol):
    """What a visit, and a recording of one, need of a provider: its name, the URL of the page to visit, its own hosts,
    the recipe."""

    @property
    def name(self) -> str: ...

    @property
    def page(self) -> str: ...

    @property
    def hosts(self) -> tuple[str, ...]: ...

    @property
    def harvest(self) -> Harvest: ...

"""How a browser gets a session from a site, as data. `toolkit.browser.harvest` reads it; nothing here runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

# Where a person would type: the sign that a chat page works.
CHAT_BOX = "textarea, [contenteditable=true], input[type=text]"


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A cheap call that tells who is signed in.

    `path` is asked with GET, on the provider's site; the answer is JSON. `identity` are places in it, such as
    `user.email`, of which the first that holds a text or a number is who; where none does, nobody is. `anonymous` is
    for software whose deployments need a login or not: there it is enough to be answered.
    """

    path: str
    identity: tuple[str, ...]
    anonymous: bool = False

    def __post_init__(self) -> None:
        _refuse_text(identity=self.identity)

    def find_identity(self, answer: Any) -> str | None:
        """Who is signed in by what the site answered, as decoded JSON; None where nobody is."""
        for place in self.identity:
            found = answer
            for name in place.split("."):
                found = found.get(name) if isinstance(found, dict) else None
            if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
                return str(found)
        return None

    def allows_calls(self, answer: Any) -> bool:
        """Whether the site answered like this, with decoded JSON, to somebody who may make calls there."""
        return self.find_identity(answer) is not None or (self.anonymous and isinstance(answer, dict) and answer != {})


class Harvest(msgspec.Struct, frozen=True, kw_only=True):
    """What to visit, what to wait for, what to take.

    `page` is the path that is visited, on the provider's site. `ready` is a CSS selector that shows once the page
    works. `cookies` are regular expressions: of each, a cookie whose whole name matches must be there. `bearer` is a
    localStorage key whose token does as well where they are not. `storage` are localStorage keys that must be there.
    `headers` are names of headers, in lower case, to keep from the page's own requests besides the browser's standing
    ones. `hosts` are the provider's hosts besides the page's own: only what belongs to these is ever taken.
    `signed_out` is a regular expression for the path of the page where a person logs in; being there means that a
    person is needed. `probe` tells who is signed in.
    """

    page: str = "/"
    ready: str | None = None
    cookies: tuple[str, ...] = ()
    bearer: str | None = None
    storage: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    signed_out: str | None = None
    probe: Probe | None = None

    def __post_init__(self) -> None:
        _refuse_text(cookies=self.cookies, storage=self.storage, headers=self.headers, hosts=self.hosts)

    @property
    def can_detect_login(self) -> bool:
        """Whether one can see that somebody is signed in."""
        return bool(self.cookies or self.storage or self.signed_out or self.probe)

    @property
    def only_probe_detects_login(self) -> bool:
        """Whether nothing but the probe does."""
        return self.probe is not None and not (self.cookies or self.storage or self.signed_out)

    def is_login_page(self, path: str) -> bool:
        """Whether a page of that path is the one where a person logs in."""
        return self.signed_out is not None and re.search(self.signed_out, path) is not None

    def needs_cookie(self, name: str) -> bool:
        """Whether a cookie of that name is one that the session needs."""
        return any(re.fullmatch(wanted, name) for wanted in self.cookies)

    def missing_cookies(self, names: Iterable[str]) -> list[str]:
        """Those of `cookies` that none of `names` matches."""
        names = list(names)
        return [wanted for wanted in self.cookies if not any(re.fullmatch(wanted, name) for name in names)]


def _refuse_text(**fields: object) -> None:
    """A text where several are wanted would be taken for its letters. Raises `ValueError`."""
    for name, value in fields.items():
        if isinstance(value, str):
            raise ValueError(f'`{name}` of a recipe is a tuple, so with a comma: {name}=("{value}",)')


def example_name(pattern: str) -> str:
    """A name that matches `pattern`, one of a recipe's `cookies`: without what may be missing, as people know it."""
    return re.sub(r"\\(\W)", r"\1", re.sub(r"\([^()]*\)\?", "", pattern))


class PageRecorder(Protocol):
    """A recorder, as a visit sees it (`toolkit.recording.recorder`)."""

    def watch(self, context: Any) -> None:
        """Record what the pages of `context`, a Playwright context of the async API, exchange from now on."""

    async def drain(self) -> None:
        """Read what they have exchanged so far."""


class Site(Protocol):
    """What the browser has to know of a provider: its name, the page to visit, its own hosts, the recipe."""

    @property
    def name(self) -> str: ...

    @property
    def page(self) -> str: ...

    @property
    def hosts(self) -> tuple[str, ...]: ...

    @property
    def harvest(self) -> Harvest: ...

"""Tells whether a login page waits for a person, or is one that signs itself in.

Some sites only pass their login page: Open WebUI without authentication or behind a proxy that names the user, and
single sign-on that knows the person still.
"""

from __future__ import annotations

from typing import Any

from toolkit.browser.page_queries import is_element_visible
from toolkit.browser.sync_async_runners import Steps
from toolkit.browser.time_limit import TimeLimit
from toolkit.errors import HarvestFailed

# What a person logs in with, and for how long a page has shown it, at one address, once it waits for them. A link may
# also be there for browsers that are not sent on by themselves.
SETTLED_MS = {"input:visible, button:visible": 1_000, "a[href]:visible": 2_000}
PASSING_MS = 5_000  # how long a site has for passing its login pages, whatever they show


class LoginPages:
    """The login pages that one visit comes to."""

    def __init__(self) -> None:
        self._passing: TimeLimit | None = None  # since the first one
        self._shown = ("", "")  # the address, and with what to log in there
        self._settling = TimeLimit(0)  # since that is shown

    def waits_for_person(self, page: Any) -> Steps[bool]:
        """Whether the login page that `page` is at now is there to stay. It has to be asked again and again."""
        if self._passing is None:
            self._passing = TimeLimit(PASSING_MS)
        url = page.url
        with_what = yield from _with_what(page, self._passing)
        if (url, with_what) != self._shown:
            self._shown = (url, with_what)
            self._settling = TimeLimit(SETTLED_MS.get(with_what, 0))
        return self._settling.is_over or self._passing.is_over


def _with_what(page: Any, limit: TimeLimit) -> Steps[str]:
    """The first key of `SETTLED_MS` that the page shows; empty for none."""
    for selector in SETTLED_MS:
        try:
            if (yield from is_element_visible(page, selector, limit, wait=False)):
                return selector
        except HarvestFailed:  # a script of it does not end
            break
    return ""

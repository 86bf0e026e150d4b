"""Decides what of a recorded visit made the session, for recordings that no browser is replayed to. Pure.

A call is replayed from the session that it began with, so of the page a lean recording needs little. It is kept so that
people see where the session comes from, and so that a check of the session is answered:

- documents of the provider's hosts;
- the recipe's probe, and its call for a renewal;
- calls of the page whose answer holds what the site knows its person by: a cookie that the recipe needs, or the token;
- of other calls whose answer sets a cookie, all but the bodies.

Everything else is left out: scripts, styles, fonts, pictures, other hosts, WebSockets, and what the page asked for
itself, such as lists of other chats and settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.har.model import Content, Entry
from toolkit.har.resource_kind import resource_kind
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Site
from toolkit.session.site_address import ascii_host
from toolkit.session.tokens import credential_values

LEFT_OUT = "Left out: it is part neither of the call nor of the session."
SHORTEST = 6  # characters of a credential that is searched for: shorter ones are found anywhere


def leave_out_page(entries: Iterable[Entry], site: Site, session: BrowserSession) -> list[Entry]:
    """Returns the calls of `entries`, and of the exchanges of pages those that made `session`, by the recipe of
    `site`."""
    own = {ascii_host(host) for host in site.hosts}
    addresses, values = set(_session_addresses(site)), _credential_values(session, site)
    kept = []
    for entry in entries:
        if isinstance(entry.pageref, UnsetType):
            kept.append(entry)
        elif _is_kept(entry, own):
            whole = resource_kind(entry) == "document" or _address(entry.request.url) in addresses
            if whole or _holds_any(entry, values):
                kept.append(entry)
            elif entry.response.values("Set-Cookie"):
                kept.append(_without_bodies(entry))
    return kept


def _is_kept(entry: Entry, own_hosts: Collection[str]) -> bool:
    """Decides whether `entry` is a document or a call of one of `own_hosts` that was answered by the network."""
    host = ascii_host(urlsplit(entry.request.url).hostname or "")
    answered = entry.response.status > 0 and entry.response.via_worker is not True
    return answered and host in own_hosts and resource_kind(entry) != "asset" and not entry.is_socket


def _session_addresses(site: Site) -> Iterator[str]:
    """Yields the addresses by which the recipe gets or checks a session."""
    recipe = site.harvest
    base = site.page.removesuffix(recipe.page)
    if recipe.probe is not None:
        yield _address(base + recipe.probe.path)
    if recipe.renewal is not None:
        path = recipe.renewal.path
        yield _address(path if "://" in path else base + path)


def _credential_values(session: BrowserSession, site: Site) -> list[bytes]:
    """Returns what `site` knows its person by in `session`."""
    return [value.encode() for value in credential_values(session, site.harvest) if len(value) >= SHORTEST]


def _holds_any(entry: Entry, values: Iterable[bytes]) -> bool:
    body = entry.response.content.body()
    return any(value in body for value in values)


def _without_bodies(entry: Entry) -> Entry:
    content = Content(mime_type=entry.response.content.mime_type, comment=LEFT_OUT)
    return msgspec.structs.replace(
        entry,
        # Without its size the body is not known, so that a replay takes any.
        request=msgspec.structs.replace(entry.request, post_data=UNSET, body_size=-1),
        response=msgspec.structs.replace(entry.response, content=content, body_size=-1),
    )


def _address(url: str) -> str:
    """Returns `url` without its query and fragment."""
    return url.partition("#")[0].partition("?")[0]

"""Finds the session's recipe: how a person logs in, and what the calls need of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from os.path import commonprefix
from typing import NamedTuple
from urllib.parse import urlsplit

from toolkit.har.resource_kind import resource_kind
from toolkit.scaffold.exchange import Exchange
from toolkit.scaffold.facts import Evidence
from toolkit.scaffold.turns import Turns
from toolkit.session.recipe import CHAT_BOX, Harvest, Probe
from toolkit.session.recipe_tokens import Token

PASSWORD = re.compile(r"passw|pwd|passcode|otp|pin$", re.IGNORECASE)
LOGIN = re.compile(r"log-?in|sign-?in|auth|session|callback|credentials", re.IGNORECASE)
LOGOUT = re.compile(r"log-?out|sign-?out", re.IGNORECASE)
IDENTIFYING = re.compile(
    r"sess|sid\b|\.sid|token|auth|jwt|login|user|account|remember|identity|credential", re.IGNORECASE
)
NOT_IDENTIFYING = re.compile(
    r"csrf|xsrf|refresh|callback|locale|lang|theme|consent|^_g|analytics|state|nonce", re.IGNORECASE
)
PROBES = re.compile(
    r"(?:^|/)(?:me|whoami|session|user|users/me|profile|account|current[_-]?user|auth)(?:/|$)", re.IGNORECASE
)
IDENTITY = (
    "email",
    "user.email",
    "username",
    "user.username",
    "name",
    "user.name",
    "id",
    "user.id",
    "login",
    "data.email",
)
RANDOM_END = re.compile(r"(?<=[-_.])(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{12,}$")


class Recipe(NamedTuple):
    """The recipe, whether the site needs a login, and where that was seen."""

    harvest: Harvest
    needs_auth: bool
    login: tuple[Evidence, ...]
    notes: tuple[str, ...]


def find_logins(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Returns the requests by which somebody logged in: those that carry a password, and those of such an address that
    set a cookie."""
    found = []
    for one in exchanges:
        fields = [str(place[-1]) for place in one.values if place[0] in ("body", "query")]
        address = "/".join(one.path)
        if one.method == "POST" and not LOGOUT.search(address):
            named = any(PASSWORD.search(field) for field in fields)
            if named or (LOGIN.search(address) and one.set_cookies and one.body_kind != "none"):
                found.append(one)
    return found


def find_recipe(
    exchanges: Sequence[Exchange],
    turns: Turns,
    logins: Sequence[Exchange],
    needed: Sequence[Exchange],
    headers: list[str],
    ids: Container[str],
) -> Recipe:
    """Returns the recipe of the session that the requests `needed` were made with. `headers` are those that the page
    sends with a credential which it keeps, `ids` the values that belong to one call."""
    notes = []
    token = _mirrored(needed, headers)
    headers = [name for name in headers if token is None or name != token.header]
    cookies = _cookies(exchanges, logins, needed)
    probe = _probe(exchanges, logins)
    login_page = _login_page(exchanges, logins)
    page = _page(exchanges, turns, login_page, ids)
    own = turns.origin
    hosts = tuple(dict.fromkeys(urlsplit(one.origin).hostname or "" for one in needed if one.origin != own))
    needs_auth = bool(logins) and bool(cookies or headers)
    for name in headers:
        notes.append(
            f"The page sends the header {name} with a credential that no answer shows; it is taken from the page's own "
            "requests at the login. If the page keeps it in its storage, a `Token` in the recipe lets it be renewed."
        )
    if logins and not cookies and not headers:
        notes.append("Somebody logged in, and no cookie or header of the calls is known to come from that.")
    if cookies and probe is None:
        notes.append("No request of the page tells who is signed in, so the recipe has no probe.")
    harvest = Harvest(
        page=page,
        ready=CHAT_BOX,
        cookies=cookies,
        headers=tuple(headers),
        token=token,
        hosts=hosts,
        signed_out=f"^{re.escape(login_page)}" if login_page and login_page != page else None,
        probe=probe,
    )
    evidence = tuple(Evidence(one.number, f"{one.method} /{'/'.join(one.path)}") for one in logins)
    return Recipe(harvest, needs_auth, evidence, tuple(notes))


def _mirrored(needed: Sequence[Exchange], headers: Sequence[str]) -> Token | None:
    """The first of `headers` that repeats a cookie of its request, as a token of the recipe: pages show so that it was
    they who made the request."""
    for header in headers:
        for one in needed:
            for name, value in one.cookies.items():
                if value == one.headers.get(header):
                    return Token(place="cookie", key=_pattern([name]), header=header, template="{token}")
    return None


def _cookies(exchanges: Sequence[Exchange], logins: Sequence[Exchange], needed: Sequence[Exchange]) -> tuple[str, ...]:
    """The names, as regular expressions, of the cookies that tell the site who asks: those that the login has set and
    the calls send, by their names."""
    sent = {name: value for one in needed for name, value in one.cookies.items()}
    first = min((one.at for one in logins), default=None)
    if first is None:
        return ()
    by_login = {name for one in exchanges[first:] for name in one.set_cookies} | {
        name for name in sent if any(name not in one.cookies for one in exchanges[: first + 1])
    }
    found: dict[str, list[str]] = {}
    for name, value in sent.items():
        if name in by_login and IDENTIFYING.search(name) and not NOT_IDENTIFYING.search(name):
            found.setdefault(value, []).append(name)
    return tuple(dict.fromkeys(_pattern(names) for names in found.values()))


def _pattern(names: Sequence[str]) -> str:
    """The regular expression of the names of one cookie: sites set some twice, and make up the end of others."""
    start = commonprefix(names)  # noqa: RUF071 - of characters
    end = RANDOM_END.search(start)
    if end is not None:
        start = start[: end.start()]
    if len(names) == 1 and end is None:
        return re.escape(start).replace("\\-", "-")
    while (words := start.rstrip("-_.").rpartition("-"))[1] and not re.fullmatch(r"[a-z]+|[A-Z][a-z]+", words[2]):
        start = words[0] + words[1]
    return re.escape(start).replace("\\-", "-") + ".+"


def _login_page(exchanges: Sequence[Exchange], logins: Sequence[Exchange]) -> str:
    """The path of the page on which somebody logged in; "" where that is not told."""
    for one in logins:
        referer = next((p.value for p in one.entry.request.headers if p.name.lower() == "referer"), "")
        if (path := urlsplit(referer).path) and path != "/":
            return path
    return ""


def _page(exchanges: Sequence[Exchange], turns: Turns, login_page: str, ids: Container[str]) -> str:
    """The path of the page that asks: the last document before the question, without ids of one conversation."""
    asking = turns.first.asking.exchange
    for one in reversed(exchanges[: asking.at]):
        is_page = resource_kind(one.entry) == "document" and "html" in one.content_type
        if is_page and one.origin == turns.origin and one.entry.response.status == 200:
            path = urlsplit(one.entry.request.url).path or "/"
            at = next((n for n, part in enumerate(one.path) if part in ids), None)
            if path != login_page:
                return path if at is None else "/" + "/".join(one.path[:at])
    return "/"


def _probe(exchanges: Sequence[Exchange], logins: Sequence[Exchange]) -> Probe | None:
    """The request that tells who is signed in: by its address, and an answer that names somebody."""
    after = max((one.at for one in logins), default=-1)
    for one in exchanges[after + 1 :]:
        address = "/" + "/".join(one.path)
        if one.method != "GET" or not isinstance(one.document, dict) or not PROBES.search(address):
            continue
        values = {".".join(map(str, path)): value for path, value in one.answer_values}
        identity = tuple(path for path in IDENTITY if isinstance(values.get(path), str | int) and values[path] != "")
        if identity:
            return Probe(path=address, identity=identity[:2])
    return None

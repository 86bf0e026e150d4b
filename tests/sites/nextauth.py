"""The login half of the Open Assistant stand-in: next-auth's cookies, its sign-in form and its session endpoint.

Names and attributes of the cookies are those of next-auth 4 (https://next-auth.js.org/configuration/options#cookies).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

from aiohttp import web

USER = "ada"
PASSWORD = "correct horse"  # of an invented person, for this form alone
DAYS = 30
CHUNK = 3933  # the most that one cookie holds: 4096 bytes less room for its name and attributes


class Login:
    """Who is signed in, by which token. A token that was given out stays valid when a newer one is issued.

    `token_length`: of new tokens; above `CHUNK`, one is split over the cookies `.0`, `.1`, ...
    """

    def __init__(self) -> None:
        self.token_length = 540
        self.tokens: dict[str, str] = {}
        self._issued = 0
        self._forms = 0

    def new_token(self, user: str = USER) -> str:
        """A token that the site takes; shaped as an encrypted JWT, different each time, the same in each run."""
        self._issued += 1
        start = f"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..stand-in-{self._issued:06d}."
        token = start + "x" * (self.token_length - len(start))
        self.tokens[token] = user
        return token

    def cookie_header(self, *, secure: bool = False, user: str = USER) -> str:
        """A `Cookie` header of somebody who is signed in."""
        name = Names(secure).session
        return "; ".join(f"{key}={value}" for key, value in split(name, self.new_token(user)))

    def expire(self) -> None:
        """Take none of the tokens that were given out."""
        self.tokens.clear()

    def user(self, request: web.Request, *, secure: bool) -> str | None:
        """Who sent `request`; None where it has no valid token."""
        return self.tokens.get(join(Names(secure).session, cookies(request)))

    def session(self, request: web.Request, *, origin: str, secure: bool) -> web.Response:
        """What `GET /api/auth/session` answers: {} or the user, who gets a new token each time."""
        user = self.user(request, secure=secure)
        if user is None:
            response = web.Response(text="{}")
        else:
            expires = datetime.now(UTC) + timedelta(days=DAYS)
            response = web.Response(
                text=f'{{"user":{{"name":"{user}","image":null,"role":"general","isNew":false,'
                '"tosAcceptanceDate":"2023-05-01T00:00:00"},'
                f'"expires":"{expires.isoformat(timespec="milliseconds").replace("+00:00", "Z")}",'
                '"inference":{"isAuthenticated":false}}'
            )
        self.add_form_cookies(request, response, callback=origin, secure=secure)
        if user is not None:
            self.add_session(response, user, secure=secure)
        return response

    def add_session(self, response: web.StreamResponse, user: str, *, secure: bool) -> None:
        expires = format_datetime(datetime.now(UTC) + timedelta(days=DAYS), usegmt=True)
        for name, value in split(Names(secure).session, self.new_token(user)):
            set_cookie(response, name, value, secure=secure, expires=expires)

    def add_form_cookies(
        self, request: web.Request, response: web.StreamResponse, *, callback: str, secure: bool
    ) -> str:
        """The csrf and callback cookies, where the visitor has none; returns the csrf token for the form."""
        known = cookies(request)
        token = csrf_of(known.get(Names(secure).csrf, ""))
        if token is None:
            self._forms += 1
            token = hashlib.sha256(f"form {self._forms}".encode()).hexdigest()
            set_cookie(response, Names(secure).csrf, quote(f"{token}|{signature(token)}"), secure=secure)
            set_cookie(response, Names(secure).callback, quote(callback, safe=""), secure=secure)
        return token


class Names:
    """What next-auth calls its cookies, which depends on the scheme."""

    def __init__(self, secure: bool) -> None:
        self.session = "__Secure-next-auth.session-token" if secure else "next-auth.session-token"
        self.callback = "__Secure-next-auth.callback-url" if secure else "next-auth.callback-url"
        self.csrf = "__Host-next-auth.csrf-token" if secure else "next-auth.csrf-token"


def cookies(request: web.Request) -> dict[str, str]:
    """The cookies of `request`, the first of each name, as its header has them."""
    found: dict[str, str] = {}
    for pair in request.headers.get("Cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        found.setdefault(name, value)
    return found


def split(name: str, value: str) -> list[tuple[str, str]]:
    """The cookies that carry `value`: one, or as many as it needs."""
    if len(value) <= CHUNK:
        return [(name, value)]
    parts = [value[start : start + CHUNK] for start in range(0, len(value), CHUNK)]
    return [(f"{name}.{number}", part) for number, part in enumerate(parts)]


def join(name: str, known: dict[str, str]) -> str:
    """What `split` split; the empty string where there is none."""
    if name in known:
        return known[name]
    parts = [known[f"{name}.{number}"] for number in range(len(known)) if f"{name}.{number}" in known]
    return "".join(parts)


def set_cookie(
    response: web.StreamResponse, name: str, value: str, *, secure: bool, expires: str | None = None
) -> None:
    lasting = f"; Expires={expires}" if expires else ""
    only_tls = "; Secure" if secure else ""
    response.headers.add("Set-Cookie", f"{name}={value}; Path=/{lasting}; HttpOnly{only_tls}; SameSite=Lax")


def signature(token: str) -> str:
    return hashlib.sha256(f"{token} invented secret".encode()).hexdigest()


def csrf_of(cookie: str) -> str | None:
    """The csrf token in the cookie's value, if it is one of ours."""
    token, _, signed = cookie.partition("%7C")
    return token if token and signed == signature(token) else None

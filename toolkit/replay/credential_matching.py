"""Compares the credentials of a request, its cookies and its authorization, with those of a recorded request. Pure.

A recording has two halves: exchanges that a page made (those with a HAR `pageref`), and calls of a client. A replay may
play only one of them, and cannot always have the credentials that the recorded requests had: a browser may have been
logged in before the recording began. Hence these rules.

- A **call** has to send every cookie of the recorded call, with the recorded value; more cookies are no difference. A
  client has them because it begins with the session of the recording (`Recording.session`). If a page was visited
  before the call in the same replay, the client has its session from that visit, so only the cookies that earlier
  recorded answers have set are required. The authorization has to be the recorded one, or absent if none was recorded.
- A **page** sends whatever the browser has by then, and a fresh browser begins with nothing. So a cookie may be
  missing. But if the recorded answers set an HttpOnly cookie, a cookie of that name has to have a recorded value: any
  other value is another person's session. Cookies that scripts can write are not compared. The authorization is
  compared if one was recorded (browsers leave it out of the HARs that they export). Some pages send their login both
  as a cookie and as authorization; a request with all the recorded cookies, as a client of the site sends it, needs no
  authorization.

The values are those of the recording, so they are placeholders, and a session that was taken from the replay sends the
same ones. No text that is made here contains a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, UnsetType

from toolkit.har.model import Entry, Request, Response

CookiePairs = frozenset[tuple[str, str]]


class Credentials(Struct, frozen=True):
    """The credentials of one recorded request. `set_before` are those of its cookies that earlier recorded answers set;
    `authorization` is that header, empty if there was none; `from_page` says that a page sent the request."""

    cookies: CookiePairs
    set_before: CookiePairs
    authorization: str
    from_page: bool

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Credentials {sorted({name for name, _ in self.cookies})}>"

    def cookie_differences(self, sent: CookiePairs, http_only: CookiePairs, *, visited: bool) -> Iterator[str]:
        """How the cookies `sent` differ, a line for each cookie. `http_only` is what `http_only_cookies` gives for the
        recording; `visited` says whether a page of it was visited before."""
        names = {name for name, _ in sent}
        if self.from_page:
            protected = {name for name, _ in http_only}
            differing = (names & protected) - {name for name, _ in sent & http_only}
        else:
            differing = {name for name, _ in (self.set_before if visited else self.cookies) - sent}
        for name in sorted(differing):
            yield f"cookie {name}: recorded one, got {'another' if name in names else 'none'}"

    def has_same_login(self, sent: CookiePairs, http_only: CookiePairs) -> bool:
        """Whether the cookies `sent` have the same of the `http_only` ones as the recorded request had: a page asks
        the same before and after a login, and is answered otherwise."""
        return sent & http_only == self.cookies & http_only

    def authorization_differences(self, sent: str, cookies: CookiePairs = frozenset()) -> Iterator[str]:
        """How the Authorization header `sent` (empty for none) differs. `cookies` were sent with it."""
        if sent == self.authorization or (self.from_page and not self.authorization):
            return
        if not sent and self.from_page and self.cookies and self.cookies <= cookies:
            return
        recorded = "recorded one" if self.authorization else "not recorded"
        yield f"authorization: {recorded}, got {'none' if not sent else 'another' if self.authorization else 'one'}"


def recorded_credentials(entries: Iterable[Entry]) -> Iterator[Credentials]:
    """The credentials of the request of each of `entries`, which are in recorded order."""
    set_before: set[tuple[str, str]] = set()
    for entry in entries:
        cookies = _sent_cookies(entry.request)
        yield Credentials(
            cookies=cookies,
            set_before=cookies & set_before,
            authorization=", ".join(_header_values(entry.request, "authorization")),
            from_page=_is_from_page(entry),
        )
        set_before.update((name, value) for name, value, _ in _set_cookies(entry.response))


def http_only_cookies(entries: Iterable[Entry]) -> CookiePairs:
    """The cookies that a recorded answer set as HttpOnly, as (name, value) pairs: all recorded values of each."""
    entries = list(entries)
    answered = [cookie for entry in entries for cookie in _set_cookies(entry.response)]
    names = {name for name, _, http_only in answered if http_only}
    pairs = {pair for entry in entries for pair in _sent_cookies(entry.request)}
    pairs |= {(name, value) for name, value, _ in answered}
    return frozenset(pair for pair in pairs if pair[0] in names)


def _is_from_page(entry: Entry) -> bool:
    """Whether a page made this exchange, not a client."""
    return not isinstance(entry.pageref, UnsetType)


def parse_cookies(lines: Iterable[str]) -> CookiePairs:
    """The (name, value) pairs of `Cookie` headers."""
    parts = (part.partition("=") for line in lines for part in line.split(";") if part.strip())
    return frozenset((name.strip(), value.strip().strip('"')) for name, _, value in parts)


def _sent_cookies(request: Request) -> CookiePairs:
    if lines := _header_values(request, "cookie"):
        return parse_cookies(lines)
    return frozenset((cookie.name, cookie.value.strip('"')) for cookie in request.cookies)


def _set_cookies(response: Response) -> Iterator[tuple[str, str, bool]]:
    """The cookies that an answer sets, as (name, value, HttpOnly)."""
    lines = [line for value in _header_values(response, "set-cookie") for line in value.split("\n")]
    for line in lines:
        first, *attributes = line.split(";")
        name, _, value = first.partition("=")
        yield name.strip(), value.strip().strip('"'), any(one.strip().lower() == "httponly" for one in attributes)
    if not lines:
        for cookie in response.cookies:
            yield cookie.name, cookie.value.strip('"'), cookie.http_only is True


def _header_values(message: Request | Response, name: str) -> list[str]:
    return [pair.value for pair in message.headers if pair.name.lower() == name]

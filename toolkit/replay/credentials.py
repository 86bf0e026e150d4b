"""Whether a request comes from whom the recorded one came from: its cookies and its authorization. Pure.

A recording has two halves: exchanges that a page made (those with a HAR `pageref`), and calls of a client. Who plays
the one half need not play the other, and cannot always have what was had when it was recorded: a browser may have been
logged in before the recording began. Hence these rules.

- A **call** sends every cookie of the recorded one, by name and value (more are no difference): a client begins with
  the session of the recording (`Recording.session`). Where a page was visited before it in the same replay, the client
  has its session from that visit, and what is due are the cookies that earlier recorded answers have set; nobody can
  have the others. Its authorization is the recorded one, and where none was recorded it has none.
- A **page** sends whatever a browser has by then, in an order of its own; a fresh one begins with nothing. So a cookie
  may be lacking, but where the recorded answers set an HttpOnly cookie, one of that name has to be a value of the
  recording: another is another person's session. What scripts can write is not compared. An authorization is
  compared where one was recorded (browsers leave it out of the HARs that they export). Some pages send their login
  twice, as a cookie and as that; who sends all the recorded cookies, as a client of the same site does, needs no other.

Values are those of the recording, which are placeholders; whoever took the session from the replay sends these. No
text here ever has a value in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, UnsetType

from toolkit.har.model import Entry, Request, Response

CookiePairs = frozenset[tuple[str, str]]


class Credentials(Struct, frozen=True):
    """What one recorded request told of its sender. `given` are the cookies in it that earlier answers had set."""

    cookies: CookiePairs
    given: CookiePairs
    authorization: str
    from_page: bool

    def __repr__(self) -> str:
        return f"<Credentials {sorted({name for name, _ in self.cookies})}>"

    def cookie_differences(self, sent: CookiePairs, known: CookiePairs, *, visited: bool) -> Iterator[str]:
        """How the cookies `sent` differ. `known` is what `http_only_cookies` says of the recording; `visited` tells
        whether a page of it was visited before."""
        names = {name for name, _ in sent}
        if self.from_page:
            guarded = {name for name, _ in known}
            strange = (names & guarded) - {name for name, _ in sent & known}
            due: Iterable[str] = strange
        else:
            due = {name for name, _ in (self.given if visited else self.cookies) - sent}
        for name in sorted(due):
            yield f"cookie {name}: recorded one, got {'another' if name in names else 'none'}"

    def authorization_differences(self, sent: str, cookies: CookiePairs = frozenset()) -> Iterator[str]:
        """How the Authorization header `sent` differs; it is empty where there is none. `cookies` came with it."""
        if sent == self.authorization or (self.from_page and not self.authorization):
            return
        if not sent and self.from_page and self.cookies and self.cookies <= cookies:
            return
        recorded = "recorded one" if self.authorization else "not recorded"
        yield f"authorization: {recorded}, got {'none' if not sent else 'another' if self.authorization else 'one'}"


def credentials(entries: Iterable[Entry]) -> Iterator[Credentials]:
    """Those of each of `entries`, which are in recorded order."""
    given: set[tuple[str, str]] = set()
    for entry in entries:
        cookies = _sent(entry.request)
        yield Credentials(
            cookies=cookies,
            given=cookies & given,
            authorization=", ".join(_values(entry.request, "authorization")),
            from_page=is_page(entry),
        )
        given.update((name, value) for name, value, _ in _set(entry.response))


def http_only_cookies(entries: Iterable[Entry]) -> CookiePairs:
    """Every recorded value of the cookies that a recorded answer has set as HttpOnly."""
    entries = list(entries)
    told = [cookie for entry in entries for cookie in _set(entry.response)]
    names = {name for name, _, http_only in told if http_only}
    pairs = {pair for entry in entries for pair in _sent(entry.request)} | {(name, value) for name, value, _ in told}
    return frozenset(pair for pair in pairs if pair[0] in names)


def is_page(entry: Entry) -> bool:
    """Whether a page made this exchange, and not a client."""
    return not isinstance(entry.pageref, UnsetType)


def parse_cookies(lines: Iterable[str]) -> CookiePairs:
    """The (name, value) pairs of `Cookie` headers."""
    parts = (part.partition("=") for line in lines for part in line.split(";") if part.strip())
    return frozenset((name.strip(), value.strip().strip('"')) for name, _, value in parts)


def _sent(request: Request) -> CookiePairs:
    if lines := _values(request, "cookie"):
        return parse_cookies(lines)
    return frozenset((cookie.name, cookie.value.strip('"')) for cookie in request.cookies)


def _set(response: Response) -> Iterator[tuple[str, str, bool]]:
    """(name, value, HttpOnly) of the cookies that an answer sets."""
    lines = [line for value in _values(response, "set-cookie") for line in value.split("\n")]
    for line in lines:
        first, *attributes = line.split(";")
        name, _, value = first.partition("=")
        yield name.strip(), value.strip().strip('"'), any(one.strip().lower() == "httponly" for one in attributes)
    if not lines:
        for cookie in response.cookies:
            yield cookie.name, cookie.value.strip('"'), cookie.http_only is True


def _values(message: Request | Response, name: str) -> list[str]:
    return [pair.value for pair in message.headers if pair.name.lower() == name]

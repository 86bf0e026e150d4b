"""Sessions as text, for other programs, machines and CI systems: four formats, there and back. Pure.

    storage-state   Playwright's JSON. Facts that it has no word for are in `_toolkit`, which Playwright skips.
                    A list of cookies, as browser extensions export it, is read too.
    cookies.txt     the file of Netscape and Mozilla, for curl and yt-dlp
    cookie-header   the `Cookie` header that a browser would send with the site's page. It is read out of a command
                    for curl too, together with the browser's own headers.
    json            our own form, with everything

Either kind of JSON is read in base64 too.

No error shows any of a text, which is a secret: only what is wrong with it, and where.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any, Literal, get_args

import msgspec

from toolkit.errors import SessionError, UsageError
from toolkit.session.cookie_rules import matches_host
from toolkit.session.cookie_sending import cookie_header
from toolkit.session.formats import cookies_txt
from toolkit.session.formats.cookies_txt import CONTROL
from toolkit.session.formats.curl import cookies_to_storage_state, is_curl, parse_curl
from toolkit.session.headers import is_browser_header, origin_of
from toolkit.session.sites import same_host
from toolkit.session.value import BrowserSession, SameSite
from toolkit.streams.json_decoding import JSON_ERRORS

Format = Literal["storage-state", "cookies.txt", "cookie-header", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
VERSION = 1
OURS = "_toolkit"
BLANKS = " \t\r\n"
TITLES = (cookies_txt.TITLE, "# HTTP Cookie File")
HEADER = re.compile(r"\Acookie:[ \t]*", re.IGNORECASE)
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a cookie's name, RFC 6265, 4.1.1
BYTE = re.compile(r" \(byte (\d+)\)")
ENUM = re.compile(r"(?<=enum value ).*?(?= - at |$)", re.DOTALL)


class _Cookie(msgspec.Struct):
    """A cookie of a storage state, as far as its types go; `Cookie.from_playwright` reads it."""

    name: str
    value: str
    domain: str
    path: str = "/"
    expires: float = -1
    http_only: bool = msgspec.field(name="httpOnly", default=False)
    secure: bool = False
    same_site: SameSite | None = msgspec.field(name="sameSite", default=None)
    partition_key: str | None = msgspec.field(name="partitionKey", default=None)
    ancestor: bool | None = msgspec.field(name="_crHasCrossSiteAncestor", default=None)


class _Item(msgspec.Struct):
    name: str
    value: str


class _Origin(msgspec.Struct):
    origin: str
    items: list[_Item] = msgspec.field(name="localStorage", default_factory=list)


class _Version(msgspec.Struct):
    version: int = VERSION


class _State(msgspec.Struct):
    """A storage state."""

    cookies: list[_Cookie] = []
    origins: list[_Origin] = []
    ours: _Version | None = msgspec.field(name=OURS, default=None)


class _Document(_Version, kw_only=True):
    """Our own form."""

    session: BrowserSession


def serialize(session: BrowserSession, form: Format, *, page: str | None = None, now: float) -> str:
    """`session` as text of the format `form`, in UTF-8 and with a line end; `omissions` tells what has no place there.

    `page` is the URL of the page that the header is for, the origin if it is not given; `now` is in seconds since 1970.
    Raises `SessionError` where no cookie has a place there, or a browser would send none; `UsageError` for an unknown
    format.
    """
    session = _in_utf8(session)
    if form == "cookies.txt":
        if not any(map(cookies_txt.can_represent, session.cookies)):
            raise SessionError("The session has no cookie that has a place in a cookies.txt.")
        return cookies_txt.serialize(session.cookies)
    if form == "cookie-header":
        url = page or f"{session.origin}/"
        if (header := cookie_header(session.cookies, url, page=url, now=now)) is None:
            raise SessionError("The session has no cookie that goes to the page.", url=url)
        return f"Cookie: {header}\n"
    if form == "json":
        document: Any = _Document(session=session)
    elif form == "storage-state":
        facts = msgspec.to_builtins(session)
        del facts["cookies"], facts["local_storage"]
        document = {**session.to_storage_state(), OURS: {"version": VERSION, **facts}}
    else:
        raise _unknown(form)
    try:
        return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"
    except UnicodeEncodeError:  # a name of an account, say, from a command line
        raise SessionError("The session tells something that is not UTF-8 text.") from None


def omissions(session: BrowserSession, form: Format, *, page: str | None = None, now: float) -> list[str]:
    """What of `session` has no place in the format `form`, in words. The arguments are those of `serialize`."""
    kept = _in_utf8(session)
    if form == "cookies.txt":
        held = [cookie for cookie in kept.cookies if cookies_txt.can_represent(cookie)]
    elif form == "cookie-header":
        url = page or f"{session.origin}/"
        held = [cookie for cookie in kept.cookies if cookie_header([cookie], url, page=url, now=now) is not None]
    else:
        held = list(kept.cookies)
    lost = [cookie for cookie in session.cookies if cookie not in held]
    names = ", ".join(dict.fromkeys(_shown(cookie.name) or "the one without a name" for cookie in lost))
    if form in ("cookies.txt", "cookie-header"):
        more = {"headers": bool(session.headers), "local storage": bool(session.local_storage)}
    else:
        more = {"local storage that is not UTF-8": kept.local_storage != session.local_storage}
    return [kind for kind, there in {f"cookies ({names})": bool(lost), **more}.items() if there]


def parse(text: str, form: Format | None = None, *, provider: str = "", origin: str = "") -> BrowserSession:
    """The session that `text` holds, in the format `form`, or in the one that it looks like.

    `provider` and `origin` are those of the session where the text does not tell them, which only the two kinds of
    JSON can. The cookies of a header become host-only ones of `origin`; of several of one name the first is taken,
    which is the one with the longest path. A storage state's IndexedDB has no place in a session.

    Raises `SessionError` for what is none, `UsageError` for an unknown format.
    """
    text = _plain(text)
    form = form or detect(text)
    if form == "json":
        _check_version(_decoded(text, _Version).version)
        session: BrowserSession = _decoded(text, _Document).session
    elif form == "storage-state":
        session = _of_state(text, provider, origin)
    elif form == "cookies.txt":
        session = BrowserSession(provider=provider, origin=origin, cookies=tuple(cookies_txt.parse(text)))
    elif form == "cookie-header":
        session = _of_header(text, provider, origin)
    else:
        raise _unknown(form)
    _refuse_controls(session)
    return session


def parse_secret(text: str) -> BrowserSession:
    """The session that a secret of a CI system holds: a storage state or our own JSON, as it is or in base64, with
    either alphabet and any line breaks.

    Provider and origin are empty where it does not tell them. Raises `SessionError`.
    """
    text = _plain(text).strip(BLANKS)
    if not text.startswith("{"):
        raise SessionError(
            "This is neither JSON nor base64 of it.",
            hint="`toolkit session export PROVIDER` writes what belongs here; `| base64` makes one word of it.",
        )
    return parse(text)


def parse_origin(text: str, form: Format | None = None) -> str:
    """The origin of the session that `text` holds; "" where the text does not tell it. Raises what `parse` raises."""
    if (form or detect(text)) in ("json", "storage-state") or is_curl(text):
        return parse(text, form).origin
    return ""


def detect(text: str) -> Format:
    """The format that `text` looks like. Raises `SessionError` where it looks like none."""
    text = _plain(text).strip(BLANKS)
    if text.startswith("["):
        return "storage-state"
    if text.startswith("{"):
        members = _decoded(text, dict[str, msgspec.Raw])
        if "session" in members:
            return "json"
        if "cookies" in members or "origins" in members:
            return "storage-state"
        raise SessionError("This JSON is neither a Playwright storage state nor a session of the toolkit.")
    if is_curl(text):
        return "cookie-header"
    lines = [line for line in text.split("\n") if cookies_txt.is_cookie(line)]
    if text.startswith(TITLES) or any("\t" in line for line in lines):
        return "cookies.txt"
    if len(lines) == 1 and "=" in text:
        return "cookie-header"
    raise SessionError("This looks like none of the formats.", hint=f"They are {', '.join(FORMATS)}.")


def restrict_to_hosts(session: BrowserSession, hosts: Iterable[str]) -> tuple[BrowserSession, list[str]]:
    """What of `session` belongs to `hosts`, the provider's own; and the hosts of what does not."""
    urls = [f"https://[{host}]" if ":" in host else f"https://{host}" for host in hosts]
    cookies = tuple(cookie for cookie in session.cookies if any(matches_host(cookie, url) for url in urls))
    storage = {place: items for place, items in session.local_storage.items() if _is_one_of(place, urls)}
    foreign = [cookie.domain for cookie in session.cookies if cookie not in cookies]
    foreign += [place for place in session.local_storage if place not in storage]
    own = msgspec.structs.replace(session, cookies=cookies, local_storage=storage)
    return own, list(dict.fromkeys(foreign))


def _in_utf8(session: BrowserSession) -> BrowserSession:
    """`session` without the cookies and the items of the local storage that are not UTF-8, which no text can hold."""
    return msgspec.structs.replace(
        session,
        cookies=tuple(cookie for cookie in session.cookies if _is_utf8(cookie.name + cookie.value + cookie.path)),
        local_storage={
            place: {name: value for name, value in items.items() if _is_utf8(name + value)}
            for place, items in session.local_storage.items()
        },
    )


def _is_utf8(text: str) -> bool:
    return _shown(text) == text


def _shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _is_one_of(place: str, urls: list[str]) -> bool:
    try:
        return any(same_host(place, url) for url in urls)
    except UsageError:  # such as a browser extension's
        return False


def _of_state(text: str, provider: str, origin: str) -> BrowserSession:
    state: dict[str, Any]
    if text.strip(BLANKS).startswith("["):
        try:
            state = cookies_to_storage_state(_decoded(text, list))
        except msgspec.ValidationError as error:
            raise _malformed(text, error, "list of cookies") from None
    else:
        ours = _decoded(text, _State).ours
        _check_version(ours.version if ours is not None else VERSION)
        state = msgspec.json.decode(text)
    given = {"provider": provider, "origin": origin, **(state.get(OURS) or {})}
    try:
        facts = msgspec.convert(given, BrowserSession)
    except msgspec.ValidationError as error:
        raise _malformed(text, error, f"{OURS} of the storage state") from None
    read = BrowserSession.from_storage_state(facts.provider, facts.origin, state)
    return msgspec.structs.replace(facts, cookies=read.cookies, local_storage=read.local_storage)


def _of_header(text: str, provider: str, origin: str) -> BrowserSession:
    text, headers = text.strip(BLANKS), {}
    if is_curl(text):
        url, sent = parse_curl(text)
        text, origin = sent["cookie"], origin_of(url)
        headers = {name: value for name, value in sent.items() if is_browser_header(name)}
    if "\n" in text:
        raise SessionError("A cookie header has one line, and this has more.")
    values = _pairs(text)
    if not origin:
        raise SessionError("A cookie header does not tell which site it is for.")
    return msgspec.structs.replace(BrowserSession.from_cookie_values(provider, origin, values), headers=headers)


def _pairs(header: str) -> dict[str, str]:
    """The names and values of a `Cookie` header; a value without a name, which has no blank, has the name ""."""
    values: dict[str, str] = {}
    for pair in HEADER.sub("", header).split(";"):
        name, equals, value = pair.strip(" \t").partition("=")
        if not equals:
            name, value = "", name
        if re.search(r"\s", value) if not name else not TOKEN.fullmatch(name):
            raise SessionError("This is no cookie header: a cookie's name has neither blanks nor brackets nor quotes.")
        if name or value:
            values.setdefault(name, value)
    return values


def _decoded(text: str, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError:
        raise SessionError("The JSON is nested too deeply.") from None
    except JSON_ERRORS as error:
        raise _malformed(text, error, "JSON") from None


def _check_version(version: int) -> None:
    if version > VERSION:
        raise SessionError(
            f"The session was written by a newer version of the toolkit ({version}).", hint="Upgrade the toolkit."
        )


def _checked_text(text: str) -> str:
    """`text` without a byte order mark. One that is not UTF-8 comes so from an environment variable."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SessionError("This is not UTF-8 text.") from None
    return text.removeprefix("\ufeff")


def _plain(text: str) -> str:
    """`text`, or the JSON that it has in base64, of either alphabet, in lines or not, padded or not."""
    text = _checked_text(text)
    digits = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        plain = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True).decode("utf-8-sig")
    except ValueError:
        return text
    return plain if plain.lstrip(BLANKS).startswith(("{", "[")) else text


def _refuse_controls(session: BrowserSession) -> None:
    """What would end a header, or a line of a file, is in no cookie and no header that a browser has sent."""
    for number, cookie in enumerate(session.cookies, 1):
        if CONTROL.search("".join((cookie.name, cookie.value, cookie.domain, cookie.path))):
            raise SessionError(f"Cookie {number} holds a control character.")
    if any(CONTROL.search(name + value) for name, value in session.headers.items()):
        raise SessionError("A header holds a control character.")


def _malformed(text: str, error: Exception, what: str) -> SessionError:
    """What the decoder says, without the one kind of value that it tells, and with the line instead of the byte."""
    reason = ENUM.sub("•••", str(error))
    if place := BYTE.search(reason):
        line = text.encode()[: int(place[1])].count(b"\n") + 1
        reason = BYTE.sub(f" (line {line})", reason)
    reason = reason.removeprefix("JSON is malformed: ")
    return SessionError(f"The {what} is malformed: {reason}.")


def _unknown(form: str) -> UsageError:
    return UsageError(f"There is no format {form!r}.", hint=f"They are {', '.join(FORMATS)}.")

"""Converts sessions to text and back, for other programs, machines and CI systems. Pure, but for a debug line on the
logger "toolkit".

The formats are in `format_table`. All are also read in base64, and in base64 of gzip. No error shows any of a text,
which is a secret: only what is wrong with it, and where.
"""

from __future__ import annotations

import json
import logging

import msgspec

from toolkit.errors import SessionError, UsageError
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.cookie_rules import CONTROL
from toolkit.session.formats.encoded_text import decode_base64, escape_non_utf8, is_utf8
from toolkit.session.formats.format_table import FORMATS, NAMES, WRITABLE, Format
from toolkit.session.formats.json_text import BLANKS
from toolkit.session.formats.parsed_session import ParsedSession
from toolkit.session.frame_locals import forgetting_locals

HINT_EXPORT = "`toolkit session export PROVIDER` writes one; `toolkit login PROVIDER` makes one here."

log = logging.getLogger("toolkit")

STORAGE_NAMES = {"local_storage": "local storage", "session_storage": "session storage", "indexed_db": "IndexedDB"}


@forgetting_locals
def serialize(session: BrowserSession, name: str, *, page: str | None = None, now: float) -> str:
    """`session` as text of the format `name`, in UTF-8 and with a line end; `omissions` lists what that leaves out.

    `page` is the URL of the page that a cookie header is for, by default the origin; `now` is in seconds since 1970.
    Raises `SessionError` if the format has a place for none of the cookies, or a browser would send none; `UsageError`
    for an unknown format.
    """
    return _writable(name).write(_drop_non_utf8(session), page or f"{session.origin}/", now)


@forgetting_locals
def omissions(session: BrowserSession, name: str, *, page: str | None = None, now: float) -> list[str]:
    """What `serialize` leaves out of `session` with the same arguments, in words."""
    format, url, writable = _writable(name), page or f"{session.origin}/", _drop_non_utf8(session)
    included = [cookie for cookie in writable.cookies if format.can_represent(cookie, url, now)]
    omitted = [cookie for cookie in session.cookies if cookie not in included]
    names = ", ".join(dict.fromkeys(escape_non_utf8(cookie.name) or "the one without a name" for cookie in omitted))
    if format.only_cookies:
        more = {"headers": bool(session.headers), "the API key": session.api_key is not None}
        more |= {field_name: bool(getattr(session, field)) for field, field_name in STORAGE_NAMES.items()}
    else:
        more = {
            f"{field_name} that is not UTF-8": getattr(writable, field) != getattr(session, field)
            for field, field_name in STORAGE_NAMES.items()
        }
    return [what for what, omits in {f"cookies ({names})": bool(omitted), **more}.items() if omits]


@forgetting_locals
def parse(text: str, name: str | None = None, *, provider: str = "", origin: str = "") -> ParsedSession:
    """The session in `text`, in the format `name`, or in the one that is detected.

    `provider` and `origin` are used unless the text names its own, which the JSON formats can do, and for the origin
    copied requests. Raises `SessionError` for text that is not a session, `UsageError` for an unknown format.
    """
    text, format = _readable(text, name)
    parsed = format.read(text, provider, origin)
    log.debug("the session is read as the format %s", format.name)
    return _drop_control_characters(parsed)


@forgetting_locals
def parse_alone(text: str, name: str | None = None) -> BrowserSession:
    """What `text` tells by itself of the session in it; its origin is "" if the text names none, and it is empty if the
    text cannot be read without one. Raises the errors of `parse`."""
    if _readable(text, name)[1].needs_origin:
        return BrowserSession(provider="", origin="")
    return parse(text, name).session


@forgetting_locals
def detect(text: str) -> Format:
    """The format that `text` looks like. Raises `SessionError` if it looks like none."""
    return _detect(decode_base64(text).strip(BLANKS))


def _detect(text: str) -> Format:
    # A read-only format has an unmistakable beginning; a writable one may look like it.
    for format in sorted(FORMATS, key=lambda one: one.read_as is None):
        if _looks_like(format, text):
            return format
    if text.startswith(("{", "[")):
        raise SessionError(
            "This JSON is no session: neither a storage state of Playwright nor cookies, a HAR, or an export of ours.",
            hint=HINT_EXPORT,
        )
    if not text:
        raise SessionError(
            "This is empty: there is no session in it.", hint="See whether what was to write it has failed."
        )
    raise SessionError("This looks like none of the formats.", hint=_known_formats())


def _writable(name: str) -> Format:
    for format in WRITABLE:
        if format.name == name:
            return format
    raise UsageError(f"There is no format {name!r}.", hint=_known_formats())


def _readable(text: str, name: str | None) -> tuple[str, Format]:
    """`text` without what encodes it, and its format: the detected one without a `name`; else the one of that name, or
    a read-only format that is accepted under that name and looks like the text."""
    text = decode_base64(text)
    stripped = text.strip(BLANKS)
    if name is None:
        format = _detect(stripped)
    else:
        read_only = (format for format in FORMATS if format.read_as == name and _looks_like(format, stripped))
        format = next(read_only, None) or _writable(name)
    if not is_utf8(text) and format.name != "cookies.txt":  # of which a line can be left out
        raise SessionError("This is not UTF-8 text.", hint="Save it as UTF-8.")
    return text, format


def _looks_like(format: Format, text: str) -> bool:
    return format.is_json == text.startswith(("{", "[")) and format.detects(text)


def _known_formats() -> str:
    return f"They are {', '.join(NAMES)}, and what browsers copy as cURL or fetch, and export as HAR."


def _drop_non_utf8(session: BrowserSession) -> BrowserSession:
    """`session` without the cookies and what it stores that is not UTF-8, which no text can hold: items of storage, and
    databases."""
    items = {
        field: {
            origin: {key: value for key, value in stored.items() if is_utf8(key + value)}
            for origin, stored in getattr(session, field).items()
        }
        for field in ("local_storage", "session_storage")
    }
    databases = {
        origin: [database for database in stored if is_utf8(json.dumps(database, ensure_ascii=False))]
        for origin, stored in session.indexed_db.items()
    }
    return msgspec.structs.replace(
        session,
        cookies=tuple(cookie for cookie in session.cookies if is_utf8(cookie.name + cookie.value + cookie.path)),
        indexed_db=databases,
        **items,
    )


def _drop_control_characters(parsed: ParsedSession) -> ParsedSession:
    """`parsed` without a cookie or a header that would end its header, or its line of a file. No browser sends such a
    one."""
    session = parsed.session
    left_out = list(parsed.left_out)
    cookies: list[Cookie] = []
    for number, cookie in enumerate(session.cookies, 1):
        if CONTROL.search("".join((cookie.name, cookie.value, cookie.domain, cookie.path))):
            left_out.append(f"cookie {number} (it holds a control character)")
        else:
            cookies.append(cookie)
    headers = {name: value for name, value in session.headers.items() if not CONTROL.search(name + value)}
    if headers != session.headers:
        left_out.append("a header (it holds a control character)")
    kept = msgspec.structs.replace(session, cookies=tuple(cookies), headers=headers)
    return msgspec.structs.replace(parsed, session=kept, left_out=tuple(left_out))

"""Converts sessions to text and back, for other programs, machines and CI systems. Pure, but for a debug line on the
logger "toolkit".

The formats are in `format_table`. The JSON formats are also read in base64. No error shows any of a text, which is a
secret: only what is wrong with it, and where.
"""

from __future__ import annotations

import json
import logging

import msgspec

from toolkit.errors import SessionError, UsageError
from toolkit.session.browser_session import BrowserSession
from toolkit.session.cookie_rules import CONTROL
from toolkit.session.formats.format_table import FORMATS, NAMES, WRITABLE, Format
from toolkit.session.formats.json_text import BLANKS, decode_base64_json
from toolkit.session.frame_locals import forgetting_locals

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
    names = ", ".join(dict.fromkeys(_escape_non_utf8(cookie.name) or "the one without a name" for cookie in omitted))
    if format.only_cookies:
        more = {"headers": bool(session.headers)}
        more |= {field_name: bool(getattr(session, field)) for field, field_name in STORAGE_NAMES.items()}
    else:
        more = {
            f"{field_name} that is not UTF-8": getattr(writable, field) != getattr(session, field)
            for field, field_name in STORAGE_NAMES.items()
        }
    return [what for what, omits in {f"cookies ({names})": bool(omitted), **more}.items() if omits]


@forgetting_locals
def parse(text: str, name: str | None = None, *, provider: str = "", origin: str = "") -> BrowserSession:
    """The session in `text`, in the format `name`, or in the one that is detected.

    `provider` and `origin` are used unless the text names its own, which the JSON formats can do, and for the origin
    a command for curl. Raises `SessionError` for text that is not a session, `UsageError` for an unknown format.
    """
    text = decode_base64_json(text)
    format = _readable(text, name)
    session = format.read(text, provider, origin)
    log.debug("the session is read as the format %s", format.name)
    _refuse_control_characters(session)
    return session


@forgetting_locals
def parse_secret(text: str) -> BrowserSession:
    """The session in a secret of a CI system: a storage state or the toolkit's own JSON, plain or in base64 of either
    alphabet, with any line breaks.

    Provider and origin are empty unless the text names them. Raises `SessionError`.
    """
    text = decode_base64_json(text).strip(BLANKS)
    if not text.startswith("{"):
        raise SessionError(
            "This is neither JSON nor base64 of it.",
            hint="`toolkit session export PROVIDER` writes what belongs here; `| base64` makes one word of it.",
        )
    return parse(text)


@forgetting_locals
def parse_origin(text: str, name: str | None = None) -> str:
    """The origin that `text` names for its session; "" if it names none. Raises the errors of `parse`."""
    format = _readable(decode_base64_json(text), name)
    if format.names_origin or format.is_json:  # JSON of any kind is read, so that broken JSON is reported as such
        return parse(text, name).origin
    return ""


@forgetting_locals
def detect(text: str) -> Format:
    """The format that `text` looks like. Raises `SessionError` if it looks like none."""
    text = decode_base64_json(text).strip(BLANKS)
    is_json = text.startswith(("{", "["))
    # A read-only format has an unmistakable beginning; a writable one may look like it.
    for format in sorted(FORMATS, key=lambda one: one.read_as is None):
        if format.is_json == is_json and format.detects(text):
            return format
    if is_json:
        raise SessionError("This JSON is neither a Playwright storage state nor a session of the toolkit.")
    raise SessionError("This looks like none of the formats.", hint=_known_formats())


def _writable(name: str) -> Format:
    for format in WRITABLE:
        if format.name == name:
            return format
    raise UsageError(f"There is no format {name!r}.", hint=_known_formats())


def _readable(text: str, name: str | None) -> Format:
    """The format of `text`: the detected one without a `name`; else the one of that name, or a read-only format that is
    accepted under that name and looks like `text`."""
    if name is None:
        return detect(text)
    text = text.strip(BLANKS)
    read_only = (format for format in FORMATS if format.read_as == name and format.detects(text))
    return next(read_only, None) or _writable(name)


def _known_formats() -> str:
    return f"They are {', '.join(NAMES)}."


def _drop_non_utf8(session: BrowserSession) -> BrowserSession:
    """`session` without the cookies and what it stores that is not UTF-8, which no text can hold: items of storage, and
    databases."""
    items = {
        field: {
            origin: {key: value for key, value in stored.items() if _is_utf8(key + value)}
            for origin, stored in getattr(session, field).items()
        }
        for field in ("local_storage", "session_storage")
    }
    databases = {
        origin: [database for database in stored if _is_utf8(json.dumps(database, ensure_ascii=False))]
        for origin, stored in session.indexed_db.items()
    }
    return msgspec.structs.replace(
        session,
        cookies=tuple(cookie for cookie in session.cookies if _is_utf8(cookie.name + cookie.value + cookie.path)),
        indexed_db=databases,
        **items,
    )


def _is_utf8(text: str) -> bool:
    return _escape_non_utf8(text) == text


def _escape_non_utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _refuse_control_characters(session: BrowserSession) -> None:
    """Raise `SessionError` for a cookie or a header that would end its header, or its line of a file. No browser sends
    such a one."""
    for number, cookie in enumerate(session.cookies, 1):
        if CONTROL.search("".join((cookie.name, cookie.value, cookie.domain, cookie.path))):
            raise SessionError(f"Cookie {number} holds a control character.")
    if any(CONTROL.search(name + value) for name, value in session.headers.items()):
        raise SessionError("A header holds a control character.")

"""HAR 1.2 files as typed values: http://www.softwareishard.com/blog/har-12-spec/

Only the format lives here: reading, checking, writing. What the format does not have is in `_` fields, as it allows:

- `response.content._chunks`: `[[ms since the response headers, bytes], ...]`, one item per HTTP chunk of the body, or
  per read of a body with a Content-Length. The bytes sum up to the body.
- `_error` of an entry: null, or `Name: text` of what broke the exchange; the body is then what had arrived until then.
- `postData._encoding`: `base64` for a request body that is not text.
- `request._random`: places whose value is made up anew for each call (`query.canvas`, `body.conversationId`).
- `log._chat`: which chat call was recorded, so that it can be asked again.
- `log._keep`: names of cookies, headers, parameters and fields that redaction was told to leave as they are.
- `log._session`: the session, without its secrets, that our own calls began with.
- `_resourceType` of an entry: what a page wanted it for, in Chrome's words.

An entry with a `pageref` was made by a page, one without by a client of ours. Fields that other programs add are
skipped, fields that they leave null are taken for missing, and exchanges that are not HTTP are left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from toolkit.session.value import BrowserSession

Number = int | float


class Pair(Struct):
    """A name and a value: a header, or one part of a query string."""

    name: str
    value: str = ""


class HarCookie(Struct, rename="camel"):
    """A cookie as a header told it. `expires` is an ISO 8601 time."""

    name: str
    value: str = ""
    path: str | UnsetType | None = UNSET
    domain: str | UnsetType | None = UNSET
    expires: str | Number | UnsetType | None = UNSET
    http_only: bool | UnsetType | None = UNSET
    secure: bool | UnsetType | None = UNSET
    same_site: str | UnsetType | None = UNSET


class PostData(Struct, rename="camel"):
    """The body of a request. Others may tell a form by its `params` alone."""

    mime_type: str = ""
    text: str = ""
    params: list[Pair] | UnsetType = UNSET
    encoding: str | UnsetType = field(name="_encoding", default=UNSET)

    def body(self) -> bytes:
        """The bytes that were sent, as far as they are known. Raises `ValueError` where `text` cannot be turned into
        bytes."""
        if not self.text and self.params and self.mime_type.startswith("application/x-www-form-urlencoded"):
            return urlencode([(pair.name, pair.value) for pair in self.params]).encode()
        return _bytes(self.text, self.encoding, "")


class Request(Struct, rename="camel"):
    """What was asked."""

    method: str
    url: str
    http_version: str = "HTTP/1.1"
    cookies: list[HarCookie] = []
    headers: list[Pair] = []
    query_string: list[Pair] = []
    headers_size: Number = -1
    body_size: Number = -1
    post_data: PostData | UnsetType = UNSET
    random: list[str] | UnsetType = field(name="_random", default=UNSET)


class Content(Struct, rename="camel"):
    """The body of a response, decoded where the wire had a Content-Encoding. `size` is in bytes."""

    size: Number = 0
    mime_type: str = ""
    text: str | UnsetType = UNSET
    encoding: str | UnsetType = UNSET
    chunks: list[tuple[float, int]] | UnsetType = field(name="_chunks", default=UNSET)
    comment: str | UnsetType = UNSET

    def body(self) -> bytes:
        """The bytes of the body. Raises `ValueError` where they cannot be told from `text`."""
        return b"" if self.text is UNSET else _bytes(self.text, self.encoding, self.mime_type)

    def pieces(self) -> list[tuple[float, bytes]]:
        """The body as it arrived: (ms since the headers, bytes), without empty pieces."""
        body = self.body()
        if self.chunks is UNSET:
            return [(0.0, body)] if body else []
        pieces, start = [], 0
        for ms, size in self.chunks:
            if size:
                pieces.append((ms, body[start : start + size]))
                start += size
        return pieces


class Response(Struct, rename="camel"):
    """What came back. A `status` of 0 or below says that nothing did."""

    status: int
    status_text: str = ""
    http_version: str = "HTTP/1.1"
    cookies: list[HarCookie] = []
    headers: list[Pair] = []
    content: Content = field(default_factory=Content)
    redirect_url: str = field(name="redirectURL", default="")
    headers_size: Number = -1
    body_size: Number = -1
    # Chrome's: a service worker has told it to the page
    via_worker: bool | UnsetType = field(name="_fetchedViaServiceWorker", default=UNSET)

    def values(self, name: str) -> list[str]:
        """The values of the header `name`, in any case."""
        return [pair.value for pair in self.headers if pair.name.lower() == name.lower()]


class Timings(Struct):
    """Milliseconds; -1 where not known."""

    blocked: Number = -1
    dns: Number = -1
    connect: Number = -1
    ssl: Number = -1
    send: Number = 0
    wait: Number = 0
    receive: Number = 0


class Entry(Struct, rename="camel"):
    """One exchange. `time` is its length in milliseconds."""

    started: datetime = field(name="startedDateTime")
    request: Request
    response: Response
    time: Number = 0
    cache: dict[str, object] = {}
    timings: Timings = field(default_factory=Timings)
    pageref: str | UnsetType = UNSET
    resource_type: str | UnsetType = field(name="_resourceType", default=UNSET)
    error: str | None = field(name="_error", default=None)

    def __repr__(self) -> str:  # headers, queries and bodies hold secrets before they are redacted
        return f"<Entry {self.request.method} {self.response.status}>"


class RecordedChat(Struct, omit_defaults=True):
    """The chat call that a recording holds. `base_url` is None for the provider's public site."""

    provider: str
    messages: list[dict[str, str]]
    base_url: str | None = None


class RecordedSession(Struct, rename="camel", omit_defaults=True):
    """The session that our own calls began with: what `BrowserSession` has, with Playwright's storage state."""

    provider: str
    origin: str
    account: str = "default"
    headers: dict[str, str] = {}
    storage_state: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<RecordedSession {self.provider} {self.origin}>"

    @classmethod
    def from_session(cls, session: BrowserSession) -> RecordedSession:
        """`session` as a recording keeps it; its secrets are still in it."""
        return cls(session.provider, session.origin, session.account, session.headers, session.to_storage_state())

    def to_session(self) -> BrowserSession:
        """The session to begin a replay with. It does not age: no cookie in it has an expiry.

        Raises `SessionError` where the storage state is none.
        """
        told = BrowserSession.from_storage_state(
            self.provider, self.origin, self.storage_state, account=self.account, headers=self.headers
        )
        lasting = tuple(msgspec.structs.replace(cookie, expires=None) for cookie in told.cookies)
        return msgspec.structs.replace(told, cookies=lasting)


class Recording(Struct):
    """The exchanges of one HAR file, in the order in which they started. `comment` says what was recorded, `chat` is
    the chat call in it and `session` what our calls began with, if there are such. `keep` are names whose values are
    known to be no secrets."""

    entries: list[Entry]
    comment: str = ""
    chat: RecordedChat | None = None
    session: RecordedSession | None = None
    keep: tuple[str, ...] = ()
    path: Path | None = None

    def __repr__(self) -> str:
        return f"<Recording {self.path.name if self.path else 'unsaved'}: {len(self.entries)} exchanges>"


def _bytes(text: str, encoding: str | UnsetType, mime_type: str) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None
    charset = re.search(r"charset=\"?([\w.:-]+)", mime_type, re.IGNORECASE)
    try:
        return text.encode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeEncodeError):  # an unknown charset, or one that the text does not fit
        return text.encode()

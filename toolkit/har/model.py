"""HAR 1.2 files as typed values: http://www.softwareishard.com/blog/har-12-spec/

Files are read and written by `toolkit.recording.files`. What HAR does not define stands in fields that start with `_`,
as it allows:

- `response.content._chunks`: `[[ms since the response headers, bytes], ...]`, one item per HTTP chunk of the body, or
  per read of a body with a Content-Length. The numbers of bytes add up to the size of the body.
- `_error` of an entry: null, or `Name: text` of the error that ended the exchange; the body is what arrived until then.
- `postData._encoding`: `base64` for a request body that is not text.
- `request._random`: places whose value is generated for each call (`query.canvas`, `body.conversationId`, and in the
  frames of a WebSocket `frames.client_message.message.id`, see `toolkit.har.frames`).
- `request._uncompared`: places in the client's frames that a replay does not compare; one that names an event alone
  (`frames.ack`) is of frames that need not come.
- `_webSocketMessages` and `_webSocketClose` of an entry: see `toolkit.har.websockets`.
- `log._chat`: the chat call that was recorded, with all that it was asked with, so that it can be made again.
- `log._keep`: names of cookies, headers, parameters and fields that redaction leaves as they are.
- `log._keepIdentity`: true where the recording is to tell who was signed in.
- `log._lean`: true if of the page only what made the session was recorded: no browser can be replayed to.
- `log._session`: the session, without its secrets, with which our own calls started.
- `_resourceType` of an entry: what the page requested it for, in Chrome's terms.

An entry with a `pageref` was requested by a page, one without by our own client. When a file is loaded, unknown fields
are skipped, null counts as missing, and exchanges that are neither HTTP nor a WebSocket are left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from toolkit.har.websockets import WebSocketClose, WebSocketMessage, is_socket_url
from toolkit.session.browser_session import BrowserSession

Number = int | float


class Pair(Struct):
    """A name and a value: a header, or one part of a query string."""

    name: str
    value: str = ""

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Pair {self.name}>"


class HarCookie(Struct, rename="camel"):
    """A cookie of a Cookie or Set-Cookie header. `expires` is an ISO 8601 time."""

    name: str
    value: str = ""
    path: str | UnsetType | None = UNSET
    domain: str | UnsetType | None = UNSET
    expires: str | Number | UnsetType | None = UNSET
    http_only: bool | UnsetType | None = UNSET
    secure: bool | UnsetType | None = UNSET
    same_site: str | UnsetType | None = UNSET

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<HarCookie {self.name}>"


class PostData(Struct, rename="camel"):
    """The body of a request. Other programs may write a form as `params` only, without `text`."""

    mime_type: str = ""
    text: str = ""
    params: list[Pair] | UnsetType = UNSET
    encoding: str | UnsetType = field(name="_encoding", default=UNSET)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<PostData {self.mime_type}: {len(self.text)} characters>"

    def body(self) -> bytes:
        """Returns the bytes that were sent, as far as they are known.

        Raises `ValueError` if `text` cannot be turned into bytes.
        """
        if not self.text and self.params and self.mime_type.startswith("application/x-www-form-urlencoded"):
            return urlencode([(pair.name, pair.value) for pair in self.params]).encode()
        return _bytes(self.text, self.encoding, "")


class Request(Struct, rename="camel"):
    """A request. `random` lists the places whose values are generated for each call, `uncompared` those in frames that
    a replay does not compare."""

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
    uncompared: list[str] | UnsetType = field(name="_uncompared", default=UNSET)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Request {self.method} {_shown_url(self.url)}: {len(self.headers)} headers>"


class Content(Struct, rename="camel"):
    """The body of a response, after its Content-Encoding was decoded. `size` is in bytes."""

    size: Number = 0
    mime_type: str = ""
    text: str | UnsetType = UNSET
    encoding: str | UnsetType = UNSET
    chunks: list[tuple[float, int]] | UnsetType = field(name="_chunks", default=UNSET)
    comment: str | UnsetType = UNSET

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Content {self.mime_type}: {self.size} bytes>"

    def body(self) -> bytes:
        """Returns the bytes of the body. Raises `ValueError` if `text` cannot be turned into bytes."""
        return b"" if self.text is UNSET else _bytes(self.text, self.encoding, self.mime_type)

    def pieces(self) -> list[tuple[float, bytes]]:
        """Returns the body in pieces as it arrived: (milliseconds since the headers, bytes), none of them empty."""
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
    """A response. A `status` of 0 or below means that none came."""

    status: int
    status_text: str = ""
    http_version: str = "HTTP/1.1"
    cookies: list[HarCookie] = []
    headers: list[Pair] = []
    content: Content = field(default_factory=Content)
    redirect_url: str = field(name="redirectURL", default="")
    headers_size: Number = -1
    body_size: Number = -1
    # Chrome's field: a service worker gave this response to the page
    via_worker: bool | UnsetType = field(name="_fetchedViaServiceWorker", default=UNSET)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Response {self.status}: {len(self.headers)} headers, {self.content!r}>"

    def values(self, name: str) -> list[str]:
        """Returns the values of the header `name`, whose case does not matter."""
        return [pair.value for pair in self.headers if pair.name.lower() == name.lower()]


class Timings(Struct):
    """The phases of an exchange in milliseconds; -1 where not known."""

    blocked: Number = -1
    dns: Number = -1
    connect: Number = -1
    ssl: Number = -1
    send: Number = 0
    wait: Number = 0
    receive: Number = 0


class Entry(Struct, rename="camel"):
    """One exchange, or one WebSocket with its handshake. `time` is its duration in milliseconds."""

    started: datetime = field(name="startedDateTime")
    request: Request
    response: Response
    time: Number = 0
    cache: dict[str, object] = {}
    timings: Timings = field(default_factory=Timings)
    pageref: str | UnsetType = UNSET
    resource_type: str | UnsetType = field(name="_resourceType", default=UNSET)
    error: str | None = field(name="_error", default=None)
    messages: list[WebSocketMessage] | UnsetType = field(name="_webSocketMessages", default=UNSET)
    close: WebSocketClose | UnsetType = field(name="_webSocketClose", default=UNSET)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    @property
    def is_socket(self) -> bool:
        """Whether it is a WebSocket, or the refusal of one."""
        return is_socket_url(self.request.url)

    def __repr__(self) -> str:  # headers, queries and bodies hold secrets before they are redacted
        return f"<Entry {self.request.method} {self.response.status}>"


class RecordedChat(Struct, omit_defaults=True):
    """The chat call of a recording. `base_url` is None for the provider's public site. A system prompt is one of the
    `messages`; `settings` are the further arguments of `Client.chat`: `model`, `temperature`, the provider's own."""

    provider: str
    messages: list[dict[str, Any]]
    base_url: str | None = None
    settings: dict[str, Any] = {}

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<RecordedChat {self.provider}: {len(self.messages)} messages>"


class RecordedSession(Struct, rename="camel", omit_defaults=True):
    """The session with which our own calls started: a `BrowserSession`, with Playwright's storage state, which has no
    place for the session storage."""

    provider: str
    origin: str
    account: str = "default"
    headers: dict[str, str] = {}
    storage_state: dict[str, Any] = {}
    session_storage: dict[str, dict[str, str]] = {}
    api_key: str | None = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<RecordedSession {self.provider} {self.origin}>"

    @classmethod
    def from_session(cls, session: BrowserSession) -> RecordedSession:
        """Returns `session` in the form of a recording, with its secrets still in it."""
        state, storage = session.to_storage_state(), session.session_storage
        return cls(session.provider, session.origin, session.account, session.headers, state, storage, session.api_key)

    def to_session(self) -> BrowserSession:
        """Returns the session for a replay. None of its cookies has an expiry, so that recordings do not age.

        Raises `SessionError` if `storage_state` is not a storage state.
        """
        session = BrowserSession.from_storage_state(
            self.provider,
            self.origin,
            self.storage_state,
            account=self.account,
            headers=self.headers,
            session_storage=self.session_storage,
            api_key=self.api_key,
        )
        cookies = tuple(msgspec.structs.replace(cookie, expires=None) for cookie in session.cookies)
        return msgspec.structs.replace(session, cookies=cookies)


class Recording(Struct):
    """The exchanges of one HAR file, in the order in which they started.

    `comment` says what was recorded. `chat` is the recorded chat call, and `session` the session with which our calls
    started, if there are any. `keep` are names whose values are known to be no secrets. `keep_identity` says that it is
    to tell who was signed in, `lean` that of the page only what made the session is there, so that no browser can be
    replayed to. `answer` is the text of the answer, as a replay gives it, where that is known; it is not in the file.
    """

    entries: Sequence[Entry]
    comment: str = ""
    chat: RecordedChat | None = None
    session: RecordedSession | None = None
    keep: tuple[str, ...] = ()
    keep_identity: bool = False
    path: Path | None = None
    lean: bool = False
    answer: str = ""

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Recording {self.path.name if self.path else 'unsaved'}: {len(self.entries)} exchanges>"


def _shown_url(url: str) -> str:
    """Returns `url` without user, password, query and fragment, whether or not it is a valid one."""
    return re.sub(r"//[^/?#]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


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

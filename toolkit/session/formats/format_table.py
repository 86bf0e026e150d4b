"""The table of session formats, one record each. Nothing here loads a format's own file before it is used, so that the
CLI can list the formats in its help without msgspec."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from toolkit.session.browser_session import BrowserSession, Cookie
    from toolkit.session.formats.parsed_session import ParsedSession


class FormatModule(Protocol):
    """What the file of a format defines. Errors are `SessionError`, and never show any of a text."""

    def detects(self, text: str) -> bool:
        """Whether `text`, without blanks around it, looks like this format. Raises `SessionError` for broken JSON."""

    def read(self, text: str, provider: str, origin: str) -> ParsedSession:
        """The session in `text`; `provider` and `origin` are used unless the text names its own. A part that cannot be
        read is left out, and does not keep the others from being read."""

    def write(self, session: BrowserSession, page: str, now: float) -> str:
        """`session` as text with a line end. `page` is the URL of the page that a header is for; `now` is in seconds
        since 1970. Not called for a read-only format."""

    def can_represent(self, cookie: Cookie, page: str, now: float) -> bool:
        """Whether `write` includes `cookie`. Not called for a read-only format."""


class Format(NamedTuple):
    """One format. Its functions are those of the file `module` in this folder, which is loaded on first use.

    `name` is the value of `--format`, and `help` describes the format in the CLI's help. `is_json` tells that its text
    is JSON, and `needs_origin` that the text says nothing of the site it is for. `only_cookies` tells that headers and
    local storage have no place in it. `read_as` is set for a read-only format: the name of the writable format under
    which `--format` accepts it.
    """

    name: str
    module: str
    help: str
    is_json: bool = False
    needs_origin: bool = False
    only_cookies: bool = False
    read_as: str | None = None

    def detects(self, text: str) -> bool:
        return self._load().detects(text)

    def read(self, text: str, provider: str, origin: str) -> ParsedSession:
        return self._load().read(text, provider, origin)

    def write(self, session: BrowserSession, page: str, now: float) -> str:
        return self._load().write(session, page, now)

    def can_represent(self, cookie: Cookie, page: str, now: float) -> bool:
        return self._load().can_represent(cookie, page, now)

    def _load(self) -> FormatModule:
        return cast(FormatModule, import_module(f"toolkit.session.formats.{self.module}"))


# In the order in which the help lists them; the first is the default of an export.
FORMATS = (
    Format(
        "storage-state",
        "storage_state",
        help="Playwright's form; `toolkit session import` takes all back",
        is_json=True,
    ),
    Format("cookies.txt", "cookies_txt", help="the cookies, for curl -b, wget and yt-dlp", only_cookies=True),
    Format(
        "cookie-header",
        "cookie_header",
        help="the Cookie header for the site's page",
        needs_origin=True,
        only_cookies=True,
    ),
    Format("json", "toolkit_json", help="our own form", is_json=True),
    Format("cookie-list", "cookie_list", help="what browser extensions export", is_json=True, read_as="storage-state"),
    Format(
        "cookie-values",
        "cookie_values",
        help="names and values of cookies",
        is_json=True,
        needs_origin=True,
        read_as="storage-state",
    ),
    Format("har", "har", help="what browsers export of their network", is_json=True, read_as="storage-state"),
    Format("curl", "curl", help="what browsers copy as cURL", read_as="cookie-header"),
    Format("powershell", "powershell", help="what browsers copy as PowerShell", read_as="cookie-header"),
    Format("fetch", "fetch_call", help="what browsers copy as fetch", read_as="cookie-header"),
)
WRITABLE = tuple(one for one in FORMATS if one.read_as is None)
NAMES = tuple(one.name for one in WRITABLE)

"""Every error that the toolkit raises on purpose, in one tree.

    ToolkitError
    ├── UsageError (ValueError)          an argument cannot be used: empty messages, an unknown role
    │   ├── ContextTypeError (TypeError)  not a Playwright browser context
    │   └── UnknownProvider              no provider has that name
    ├── ConfigError                      browsers.json: which file, where in it, what was expected
    ├── BrowserError                     the browser's side
    │   ├── BrowserMissing               no browser that Playwright can drive
    │   ├── DriverFailed                 Playwright's own program does not start
    │   ├── BrowserLost                  the connection to a browser elsewhere broke, and again when made anew
    │   ├── ProfileLocked                another process uses that profile folder
    │   └── HarvestFailed                the visit ended without the session that the recipe needs
    ├── SessionError                     the session's side
    │   ├── LoginRequired                a person has to log in
    │   │   └── SessionExpired           ... again: the session that we had is no longer taken
    │   ├── WrongAccount                 somebody else is signed in
    │   ├── AccountPending               whoever is signed in has not been approved at the site
    │   ├── ChallengeRequired            the site asks for proof of a person
    │   └── StoreError                   a stored session cannot be read or written
    ├── NetworkError                     the way there and back
    │   ├── ConnectFailed                no connection: name, route, refused, reset before an answer
    │   ├── ProxyFailed                  the proxy refused, or cannot be reached
    │   ├── TLSFailed                    the certificate or the handshake was refused
    │   ├── StreamTimeout (TimeoutError) a deadline passed; says which, and how many seconds
    │   └── StreamInterrupted            the stream ended before its end; `.text` has what had arrived
    ├── StatusError                      the site answered with an HTTP error status
    │   ├── BadRequest                   4xx: the call itself is refused
    │   │   └── UnknownModel             ... since the site has no model of that name for this account
    │   ├── RateLimited                  429; `.retry_after` in seconds where the site says so
    │   └── ServiceUnavailable           5xx
    ├── SiteError (RuntimeError)         the site reported a failure inside its own protocol
    ├── ProtocolError                    the site answered something that its protocol does not have
    └── RecordingError                   a recording cannot be read, or does not hold what is asked of it
        └── ReplayMismatch               a request under replay that no recorded one matches

What an HTTP error status raises is *also* an `aiohttp.ClientResponseError` (see `toolkit.http.transport`), whichever
branch it belongs to. No error ever holds a cookie, a token, or the query of a URL.
"""

from __future__ import annotations

import shlex
import sys
from typing import Any
from urllib.parse import urlsplit


def redact_url(url: str) -> str:
    """`url` as it may be shown: without user, password, query and fragment."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}" if parts.scheme else parts.path


def install_hint(name: str) -> str:
    """How the extra `name` gets into the environment that runs this: by the pip of the Python below it, since one made
    as the README has it has none of its own."""
    below, here = shlex.quote(getattr(sys, "_base_executable", sys.executable)), shlex.quote(sys.executable)
    return f"In a clone of the toolkit, run `{below} -m pip --python {here} install '.[{name}]'`"


class ToolkitError(Exception):
    """Base of all our errors: what happened, at which provider and URL, and what to do next.

    `what` is one sentence. `provider` is a provider's name, `url` is kept without its query, `hint` is what the
    reader can do about it. The provider may be filled in later by whoever knows it.
    """

    hint: str = ""
    artifacts: str = ""  # what was kept of it for a person to look at, and where

    def __init__(
        self, what: str, *, provider: str | None = None, url: str | None = None, hint: str | None = None
    ) -> None:
        Exception.__init__(self, what)
        self.what = what
        self.provider = provider
        self.url = redact_url(url) if url else None
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        where = f" ({self.url})" if self.url else ""
        who = f"{self.provider}: " if self.provider else ""
        more = "".join(f" {text}" for text in (self.hint, self.artifacts) if text)
        return f"{who}{self.what}{where}{more}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy: the class of this module and the plain facts, nothing of a connection."""
        kind = next(kind for kind in type(self).__mro__ if globals().get(kind.__name__) is kind)
        plain = (str, int, float, bool, tuple, type(None))  # exactly: a named tuple can hold anything
        return _restored, (kind, {name: value for name, value in vars(self).items() if type(value) in plain})


def _restored(kind: type[ToolkitError], facts: dict[str, Any]) -> ToolkitError:
    error = kind.__new__(kind)
    error.__dict__.update(facts)
    error.args = (error.what,)
    return error


class UsageError(ToolkitError, ValueError):
    """An argument cannot be used."""


class UnknownProvider(UsageError):
    """No provider has that name."""


class ContextTypeError(UsageError, TypeError):
    """What was given is not a Playwright browser context, or one of the other API."""


class ConfigError(ToolkitError):
    """browsers.json cannot be used: the text names the file, the place in it and what was expected."""


class BrowserError(ToolkitError):
    """The browser's side."""


class BrowserMissing(BrowserError):
    """There is no browser that Playwright can drive."""

    hint = "Run `toolkit install`, or name one as `executable_path` in browsers.json."


class DriverFailed(BrowserError):
    """Playwright's own program does not start. `library` is the shared library that it lacks, if that is why."""

    hint = "Run `toolkit install`."
    library: str | None = None


class BrowserLost(BrowserError):
    """The connection to a browser elsewhere broke during a visit, and the one retry did not help."""

    hint = "See whether the browser's server still runs, and try again."


class ProfileLocked(BrowserError):
    """Another process uses that browser profile folder."""

    hint = "Close the browser that uses it, or choose another profile."


class HarvestFailed(BrowserError):
    """The visit ended without the session that the recipe needs."""


class SessionError(ToolkitError):
    """The session's side."""


class LoginRequired(SessionError):
    """A person has to log in."""


class SessionExpired(LoginRequired):
    """The session that we had is no longer taken."""


class WrongAccount(SessionError):
    """Somebody else is signed in than the account that the session is for."""


class AccountPending(SessionError):
    """The site takes the session, and does not let the account in: somebody there has to approve it first."""

    hint = "A new login does not help: ask whoever runs the site to approve the account."


class ChallengeRequired(SessionError):
    """The site asks for proof of a person; we never solve one, a window does."""


class StoreError(SessionError):
    """A stored session cannot be read or written."""


class NetworkError(ToolkitError):
    """The way to the site and back."""


class ConnectFailed(NetworkError):
    """There was no connection, or it ended before an answer; `sent` is False where nothing can have been sent."""

    sent: bool = True
    hint = "Check the address and the network."


class ProxyFailed(NetworkError):
    """The proxy refused, or cannot be reached. `status` is its HTTP status, if it gave one."""

    status: int | None = None
    hint = "Check the proxy's address, user and password."


class TLSFailed(NetworkError):
    """The site's certificate, or the TLS handshake, was refused."""

    hint = "Check the site's address and this machine's clock."


class StreamTimeout(NetworkError, TimeoutError):
    """A deadline passed. `deadline` names it, `seconds` is its length, `text` is the answer so far."""

    def __init__(self, what: str, *, deadline: str, seconds: float, url: str | None = None) -> None:
        super().__init__(what, url=url)
        self.deadline = deadline
        self.seconds = seconds
        self.text = ""


class StreamInterrupted(NetworkError):
    """The stream ended before its end. `text` is the answer so far."""

    text = ""


class StatusError(ToolkitError):
    """The site answered with an HTTP error status. `status`, `reason`, `body` (a short excerpt) tell which.

    `retry_after` is how long the site asks to wait, in seconds; None where it does not say.
    """

    status = 0
    reason = ""
    body = ""
    retry_after: float | None = None


class BadRequest(StatusError):
    """4xx: the site refuses the call itself."""


class UnknownModel(BadRequest):
    """The site has no model of that name, or not for this account."""

    hint = "`client.models(refresh=True)` lists those that there are."


class RateLimited(StatusError):
    """429: too many calls."""

    hint = "Wait before the next call."


class ServiceUnavailable(StatusError):
    """5xx: the site, or what stands behind it, failed."""


class SiteError(ToolkitError, RuntimeError):
    """The site reported a failure inside its own protocol."""


class ProtocolError(ToolkitError):
    """The site answered something that its protocol does not have. `page` says that it was a web page."""

    page = False


class RecordingError(ToolkitError):
    """A recording cannot be read, or does not hold what is asked of it."""


class ReplayMismatch(RecordingError):
    """A request under replay that no recorded one matches; or, at the end of a strict replay, all its `differences`."""

    differences: tuple[str, ...] = ()

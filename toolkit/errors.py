"""Every error that the toolkit raises on purpose, in one tree.

    ToolkitError
    ├── UsageError (ValueError)          an argument cannot be used: empty messages, an unknown role
    │   ├── ContextTypeError (TypeError)  not a Playwright browser context
    │   └── UnknownProvider              no provider has that name
    ├── ConfigError                      browsers.json: which file, where in it, what was expected
    ├── BrowserError                     the browser, or the visit, failed
    │   ├── BrowserMissing               no browser that Playwright can drive
    │   ├── DriverFailed                 Playwright's driver process does not start
    │   ├── BrowserLost                  the connection to a remote browser broke, and the one retry failed too
    │   ├── ProfileLocked                another process uses the profile folder
    │   └── HarvestFailed                the visit ended without a session that meets the recipe
    ├── SessionError                     a session cannot be used or read
    │   ├── LoginRequired                a person has to log in
    │   │   └── SessionExpired           ... again: the site no longer accepts the session
    │   │       └── KeyRefused           the site does not take the API key that the session is
    │   ├── GateRefused                  a gate in front of the site does not let the call through
    │   ├── WrongAccount                 another account is signed in
    │   ├── AccountPending               the account has not been approved at the site
    │   ├── ChallengeRequired            the site demands proof that a person is there
    │   └── StoreError                   a stored session cannot be read or written
    ├── NetworkError                     the connection to the site failed
    │   ├── ConnectFailed                no connection: unknown name, no route, refused, reset before an answer
    │   ├── ProxyFailed                  the proxy refused, or cannot be reached
    │   ├── TLSFailed                    the certificate or the handshake was refused
    │   ├── StreamTimeout (TimeoutError) a deadline passed; `.deadline` and `.seconds` say which
    │   └── StreamInterrupted            the answer broke off; `.text` has what had arrived
    ├── StatusError                      the site answered with an HTTP error status
    │   ├── BadRequest                   4xx: the site refuses the request
    │   │   └── UnknownModel             ... because the account has no model of that name
    │   ├── RateLimited                  429; `.retry_after` in seconds if the site says so
    │   └── ServiceUnavailable           5xx
    ├── SiteError (RuntimeError)         the site reported a failure inside its own protocol
    ├── AnswerTruncated                  the site cut the answer; `.finish_reason` says why
    ├── ProtocolError                    the site's answer does not follow its protocol
    │   └── EmptyAnswer                  ... there is no text in it; the words say what there was instead
    ├── TooManyOpenFiles                 this process can open no more files and connections
    └── RecordingError                   a recording cannot be read, or lacks what is needed of it
        ├── CannotInfer                  no provider can be made of it: it does not show how, or no call can do it
        ├── RecordingExists              the file of a recording that was to be made is there already
        └── ReplayMismatch               no recorded request matches a request in a replay

An error for an HTTP error status is *also* an `aiohttp.ClientResponseError` (see `toolkit.http.status_errors`),
whichever branch it belongs to. `.text` of an error that ends an answer is what had come of it. No error ever holds a
cookie, a token, or the query of a URL.
"""

from __future__ import annotations

import errno
import math
import shlex
import sys
from typing import Any
from urllib.parse import urlsplit


def one_line(text: str) -> str:
    """`text` with U+FFFD in the place of all that is not printable: what ends a line, could steer a terminal, or shows
    text in another order than it has."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in text)


def redact_url(url: str) -> str:
    """`url` without user, password, query and fragment, in one line, so that it can be shown."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    return one_line(f"{parts.scheme}://{host}{port}{parts.path}" if parts.scheme else parts.path)


def install_hint(name: str) -> str:
    """How to install the extra `name` into the running environment, as a sentence without a full stop.

    It uses the pip of the base Python, because an environment made as the README says has no pip of its own.
    """
    base, environment = shlex.quote(getattr(sys, "_base_executable", sys.executable)), shlex.quote(sys.executable)
    return f"In a clone of the toolkit, run `{base} -m pip --python {environment} install '.[{name}]'`"


def deadline_hint(name: str) -> str:
    """How to give more time to what the deadline `name` of `toolkit.Deadlines` limits."""
    return f"`Deadlines({name}=...)` gives it more time."


class ToolkitError(Exception):
    """The base class of all errors of the toolkit: what happened, at which provider and URL, and what to do next.

    `what` is one sentence. `provider` is the provider's name; code that catches the error may set it later. `url` is
    stored without user, password, query and fragment. `hint` says what the reader can do.
    """

    hint: str = ""
    text: str = ""  # the answer so far, of an error that ends one
    artifacts: str = ""  # which files were saved for a person to look at, and where

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
        """For pickle and copy: the class in this module and the attributes of plain types, nothing of a connection."""
        kind = next(kind for kind in type(self).__mro__ if globals().get(kind.__name__) is kind)
        plain = (str, int, float, bool, tuple, type(None))  # exactly: a named tuple can hold anything
        return _unpickle, (kind, {name: value for name, value in vars(self).items() if type(value) in plain})


def _unpickle(kind: type[ToolkitError], attributes: dict[str, Any]) -> ToolkitError:
    error = kind.__new__(kind)
    error.__dict__.update(attributes)
    error.args = (error.what,)
    return error


class UsageError(ToolkitError, ValueError):
    """An argument cannot be used."""


class UnknownProvider(UsageError):
    """No provider has that name."""


class ContextTypeError(UsageError, TypeError):
    """The argument is not a Playwright browser context, or one of the other (sync or async) API."""


class ConfigError(ToolkitError):
    """browsers.json cannot be used: the message names the file, the place in it and what was expected."""


class BrowserError(ToolkitError):
    """The browser, or its visit to the site, failed."""


class BrowserMissing(BrowserError):
    """No installed browser can be driven by Playwright."""

    hint = "Run `toolkit install`, or name one as `executable_path` in browsers.json."


class DriverFailed(BrowserError):
    """Playwright's driver process does not start. `library` is the missing shared library, if that is the cause."""

    hint = "Run `toolkit install`."
    library: str | None = None


class BrowserLost(BrowserError):
    """The connection to a remote browser broke during a visit, and the one retry failed too."""

    hint = "See whether the browser's server still runs, and try again."


class ProfileLocked(BrowserError):
    """Another process uses the folder of the browser profile."""

    hint = "Close the browser that uses it, or choose another profile."


class HarvestFailed(BrowserError):
    """The visit ended without a session that meets the recipe."""


class SessionError(ToolkitError):
    """A session cannot be used or read."""


class LoginRequired(SessionError):
    """A person has to log in."""


class SessionExpired(LoginRequired):
    """The site no longer accepts the session."""


class KeyRefused(SessionExpired):
    """The site does not take the API key that the session is. A person makes a new one at the site."""


class GateRefused(SessionError):
    """What stands in front of the site, a proxy with a login for example, does not let the call through."""

    hint = "What a gate wants is told in browsers.json, as fields of the deployment or of the profile."


class WrongAccount(SessionError):
    """Another account is signed in than the one that the session is for."""


class AccountPending(SessionError):
    """The site accepts the session but not yet the account: an administrator there has to approve it first."""

    hint = "A new login does not help: ask whoever runs the site to approve the account."


class ChallengeRequired(SessionError):
    """The site demands proof that a person is there. The toolkit never solves one; a person can, in a window."""


class StoreError(SessionError):
    """A stored session cannot be read or written."""


class NetworkError(ToolkitError):
    """The connection to the site failed."""


class ConnectFailed(NetworkError):
    """There was no connection, or it ended before an answer. `sent` is False if nothing can have been sent."""

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
    """A deadline passed. `deadline` is its name, `seconds` its length, `text` the answer so far."""

    def __init__(
        self, what: str, *, deadline: str, seconds: float, url: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(what, url=url, hint=hint)
        self.deadline = deadline
        self.seconds = seconds
        self.text = ""


class StreamInterrupted(NetworkError):
    """The answer broke off before its end. `text` is the answer so far."""

    text = ""


class StatusError(ToolkitError):
    """The site answered with an HTTP error status: `status`, its `reason`, and a short excerpt of the `body`.

    `retry_after` is how many seconds the site asks to wait; None if it does not say.
    """

    status = 0
    reason = ""
    body = ""
    retry_after: float | None = None

    def ask_to_wait(self, seconds: float | None) -> None:
        """Set `retry_after`, and the hint that says so."""
        self.retry_after = seconds
        if seconds is not None:
            self.hint = f"Wait {math.ceil(seconds)} s before the next call."


class BadRequest(StatusError):
    """4xx: the site refuses the request."""


class UnknownModel(BadRequest):
    """The site has no model of that name, at least not for this account."""

    hint = "`client.models(refresh=True)` lists those that there are."


class RateLimited(StatusError):
    """429: too many calls."""

    hint = "Wait before the next call."


class ServiceUnavailable(StatusError):
    """5xx: the site, or a server behind it, failed."""


class SiteError(ToolkitError, RuntimeError):
    """The site reported a failure inside its own protocol."""


class ProtocolError(ToolkitError):
    """The site's answer does not follow its protocol. `page` is True if the answer was a web page."""

    page = False


class EmptyAnswer(ProtocolError):
    """The answer is over, and there is no text in it."""

    hint = "Ask again, or ask another model."


class AnswerTruncated(ToolkitError):
    """The site cut the answer. `text` is what there is of it, `finish_reason` the site's reason (`length`,
    `content_filter`)."""

    finish_reason = ""


class TooManyOpenFiles(ToolkitError):
    """This process can open no more files and connections."""

    hint = "Close some, such as clients that are not needed any more, or raise the limit (`ulimit -n`)."


def file_limit_error(error: BaseException) -> TooManyOpenFiles | None:
    """The error for an `OSError` that means that no more files can be opened, of this process or of the system; None
    for another one. It can come from wherever a file is opened, be it a module that is loaded just then."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return TooManyOpenFiles("This process can open no more files and connections.")
    return None


class RecordingError(ToolkitError):
    """A recording cannot be read, or lacks what is needed of it."""


class CannotInfer(RecordingError):
    """No provider can be written from a recording: the words say what cannot be told, and where it was looked for."""


class RecordingExists(RecordingError):
    """The file of a recording that was to be made is there already."""


class ReplayMismatch(RecordingError):
    """No recorded request matches a request in a replay. A strict replay lists all `differences` at its end."""

    differences: tuple[str, ...] = ()

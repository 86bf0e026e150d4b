"""Adds hints to errors: what a person can do, as commands that work as they are printed.

Nothing here reads files or the environment, or sends anything.
"""

from __future__ import annotations

import shlex
from typing import NamedTuple

from toolkit.errors import (
    BadRequest,
    ChallengeRequired,
    ConnectFailed,
    KeyRefused,
    LoginRequired,
    ProtocolError,
    ToolkitError,
    UnknownModel,
    WrongAccount,
    file_limit_error,
    one_line,
)
from toolkit.providers.base import Provider
from toolkit.session.frame_locals import forget_locals
from toolkit.stores.base import Key

CLOSED_SITE_HINT = (
    "The public site is closed: point `base_url` at another deployment of it, or use a recording (`--replay`)."
)

WRONG_PATH_HINT = "Perhaps the address is not right: `base_url` is where the page of the site opens."

# Of a session that the site has bound to the browser, and what can be done about it.
BOUND = (
    "The site binds its session to the browser by a key that stays there: elsewhere it lasts minutes, exported or not."
)


def bound_session_hint(options: str) -> str:
    """The sentence that says how to use a bound session, with the `options` that name it on the command line."""
    return f"`toolkit login {options} --cdp http://127.0.0.1:9222` takes it anew from the Chrome that you have open."


def command_arguments(key: Key) -> str:
    """The arguments that name a session on the command line."""
    account = f" --account {shlex.quote(key.account)}" if key.account != "default" else ""
    return f"{key.provider} --base-url {key.origin}{account}"


def renewal_command(key: Key, provider: type[Provider], *, api_key: bool = False) -> str:
    """The command by which a person makes the session of `key` anew; `api_key` says that it is an API key's."""
    if api_key:
        return f"toolkit session import {command_arguments(key)} --bearer"
    if not provider.harvest.can_detect_login:
        return f"toolkit harvest {command_arguments(key)} --profile headed"
    return f"toolkit login {command_arguments(key)}"


class ErrorHints(NamedTuple):
    """Hints for the errors of one client, as a context manager around what may raise them.

    The session is that of `account` at `provider`. `variable` is the environment variable that it comes from; empty if
    it comes from elsewhere. `other_accounts` are those that have a session where this one has none. An error that
    leaves the block loses the local variables of what it has left.
    """

    provider: Provider
    account: str
    variable: str
    other_accounts: list[str]

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and not isinstance(error, GeneratorExit):
            forget_locals(error)
        if isinstance(error, ToolkitError):
            self.add_hint(error)
        elif error is not None and (limit := file_limit_error(error)) is not None:
            limit.provider = self.provider.name
            raise limit from None

    def add_hint(self, error: ToolkitError) -> None:
        """Set the provider, the URL and the hint of `error`, where this client knows better than who raised it."""
        name, login = self.provider.name, f"toolkit login {self._session_options}"
        error.provider = error.provider or name
        if isinstance(error, ProtocolError):
            error.url = error.url or self.provider.api
        if isinstance(error, KeyRefused):
            where = f"put an export of it into {self.variable}" if self.variable else "hand it in"
            command = f"toolkit session import {self._session_options} --bearer"
            error.hint = f"Make another one at the site, and {where}: `{command}` reads it from stdin."
        elif isinstance(error, LoginRequired):
            error.hint = f"Log in by hand: `{login}` opens a window for it."
            if not self.provider.harvest.can_detect_login:
                error.hint = (
                    f"`toolkit harvest {self._session_options}` visits the site, with `--profile headed` in a window."
                )
            elif self.variable:
                error.what = f"The session in {self.variable} is not taken any more: {error.what}"
                error.hint = (
                    f"Log in where there is a screen, with `{login}`, and put the session there anew: "
                    f"`toolkit session export {self._session_options}`."
                )
            elif self.other_accounts:
                error.hint += f" Or {other_accounts_hint(self.other_accounts)}"
        elif isinstance(error, ChallengeRequired):
            command = "login" if self.provider.harvest.can_detect_login else "harvest --profile headed"
            error.hint = f"Show it in a window that you are one: `toolkit {command} {self._session_options}` opens one."
        elif isinstance(error, WrongAccount):
            error.hint = (
                f"`toolkit login {name}{self._deployment_option} --account NAME` keeps both; "
                f"`toolkit session rm {self._session_options}` forgets the old one."
            )
        elif isinstance(error, UnknownModel):
            error.hint = (
                f"`toolkit models {self._session_options} --refresh` lists what there is, as `client.models` does."
            )
        elif self.provider.single_page and _is_unknown_path(error):
            error.hint = WRONG_PATH_HINT
        elif isinstance(error, ConnectFailed) and not self.provider.working and not self.provider.base_url:
            error.hint = CLOSED_SITE_HINT

    @property
    def _deployment_option(self) -> str:
        return f" --base-url {self.provider.base_url}" if self.provider.base_url else ""

    @property
    def _session_options(self) -> str:
        """The provider and the options that make a command be about this session."""
        account = f" --account {self.account}" if self.account != "default" else ""
        return f"{self.provider.name}{self._deployment_option}{account}"


def other_accounts_hint(accounts: list[str]) -> str:
    """The sentence that names the accounts that have a session; empty for none."""
    if not accounts:
        return ""
    shown = " or ".join(f"`--account {one_line(account)}`" for account in accounts)
    return f"use {shown}, which {'has' if len(accounts) == 1 else 'have'} one."


def _is_unknown_path(error: ToolkitError) -> bool:
    """Return whether a single-page site answers unknown paths like this: GET with its page, other methods with 405."""
    return error.page if isinstance(error, ProtocolError) else isinstance(error, BadRequest) and error.status == 405

"""What a person can do about an error, in commands that work as they are printed. Pure."""

from __future__ import annotations

from typing import NamedTuple

from toolkit.errors import (
    BadRequest,
    ChallengeRequired,
    ConnectFailed,
    LoginRequired,
    ProtocolError,
    ToolkitError,
    UnknownModel,
    WrongAccount,
)
from toolkit.providers.base import Provider

CLOSED = "The public site is closed: point `base_url` at another deployment of it, or use a recording (`--replay`)."

PATH = "Perhaps the address is not right: `base_url` is where the page of the site opens."


class ErrorHints(NamedTuple):
    """Knows whose session it is: of which provider and account; `variable` is the one that handed it in, if one did.

    `with hints:` explains the errors that pass.
    """

    provider: Provider
    account: str
    variable: str

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ToolkitError):
            self.explain(error)

    def explain(self, error: ToolkitError) -> None:
        """Give `error` the provider, and what to do about it at this one."""
        name, login = self.provider.name, f"toolkit login {self._whose}"
        error.provider = error.provider or name
        if isinstance(error, ProtocolError):
            error.url = error.url or self.provider.api
        if isinstance(error, LoginRequired):
            error.hint = f"Log in by hand: `{login}` opens a window for it."
            if not self.provider.harvest.can_detect_login:
                error.hint = f"`toolkit harvest {self._whose}` visits the site, with `--profile headed` in a window."
            elif self.variable:
                error.what = f"The session in {self.variable} is not taken any more: {error.what}"
                error.hint = (
                    f"Log in where there is a screen, with `{login}`, and put the session there anew: "
                    f"`toolkit session export {self._whose}`."
                )
        elif isinstance(error, ChallengeRequired):
            command = "login" if self.provider.harvest.can_detect_login else "harvest --profile headed"
            error.hint = f"Show it in a window that you are one: `toolkit {command} {self._whose}` opens one."
        elif isinstance(error, WrongAccount):
            error.hint = (
                f"`toolkit login {name}{self._deployment} --account NAME` keeps both; "
                f"`toolkit session rm {self._whose}` forgets the old one."
            )
        elif isinstance(error, UnknownModel):
            error.hint = f"`toolkit models {self._whose} --refresh` lists what there is, as `client.models` does."
        elif self.provider.single_page and _no_such_path(error):
            error.hint = PATH
        elif isinstance(error, ConnectFailed) and not self.provider.working and not self.provider.base_url:
            error.hint = CLOSED

    @property
    def _deployment(self) -> str:
        return f" --base-url {self.provider.base_url}" if self.provider.base_url else ""

    @property
    def _whose(self) -> str:
        """The provider and the options for a command that is about this session."""
        account = f" --account {self.account}" if self.account != "default" else ""
        return f"{self.provider.name}{self._deployment}{account}"


def _no_such_path(error: ToolkitError) -> bool:
    """Whether that is how a site of a single page answers a path that it does not know: GET with its page."""
    return error.page if isinstance(error, ProtocolError) else isinstance(error, BadRequest) and error.status == 405

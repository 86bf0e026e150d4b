"""Renews a session by a command of the person's own, as git's credential helpers work.

The command gets on its standard input what is wanted, a line `name=value` for each fact and an empty line at the end,
and prints a session in any format that `toolkit session import` reads. What it writes to standard error is shown. What
it prints is a secret: it is neither logged nor part of any error, and nor is the command itself.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import time
from collections.abc import Mapping
from typing import cast

import msgspec

from toolkit.client.imported_session_validation import validate_session
from toolkit.errors import SessionError, UsageError, one_line
from toolkit.providers.base import Provider
from toolkit.session.browser_headers import origin_of
from toolkit.session.browser_session import BrowserSession

VARIABLE = "TOOLKIT_RENEW_COMMAND"
COMMAND_SECONDS = 60.0  # the longest that the command may take
OUTPUT_LIMIT = 1 << 23  # bytes
NAME = "the renewal command"


def configured_command(provider: str, environ: Mapping[str, str]) -> str:
    """The command for `provider` that the environment names: in `TOOLKIT_RENEW_COMMAND_` plus the provider's name in
    capitals, else in `TOOLKIT_RENEW_COMMAND`; "" for none."""
    own = f"{VARIABLE}_{re.sub(r'[^A-Za-z0-9]', '_', provider).upper()}"
    return environ.get(own, environ.get(VARIABLE, ""))


async def renew_by_command(
    command: str, previous: BrowserSession, provider: Provider, seconds: float = COMMAND_SECONDS
) -> BrowserSession:
    """Run `command`, whose words are as in a shell, and return the session that it prints.

    What the printed session does not tell (headers, profile, proxy) is as in `previous`. Raises `SessionError` if the
    command cannot be run, fails, takes longer than `seconds`, or prints no session of `provider`.
    """
    from toolkit.session.formats.conversion import parse

    output = await _run(command, _wanted(previous), seconds)
    try:
        parsed = parse(output, provider=provider.name, origin=origin_of(provider.page))
        session = validate_session(parsed, provider, "what it printed", now=time.time()).session
    except UsageError as error:
        raise SessionError(error.what) from None
    return msgspec.structs.replace(
        session,
        account=previous.account,
        headers=session.headers or previous.headers,
        profile=session.profile or previous.profile,
        proxy=session.proxy or previous.proxy,
        visit_seconds=previous.visit_seconds,
        harvested_at=time.time(),
    )


def _wanted(session: BrowserSession) -> bytes:
    facts = {
        "provider": session.provider,
        "origin": session.origin,
        "account": session.account,
        "identity": session.identity,
        "expires": None if session.expires_at is None else f"{session.expires_at:.0f}",
    }
    lines = [f"{name}={one_line(value)}\n" for name, value in facts.items() if value]
    return "".join((*lines, "\n")).encode("utf-8", "replace")


async def _run(command: str, wanted: bytes, seconds: float) -> str:
    """What `command` prints when it is told what is `wanted`. It ends with this call, whatever happens."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLE)}  # it may call us
    loop = asyncio.get_running_loop()
    try:
        transport, printed = await loop.subprocess_exec(
            lambda: _Printed(loop.create_future()), *shlex.split(command), stderr=None, env=environ
        )
    except OSError as error:
        raise SessionError(f"it cannot be run: {error.strerror}") from None
    except ValueError:
        raise SessionError("it cannot be run: its quotes do not match") from None
    try:
        stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        stdin.write(wanted)
        stdin.close()
        async with asyncio.timeout(seconds):
            await printed.ended
    except TimeoutError:
        raise SessionError(f"it took longer than {seconds:g} s") from None
    finally:
        transport.close()  # kills it where it still runs; a child of it may hold the pipes open
    if status := transport.get_returncode():
        raise SessionError(f"it ended with the status {status}")
    try:
        return printed.output.decode()
    except UnicodeDecodeError:
        raise SessionError("it printed what is not UTF-8 text") from None


class _Printed(asyncio.SubprocessProtocol):
    """Collects what a process prints. `ended` is done when the process is over and its pipes are closed."""

    def __init__(self, ended: asyncio.Future[None]) -> None:
        self.ended = ended
        self.output = bytearray()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.output += data
        if len(self.output) > OUTPUT_LIMIT and not self.ended.done():
            self.ended.set_exception(SessionError(f"it printed more than {OUTPUT_LIMIT >> 20} MiB"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

"""Running coroutines from a command that is not one, so that a signal ends them in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from types import FrameType, TracebackType
from typing import Any, TypeVar

import click

from toolkit.cli.options import debug_wanted
from toolkit.cli.terminal import clear_status, notify

T = TypeVar("T")

# Ctrl-C, what `kill` sends, a terminal that is closed (Windows calls the last one differently).
SIGNALS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up", "SIGBREAK": "interrupted"}


class _Signalled(KeyboardInterrupt):
    """A signal has come. (Event loops let no other exception through that is raised in a signal handler.)"""


class Runner:
    """A place to run coroutines, one after another, in one event loop. A context manager.

    A signal cancels the coroutine that runs; once it has tidied up, and what was entered is closed, a short line says
    what happened and the command exits with 128 and the signal's number. Between coroutines, such as while a person
    types, a signal ends the work at once. A second Ctrl-C ends the process, and nothing more is tidied up but by
    Playwright's driver, which closes its browsers when it is left alone.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[Any] | None = None
        self._signal: signal.Signals | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Runner:
        for name in SIGNALS:
            number = getattr(signal, name, None)
            # One that is ignored, as with nohup, stays ignored.
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.close()
        except _Signalled as late:
            error = late
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
        if self._signal is not None:
            raise click.exceptions.Exit(self._told(self._signal)) from error

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end, and give what it returns."""
        try:
            result = self._runner.run(self._remembered(work))
        except BaseException as error:
            if self._signal is None or isinstance(error, _Signalled):
                raise
            raise _Signalled from error  # whatever came of being cancelled
        finally:
            self._task = None
        if self._signal is not None:
            raise _Signalled
        return result

    @contextmanager
    def async_with(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """`async with manager`, around a block that runs coroutines. It is left without the block's exception."""
        stack = AsyncExitStack()
        try:
            yield self.run(stack.enter_async_context(manager))
        finally:
            self.run(stack.aclose())

    async def _remembered(self, work: Coroutine[Any, Any, T]) -> T:
        self._task = asyncio.current_task()
        return await work

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._signal is not None:
            if number == signal.SIGINT:
                os._exit(self._told(signal.SIGINT))
            return  # `timeout` sends its signal twice, for one
        self._signal = signal.Signals(number)
        if self._task is None:
            raise _Signalled
        self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def _told(self, number: signal.Signals) -> int:
        """Say that it was a signal; gives the exit code."""
        clear_status()
        if number is signal.SIGINT and sys.stderr is not None and sys.stderr.isatty():
            click.echo(err=True)  # the terminal has written ^C where the cursor was
        click.echo(SIGNALS[number.name], err=True)
        return 128 + number


class _Notes(logging.Handler):
    """Log records as lines on stderr, wherever that goes at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = "note" if record.name == "toolkit" and record.levelno >= logging.WARNING else record.levelname.lower()
        notify(f"{kind}: {self.format(record)}")


_QUIET = logging.NullHandler()


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    """What is collected after its event loop has closed complains to nobody: that is asyncio's, and goes where the
    rest of it does."""
    kind = (told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
    logging.getLogger("asyncio").error("%s: %r", told.err_msg or "Exception ignored in", told.object, exc_info=kind)


@contextmanager
def show_log() -> Iterator[None]:
    """Show what the toolkit logs: warnings, as notes; with `--debug` everything, asyncio's complaints included."""
    handlers: dict[str, logging.Handler] = {"toolkit": _Notes()}
    handlers["asyncio"] = _Notes() if debug_wanted() else _QUIET
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable  # it stays, as `_QUIET` does
    logging.getLogger("toolkit").setLevel(logging.DEBUG if debug_wanted() else logging.WARNING)
    try:
        yield
    finally:
        for name, handler in handlers.items():
            if handler is not _QUIET:  # it stays: what is collected as the interpreter ends complains as well
                logging.getLogger(name).removeHandler(handler)


@contextmanager
def start_runner() -> Iterator[Runner]:
    """A `Runner`, with the notes shown."""
    with show_log(), Runner() as work:
        yield work

"""Runs coroutines from a command, which is a plain function, and ends them in order when a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from types import FrameType, TracebackType
from typing import Any, TypeVar

import click

from toolkit.cli.log_output import show_log
from toolkit.cli.output import begin_line, echo
from toolkit.cli.status_line import clear_status
from toolkit.cli.terminal_echo import restore_echo

T = TypeVar("T")

END_SECONDS = 2.5  # how long a command may clean up after a signal
PRINT_SECONDS = 0.2  # for the line that says so

# The signals that end a command, and the line that says so: Ctrl-C, what `kill` sends, a terminal that is closed
# (SIGHUP), and Ctrl-Break on Windows.
SIGNALS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up", "SIGBREAK": "interrupted"}


class _SignalReceived(KeyboardInterrupt):
    """A signal has come. Of what a signal handler raises, event loops let only `KeyboardInterrupt`s through."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C was pressed in a block of `Runner.interruptible`, which goes on."""


class Runner:
    """Runs coroutines, one after another, in one event loop. A context manager.

    A signal cancels the coroutine that runs. Once it has cleaned up, and the managers of `async_with` are closed, a
    short line says what happened, and the command exits with 128 and the signal's number. Between coroutines, such as
    while a person types, a signal ends the command at once. What has not cleaned up after `END_SECONDS` is given up,
    and so it is at a second Ctrl-C; Playwright's driver then closes its browsers by itself. In a block of
    `interruptible`, Ctrl-C ends no more than what runs in it.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[Any] | None = None  # the one that runs now
        self._starting = False  # one is to run next
        self._signal: signal.Signals | None = None  # the first that came
        self._handlers: dict[signal.Signals, Any] = {}  # those that were set before
        self._interruptible = False
        self._interrupted = False  # Ctrl-C has come in a block of `interruptible`
        self._end = _ForcedEnd()

    def __enter__(self) -> Runner:
        for name in SIGNALS:
            number = getattr(signal, name, None)
            # A signal that is ignored, as with nohup, stays ignored.
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.close()
        except _SignalReceived as late:
            error = late
        finally:
            self._end.cancel()
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            restore_echo()
        if self._signal is not None:
            _print_signal(self._signal)
            raise click.exceptions.Exit(_exit_code(self._signal)) from error

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs `coroutine` to its end, and returns its result."""
        self._starting = True
        try:
            result = self._runner.run(self._run_as_current_task(coroutine))
        except BaseException as error:
            if isinstance(error, _SignalReceived) or (self._signal is None and not self._interrupted):
                raise
            raise self._received() from error  # `error` is what the coroutine made of being cancelled
        finally:
            self._task, self._starting = None, False
        if self._signal is not None or self._interrupted:
            raise self._received()
        return result

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Has Ctrl-C raise `Interrupted` in the block, and end only the coroutine that runs, once that has cleaned up.

        A second Ctrl-C before that ends the command, as the first one does outside of such a block.
        """
        self._interruptible, self._interrupted = True, False
        try:
            yield
        finally:
            self._interruptible = self._interrupted = False

    def _received(self) -> KeyboardInterrupt:
        """Returns what is raised for the signal that has come."""
        return _SignalReceived() if self._signal is not None else Interrupted()

    @contextmanager
    def async_with(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """Enters an async context manager around a block that is not async, and yields what it gives.

        The manager is always left as if the block had succeeded: it does not get the block's exception.
        """
        stack = AsyncExitStack()
        try:
            yield self.run(stack.enter_async_context(manager))
        finally:
            self.run(stack.aclose())

    async def _run_as_current_task(self, coroutine: Coroutine[Any, Any, T]) -> T:
        self._task, self._starting = asyncio.current_task(), False
        if self._interrupted:
            coroutine.close()
            raise asyncio.CancelledError
        return await coroutine

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and self._interruptible and not self._interrupted:
            if self._task is None and not self._starting:
                raise Interrupted
            self._interrupted = True
            if self._task is not None:
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)
            return
        if self._signal is not None:
            if number == signal.SIGINT:
                _end_now(signal.SIGINT)
            return  # the program `timeout` sends its one signal twice
        self._signal = signal.Signals(number)
        self._end.start(self._signal)
        if self._task is None:
            raise _SignalReceived
        self._task.get_loop().call_soon_threadsafe(self._task.cancel)


class _ForcedEnd:
    """Ends the process some time after a signal, whatever the main thread waits for, even if it is blocked."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def start(self, number: signal.Signals) -> None:
        """Begin the time, for the signal `number`."""
        self._timer = threading.Timer(END_SECONDS, _end_now, (number,))
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """The command has ended in order."""
        if self._timer is not None:
            self._timer.cancel()


def _end_now(number: signal.Signals) -> None:
    """End the process without cleaning up, and kill the driver and the browsers, which may be stopped."""
    if (folders := sys.modules.get("toolkit.browser.temporary_folders")) is not None:
        folders.end_all_processes()
    # In a thread of its own, since the main thread may be blocked while it writes there.
    printing = threading.Thread(target=_leave_terminal, args=(number,), daemon=True)
    printing.start()
    printing.join(PRINT_SECONDS)
    os._exit(_exit_code(number))


def _leave_terminal(number: signal.Signals) -> None:
    _print_signal(number)
    restore_echo()


@contextmanager
def start_runner() -> Iterator[Runner]:
    """Yields a `Runner`, and shows the log meanwhile."""
    with show_log(), Runner() as runner:
        yield runner


def _print_signal(number: signal.Signals) -> None:
    """Says on stderr that a signal has ended the command."""
    clear_status()
    if number is signal.SIGINT and sys.stderr is not None and sys.stderr.isatty():
        echo(err=True)  # the terminal has written ^C where the cursor was
    else:
        begin_line()
    echo(SIGNALS[number.name], err=True)


def _exit_code(number: signal.Signals) -> int:
    """Returns the exit code of a command that a signal has ended, which is the one that shells use."""
    return 128 + number

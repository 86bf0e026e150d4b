"""Runs another program as a child process in place of this one: with its streams, its signals and its exit code."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress

import click

from toolkit.cli.error_report import print_error

# The exit codes that shells use. To the last one the number of the signal is added.
NOT_RUNNABLE, NOT_FOUND, KILLED = 126, 127, 128

FORWARDED_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


async def run_program(program: tuple[str, ...], environ: dict[str, str]) -> int:
    """Runs `program` (its name and arguments) to its end, and returns its exit code.

    It has this process's stdin, stdout and stderr, and gets the signals that this process gets. Where it cannot be
    started, the reason is printed and `click.exceptions.Exit` raised.
    """
    child: asyncio.subprocess.Process | None = None
    early: list[int] = []  # signals that came before the child was there

    def forward(number: int) -> None:
        if child is None:
            early.append(number)
        elif number != signal.SIGINT or not _is_terminal_foreground():
            with suppress(ProcessLookupError):
                child.send_signal(number)

    _handle_signals(forward)  # before the start, since the child may be at work before we hear that it has started
    child = await _start(program, environ)
    for number in early:
        forward(number)
    code = await _wait(child)
    return code if code >= 0 else KILLED - code  # a negative one is the signal that ended it


async def _start(program: tuple[str, ...], environ: dict[str, str]) -> asyncio.subprocess.Process:
    path = shutil.which(program[0], path=environ.get("PATH")) or program[0]  # `which` finds .cmd files on Windows
    try:
        return await asyncio.create_subprocess_exec(path, *program[1:], env=environ)
    except OSError as error:
        print_error(f"{program[0]}: {error.strerror or error}")
        raise click.exceptions.Exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE) from None


async def _wait(child: asyncio.subprocess.Process) -> int:
    """Waits for the child's end, whatever cancels this task, and returns its exit code.

    Where signals are not ours to handle (Windows), Ctrl-C cancels the task; the child has got it as well.
    """
    exit_code = asyncio.ensure_future(child.wait())
    try:
        while not exit_code.done():
            try:
                await asyncio.shield(exit_code)
            except asyncio.CancelledError:
                if exit_code.cancelled():
                    raise
    finally:
        exit_code.cancel()
    return exit_code.result()


def _handle_signals(handler: Callable[[int], None]) -> None:
    """From now on, signals to this process call `handler` with their number instead of ending it."""
    loop = asyncio.get_running_loop()
    for name in FORWARDED_SIGNALS:
        number = getattr(signal, name, None)  # Windows has two of them,
        with suppress(NotImplementedError):  # and no loop there handles any: Ctrl-C reaches the child by itself
            if number is not None:
                loop.add_signal_handler(number, handler, number)


def _is_terminal_foreground() -> bool:
    """Whether Ctrl-C in our terminal reaches this process's group, and so the child as well."""
    if os.name != "posix":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)

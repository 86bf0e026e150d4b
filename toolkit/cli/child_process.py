"""Another program as a child, which stands in this one's place: its streams, its signals, its exit code."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress

import click

NOT_RUNNABLE, NOT_FOUND, KILLED = 126, 127, 128  # as shells tell it
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


async def run_program(program: tuple[str, ...], environ: dict[str, str]) -> int:
    """Run `program` to its end, with our own stdin, stdout and stderr, and give its exit code.

    Raises `click.exceptions.Exit`, after it has said why, where it does not start.
    """
    path = shutil.which(program[0], path=environ.get("PATH")) or program[0]  # Windows finds .cmd files by this only
    child: asyncio.subprocess.Process | None = None
    early: list[int] = []

    def forward(number: int) -> None:
        if child is None:
            early.append(number)
        elif number != signal.SIGINT or not _from_terminal():
            with suppress(ProcessLookupError):
                child.send_signal(number)

    _pass_signals_on(forward)
    try:
        child = await asyncio.create_subprocess_exec(path, *program[1:], env=environ)
    except OSError as error:
        click.secho(f"error: {program[0]}: {error.strerror or error}", fg="red", err=True)
        raise click.exceptions.Exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE) from None
    for number in early:
        forward(number)
    waiting = asyncio.ensure_future(child.wait())
    try:
        while not waiting.done():
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:  # Ctrl-C where signals are not ours to handle: the child has it as well
                if waiting.cancelled():
                    raise
    finally:
        waiting.cancel()
    code = waiting.result()
    return code if code >= 0 else KILLED - code  # a negative one is the signal that ended it


def _pass_signals_on(forward: Callable[[int], None]) -> None:
    """From now on what is asked of this process is asked of its child, whose end is ours: `forward` tells it. That is
    before the child starts, which may be at work before we hear of it."""
    loop = asyncio.get_running_loop()
    for name in PASSED_ON:
        number = getattr(signal, name, None)  # Windows has two of them
        with suppress(NotImplementedError):  # and there no loop handles any: Ctrl-C reaches the child by itself
            if number is not None:
                loop.add_signal_handler(number, forward, number)


def _from_terminal() -> bool:
    """Whether Ctrl-C reaches us from a terminal, which sends it to the whole group of processes, the child too."""
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

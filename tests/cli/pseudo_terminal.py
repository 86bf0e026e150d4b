"""The command `toolkit` on a terminal, as a person has it: typing, and what is on the screen."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.cli import forked
from tests.cli.conftest import TRACEBACK, Toolkit
from tests.sites.asking import SECONDS

ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)")
CTRL_C, CTRL_D = "\x03", "\x04"
OVERLOOKED_SECONDS = 15.0


class Terminal:
    """A process whose controlling terminal is a pseudo-terminal. `raw` is everything that was written to it."""

    def __init__(self, process: asyncio.subprocess.Process | forked.Process, master: int) -> None:
        self.process = process
        self.raw = ""
        self._master = master
        self._more = asyncio.Event()
        self._bytes = b""
        asyncio.get_running_loop().add_reader(master, self._read)

    @property
    def screen(self) -> str:
        """What was written, without what steers the terminal."""
        return ESCAPES.sub("", self.raw).replace("\r\n", "\n").replace("\n\r", "\n")

    def type(self, text: str) -> None:
        os.write(self._master, os.fsencode(text))

    async def interrupts(self, text: str, times: int = 1) -> None:
        """Type Ctrl-C at a prompt, and wait until `text` has been shown that often.

        Python's `input` overlooks a signal that comes in the moment in which it begins to wait for a key (it calls
        select() after it has looked for signals), until the next one comes. So Ctrl-C is typed again where nothing
        happens for long, as a person does.
        """
        self.type(CTRL_C)
        try:
            await self.shows(text, times, seconds=OVERLOOKED_SECONDS)
        except AssertionError:
            self.type(CTRL_C)
            await self.shows(text, times)

    async def shows(self, text: str, times: int = 1, *, seconds: float = SECONDS) -> None:
        """Wait until `text` has been shown that often, for `seconds` at most."""
        try:
            async with asyncio.timeout(seconds):
                while self.screen.count(text) < times:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} is not on the screen, which shows {self.screen!r}") from None

    async def end_by_interrupt(self) -> int:
        """Type Ctrl-C at a prompt, again where it is overlooked (see `interrupts`); gives the exit code."""
        self.type(CTRL_C)
        with suppress(TimeoutError):
            async with asyncio.timeout(OVERLOOKED_SECONDS):
                await self.process.wait()
        if self.process.returncode is None:
            self.type(CTRL_C)
        return await self.end()

    async def end(self) -> int:
        """Wait for the end of the process; gives its exit code. What it said is checked to be no traceback."""
        async with asyncio.timeout(SECONDS):
            code = await self.process.wait()
        self._read()
        print(self.screen)  # shown where the test fails
        assert TRACEBACK not in self.screen
        return code

    def echoes(self) -> bool:
        """Whether the terminal itself writes what is typed, as it does when the process starts."""
        return _echoes(self._master)

    def interrupt(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, as `kill` does."""
        self.process.send_signal(number)

    def _read(self) -> None:
        with suppress(OSError):  # the other side is closed
            while data := os.read(self._master, 65536):
                self._bytes += data
        self.raw = self._bytes.decode("utf-8", "replace")
        self._more.set()


@asynccontextmanager
async def terminal(toolkit: Toolkit, *args: str, alone: bool = False, **options: Any) -> AsyncIterator[Terminal]:
    """The command with `args` on a terminal of its own; `options` put other streams in the place of some. It is forked,
    unless it is `alone`: begun as a person's is, from the first module that it loads."""
    import fcntl
    import termios

    master, slave = os.openpty()
    assert _echoes(master)
    os.set_blocking(master, False)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    env = {"TERM": "xterm-256color", "INPUTRC": os.devnull, **options.pop("env", {})}
    streams = {"stdin": slave, "stdout": slave, "stderr": slave, **options}
    numbers = [*streams.values()]
    whole = {**toolkit.environ, **env}
    process: asyncio.subprocess.Process | forked.Process
    if not alone and min(numbers) >= 0 and forked.can_run(args, whole):
        command = forked.Command([*args], whole, str(toolkit.folder), module=toolkit.module, leads=True)
        process = await forked.start(command, numbers)
        toolkit.started.append(process)
    else:
        process = await toolkit.start(*args, env=env, preexec_fn=take_terminal, **streams)
    os.close(slave)
    shown = Terminal(process, master)
    try:
        yield shown
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


def _echoes(terminal: int) -> bool:
    import termios

    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)

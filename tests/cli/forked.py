"""Runs programs in processes that are forked from one which has loaded the toolkit: `python -m tests.cli.forked PATH`.

Loading it anew takes a command longer than most of what it does. The process listens at the socket PATH, forks for each
connection, and ends when its stdin does. With `pytest` after PATH it has loaded that too, with its plugins.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import io
import os
import random
import re
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout, suppress
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import NoReturn

import msgspec

SURROGATES = re.compile("[\ud800-\udfff]")
LARGEST = 1 << 17  # bytes of a request, less than what a socket takes at once
PYTEST = "pytest"
PATHS = "PYTHONPATH"
LOADED_LATE = (
    *("aiohttp.web", "csv", "encodings.ascii", "encodings.utf_8_sig", "importlib.metadata", "importlib.resources"),
    *("rich.console", "rich.table"),
)


class Command(msgspec.Struct):
    """The arguments of the command, its whole environment, and its working folder. `first` is the path of a program
    that the process runs before; `module` is what it runs as `python -m`, or the path of a file that it runs. With
    `leads` it is the leader of a session of its own, whose terminal is that among its streams."""

    args: list[str]
    env: dict[str, str]
    cwd: str
    first: str = ""
    module: str = "toolkit"
    leads: bool = False


# --- here ------------------------------------------------------------------------------------------------------------


@cache
def _server(*more: str) -> str:
    """The path of the socket of a process that is started for this one, and ends with it."""
    folder = tempfile.mkdtemp(prefix="tk-")
    path = f"{folder}/s"
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, path, *more], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()  # it listens
    atexit.register(_end, process, folder)
    return path


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    with process:  # closes its stdin, and waits
        pass
    shutil.rmtree(folder)


def can_run(args: Iterable[str], env: Mapping[str, str]) -> bool:
    """Whether a forked process does what a new one would: it has Python's settings of this one, but for what stands
    before those in PYTHONPATH, and gets text."""
    settings = [name for name in env if name.startswith("PYTHON") and name != PATHS]
    if any(os.environ.get(name) != env[name] for name in settings) or not env.get(PATHS, "").endswith(_paths()):
        return False
    return all(isinstance(arg, str) and not SURROGATES.search(arg) for arg in args)


def _paths() -> str:
    return os.environ.get(PATHS, "")


class Process:
    """One that has been forked; what of `asyncio.subprocess.Process` does not concern its streams."""

    def __init__(self, pid: int, code: asyncio.Task[int]) -> None:
        self.pid, self._code = pid, code

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(command: Command, streams: Sequence[int]) -> Process:
    """A process that runs `command`; `streams` are those that it has as stdin, stdout and stderr."""
    request = msgspec.json.encode(command)
    assert len(request) < LARGEST
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(_server(PYTEST) if command.module == PYTEST else _server())
    socket.send_fds(connection, [request], [*streams])
    numbers, writer = await asyncio.open_connection(sock=connection)
    pid = int(await numbers.readline())

    async def code() -> int:
        try:
            return int(await numbers.readline())
        finally:
            writer.close()

    return Process(pid, asyncio.create_task(code()))


async def run(command: Command, given: bytes) -> tuple[int, bytes, bytes]:
    """The exit code of `command`, which reads `given`, and what it wrote to stdout and stderr."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        pipes = [os.pipe() for _ in range(3)]
        (read_in, write_in), (read_out, write_out), (read_err, write_err) = pipes
        theirs = [read_in, write_out, write_err]
        try:
            process = await start(command, theirs)
        finally:
            for each in theirs:
                os.close(each)
        try:
            readers = [await _reader(loop, number, stack) for number in (read_out, read_err)]
            transport, _ = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(write_in, "wb"))
            stack.callback(transport.close)
            transport.write(given)
            with suppress(RuntimeError):  # it has ended, and read not all
                transport.write_eof()
            out, err = await asyncio.gather(*(reader.read() for reader in readers))
            return await process.wait(), out, err
        except BaseException:
            process.kill()
            raise


# What a shell runs as `toolkit`, `pytest` or `python`: it hands its streams to the process that forks, and waits for
# the exit code. Of Python it runs files so, and nothing else.
PROGRAM = """#!{python} -IS
import json, os, socket, sys
module, args = {module!r}, sys.argv[1:]
if module == "python":
    if not args or args[0].startswith("-"):
        os.execv({python!r}, [{python!r}, *args])
    module, *args = args
    module = os.path.abspath(module)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
    connection.connect({path!r})
    request = json.dumps({{"args": args, "env": dict(os.environ), "cwd": os.getcwd(), "module": module}})
    socket.send_fds(connection, [request.encode()], [0, 1, 2])
    told = connection.makefile()
    told.readline()
    code = int(told.readline())
sys.exit(code if code >= 0 else 128 - code)
"""


def program(module: str) -> str:
    """The text of a program for shells that does what `module` (toolkit, pytest or python) does, but is forked."""
    path = _server(PYTEST) if module == PYTEST else _server()
    return PROGRAM.format(python=sys.executable, path=path, module=module)


async def _reader(loop: asyncio.AbstractEventLoop, number: int, stack: ExitStack) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(number, "rb"))
    stack.callback(transport.close)
    return reader


# --- there -----------------------------------------------------------------------------------------------------------


def _load_pytest() -> None:
    """Have pytest load its plugins, by a run of no tests: it warns of those that it finds loaded by others."""
    import pytest

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        options = (
            "-p",
            "no:hypothesispytest",
            "-p",
            "no:cacheprovider",
            "-o",
            "asyncio_default_fixture_loop_scope=function",
        )
        pytest.main([*options, "--rootdir", folder, folder])


def _load_toolkit() -> None:
    """Load all of the toolkit, and of its libraries what it, or they, load where it is needed."""
    import toolkit

    for module in walk_packages(toolkit.__path__, "toolkit."):
        if not module.name.endswith(".__main__") and not module.name.startswith(
            "toolkit.testing"
        ):  # which needs pytest
            import_module(module.name)
    for name in LOADED_LATE:
        import_module(name)
    import filelock

    filelock.AsyncFileLock  # noqa: B018 - whose module is loaded by its name


def serve(path: str, *more: str) -> None:
    if PYTEST in more:
        _load_pytest()
    _load_toolkit()
    gc.freeze()  # so that no search for garbage in a forked one looks through what is loaded here
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as selector:
        listener.bind(path)
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        os.write(1, b"ready\n")
        while True:
            if any(key.fd == 0 for key, _ in selector.select()):
                return
            connection, _ = listener.accept()
            with connection:
                request, numbers, _, _ = socket.recv_fds(connection, LARGEST, 3)
                if os.fork() == 0:
                    listener.close()
                    _run(connection, msgspec.json.decode(request, type=Command), numbers)
                for number in numbers:
                    os.close(number)


def _run(connection: socket.socket, command: Command, numbers: list[int]) -> None:
    """Run `command` in one more process, and tell its number and its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (pid := os.fork()) == 0:
        connection.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _end_after(lambda: _become(command, numbers))
    for number in numbers:
        os.close(number)
    connection.send(b"%d\n" % pid)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    connection.send(b"%d\n" % code)
    os._exit(0)


def _end_after(work: Callable[[], None]) -> NoReturn:
    """Do `work`, and end this process as an interpreter does, but for taking apart all that is loaded: that would copy
    the memory which it shares with the one that it was forked from. What is garbage complains all the same."""
    code: object = None
    try:
        work()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as an interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit((code or 0) & 0xFF)


def _become(command: Command, numbers: list[int]) -> None:
    for target, number in enumerate(numbers):
        os.dup2(number, target)
        os.close(number)
    if command.leads:
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(next(number for number in range(3) if os.isatty(number)), termios.TIOCSCTTY, 0)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
    first_paths = command.env.get(PATHS, _paths()).removesuffix(_paths())
    sys.path[:0] = [path for path in first_paths.split(os.pathsep) if path]
    os.environ.clear()
    os.environ.update(command.env)
    os.chdir(command.cwd)
    random.seed()
    tempfile.tempdir = None
    if command.first:
        runpy.run_path(command.first)
    sys.argv = [command.module, *command.args]
    if command.module.endswith(".py"):
        sys.path.insert(0, os.path.dirname(command.module))
        runpy.run_path(command.module, run_name="__main__")
    else:
        runpy.run_module(command.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])

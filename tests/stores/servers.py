"""A real Redis server on loopback, for as long as a test needs it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.conftest import absent


class RedisServer(NamedTuple):
    """A running server: its address as `TOOLKIT_STORE` takes it, and its process."""

    url: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End it, as a server ends that is shut down; once or twice."""
        self.process.terminate()
        self.process.wait()


@contextmanager
def redis_server(*options: str, password: str = "") -> Iterator[RedisServer]:
    """A server of its own, which keeps nothing; `options` are those of the command `redis-server`."""
    program = shutil.which("redis-server")
    if program is None:
        absent("There is no redis-server.")
    secret = ["--requirepass", password] if password else []
    with tempfile.TemporaryDirectory(prefix="toolkit-redis-") as folder:
        while True:
            port = _free_port()
            with subprocess.Popen(
                [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, *secret, *options],
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                assert process.stdout is not None
                # Without that line it has ended: somebody else took the port.
                if any("Ready to accept connections" in line for line in process.stdout):
                    server = RedisServer(f"redis://:{password}@127.0.0.1:{port}/0", process)
                    try:
                        yield server
                    finally:
                        server.stop()
                    return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port

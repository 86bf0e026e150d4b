"""Shuts the outside network for this process: a test that runs from a recording never reaches a real site."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from toolkit.errors import RecordingError

# An audit hook (PEP 578) sees every connection, whichever library makes it. It cannot be taken away again, only asked
# to look away.
_shut = 0
_hooked = False


@contextmanager
def only_loopback() -> Iterator[None]:
    """Inside, looking up or connecting to anything but this machine raises `RecordingError`."""
    global _shut, _hooked
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked = True
    _shut += 1
    try:
        yield
    finally:
        _shut -= 1


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _shut:
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(address := arguments[1], tuple):
        _check(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        _check(arguments[0])
    elif event == "socket.getnameinfo":
        _check(arguments[0][0])


def _check(host: object) -> None:
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    if name is None or name == "" or name == "localhost":
        return
    try:
        local = ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        raise RecordingError(
            f"This test runs from a recording, and wanted to reach {name}.",
            hint="Go through the recording's network (`toolkit_client`, `toolkit_network`), or record it first.",
        )

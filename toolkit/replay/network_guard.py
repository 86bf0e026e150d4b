"""Blocks the outside network in this process, so that a test that runs from a recording never reaches a real site."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from toolkit.errors import RecordingError

# An audit hook (PEP 578) sees every connection, whichever library makes it. It cannot be removed, so outside of
# `only_loopback` it does nothing.
_blocks = 0  # how many blocks of `only_loopback` are running
_hook_installed = False


@contextmanager
def only_loopback() -> Iterator[None]:
    """Within the block, looking up or connecting to any host but this machine raises `RecordingError`."""
    global _blocks, _hook_installed
    if not _hook_installed:
        sys.addaudithook(_check_event)
        _hook_installed = True
    _blocks += 1
    try:
        yield
    finally:
        _blocks -= 1


def _check_event(event: str, arguments: tuple[Any, ...]) -> None:
    if not _blocks:
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(address := arguments[1], tuple):
        _check_host(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        _check_host(arguments[0])
    elif event == "socket.getnameinfo":
        _check_host(arguments[0][0])


def _check_host(host: object) -> None:
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

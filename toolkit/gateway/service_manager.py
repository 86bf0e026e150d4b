"""Tells systemd how the server is, where it has started it (`Type=notify`, sd_notify(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

SOCKET_VARIABLE = "NOTIFY_SOCKET"
READY, STOPPING = b"READY=1", b"STOPPING=1"


def notify_service_manager(state: bytes) -> None:
    """Say so at the socket that the environment names, if it names one."""
    address = os.environ.get(SOCKET_VARIABLE, "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        # A name that begins with @ is in Linux's abstract namespace (unix(7)).
        connection.sendto(state, f"\0{address[1:]}" if address.startswith("@") else address)

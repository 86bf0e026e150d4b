"""Whether this machine has the loopback address of IPv6."""

from __future__ import annotations

import socket

import pytest


def _has_it() -> bool:
    if not socket.has_ipv6:
        return False
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


# Many a machine has none, also in CI, and it is nothing that a person could install.
needs_ipv6 = pytest.mark.skipif(not _has_it(), reason="this machine has no address ::1")

"""Nothing leaves this machine while a recording is replayed."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp
import pytest

from tests.recording.helpers import SITE, client, entry, replaying


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What this process has looked up or connected to besides addresses of loopback."""
    outside: list[Any] = []
    for name in ("connect", "connect_ex", "sendto"):
        real = getattr(socket.socket, name)

        def guarded(sock: socket.socket, *args: Any, real: Any = real) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6) and args[-1][0] not in ("127.0.0.1", "::1"):
                outside.append(args[-1])
                raise OSError("no way out")
            return real(sock, *args)

        monkeypatch.setattr(socket.socket, name, guarded)
    real_lookup = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "::1", "localhost", "192.0.2.1", None):
            outside.append(host)
            raise OSError("no names")
        return real_lookup(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return outside


async def test_nothing_reaches_the_real_network(dialled: list[Any]) -> None:
    """Neither the network nor its client looks a name up or connects to anything but loopback, whatever is asked."""
    async with (
        replaying(entry("POST", f"{SITE}/api"), entry("POST", "http://plain.example/api")) as network,
        client(network) as session,
    ):
        assert (await session.post(f"{SITE}/api")).status == 200
        await session.post("http://plain.example/api")
        for url in ("https://example.com/", "https://chat.example:8443/", "https://192.0.2.1/"):
            with pytest.raises(aiohttp.ClientHttpProxyError):
                await session.get(url)
        assert (await session.get("http://example.com/")).status == 502
        assert (await session.get(SITE, headers={"Host": "example.com"})).status == 421
    assert dialled == []
    with pytest.raises(OSError, match="no way out"):  # the guard itself
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    assert len(dialled) == 1

"""What aiohttp, aiohttp-socks and the system raise becomes an error of ours."""

from __future__ import annotations

import ssl

import aiohttp
import pytest
from aiohttp_socks import ProxyTimeoutError

from tests.http.answering_site import NOWHERE
from toolkit.errors import ConnectFailed, NetworkError, TLSFailed
from toolkit.http.aiohttp_errors import map_error
from toolkit.http.socks import map_socks_errors


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (aiohttp.ClientError("of a proxy's password"), NetworkError, r"failed \(ClientError\)"),
        (ssl.SSLError(1, "odd"), TLSFailed, r"\(SSL\)"),
        (ConnectionError("of a proxy's password"), ConnectFailed, r"\(ConnectionError\)"),
    ],
)
def test_a_fault_without_a_word_is_told_by_its_kind(error: Exception, kind: type[Exception], told: str) -> None:
    """Never by its text, which may hold anything."""
    found = map_error(error, NOWHERE)
    assert type(found) is kind
    with pytest.raises(kind, match=told):
        raise found
    assert "password" not in str(found)


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError("Cannot write to closing transport"),
        aiohttp.ClientConnectionResetError("Cannot write to closing transport"),
    ],
)
def test_a_connection_that_closes_before_the_answer_is_told_in_words(error: Exception) -> None:
    """And not by the name of a class of aiohttp; the request was on its way, so it may have had an effect."""
    found = map_error(error, NOWHERE)
    assert isinstance(found, ConnectFailed)
    assert (found.what, found.sent) == ("The site closed the connection before it answered.", True)


def test_a_socks_proxy_s_own_deadline_is_that_of_connecting() -> None:
    """Whichever of the two passes first."""
    with pytest.raises(TimeoutError), map_socks_errors(NOWHERE):
        raise ProxyTimeoutError

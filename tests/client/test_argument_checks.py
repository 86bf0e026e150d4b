"""An argument of the wrong kind is told where it is given, by its name, and never shown: it can be a secret."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from typing import Any

import pytest

from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.serving import serve
from toolkit import Client, SyncClient
from toolkit.client.argument_checks import CALL, CLIENT
from toolkit.errors import UsageError
from toolkit.session.browser_session import BrowserSession

SECRET = "hunter2-hunter2"


class Holder:
    """Something that is nothing of what is due."""

    def __repr__(self) -> str:
        return SECRET


WRONG: dict[str, list[Any]] = {
    "provider": [None, 5, Holder(), object, Holder],
    "base_url": [5, b"https://chat.example.org", Holder()],
    "account": [None, "", 5, Holder()],
    "session": [SECRET, {"token": SECRET}, Holder()],
    "cookies": [SECRET, {"token": 5}, {5: SECRET}, Holder()],
    "browsers": [5, Holder()],
    "proxy": [5, Holder()],
    "route": [SECRET, Holder()],
    "store": [object(), 5, Holder()],
    "deadlines": [5, {"total": 5}, Holder()],
    "retries": [None, "x", -1, 1.5, True],
    "recorder": [SECRET, Holder()],
    "say": [SECRET, 5],
    "renew_command": [5, ["command"], Holder()],
}
WRONG_IN_CALLS: dict[str, list[Any]] = {
    "model": [5, Holder()],
    "temperature": ["hot", True, math.nan, math.inf, 10**400, Holder()],
    "max_tokens": [0, -1, 1.5, "9", True, Holder()],
    "tools": [5, SECRET, {"type": "function"}, [SECRET]],
    "tool_choice": [5, [SECRET], Holder()],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_arguments_of_a_client(name: str, value: Any) -> None:
    """For both kinds of client."""
    for kind in (Client, SyncClient):
        with pytest.raises(UsageError, match=f"`{name}` is ") as caught:
            kind(**{"provider": "aura", name: value})
        assert SECRET not in str(caught.value)


def test_what_is_wrong_is_told_in_words() -> None:
    """Where a value has the right type, its type is not what is wrong about it."""
    for told, kind, arguments in (
        ("`account` is a name, and not an empty text.", Client, {"provider": "aura", "account": ""}),
        (
            "`retries` is a whole number, 0 for none, and not a number such as -1.",
            Client,
            {"provider": "aura", "retries": -3},
        ),
        ("`temperature` is a finite number, and not a number such as nan.", _ask, {"temperature": math.nan}),
        ("`max_tokens` is a whole number from 1 on, and not a number such as 0.", _ask, {"max_tokens": 0}),
    ):
        with pytest.raises(UsageError) as caught:
            kind(**arguments)
        assert str(caught.value) == told


def test_an_empty_address_is_not_the_public_site() -> None:
    """As that of a variable that nobody has set: what is asked would go to a stranger."""
    with pytest.raises(UsageError, match="base_url is not the address of a site"):
        Client("codelinkava", base_url="")


def _ask(**arguments: Any) -> None:
    Client("codelinkava").chat("Hi", **arguments)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG_IN_CALLS.items() for value in values]
)
def test_arguments_of_a_call(name: str, value: Any) -> None:
    """At once, before anything is sent."""
    with pytest.raises(UsageError, match=rf"`{name}` is |{name}\[0\] is ") as caught:
        _ask(**{name: value})
    assert SECRET not in str(caught.value)


def test_all_arguments_are_tried() -> None:
    """Each rule has a test."""
    assert (set(WRONG), set(WRONG_IN_CALLS)) == (set(CLIENT), set(CALL))


async def test_a_client_belongs_to_one_event_loop_at_a_time() -> None:
    """Its connections do: another thread is told so while it is in use, and may use it afterwards."""
    site = CodeLinkAvaSite()
    site.hold_after = 2
    async with serve(site.app()) as url:
        client = Client("codelinkava", base_url=url, session=BrowserSession(provider="codelinkava", origin=url))
        stream = client.chat("Hi")
        first = await anext(stream)

        def ask() -> str:
            return asyncio.run(_whole(client))

        with pytest.raises(UsageError, match="in use in another thread"):
            await asyncio.to_thread(ask)
        site.hold_after = None
        assert first + await stream.text() == "".join(site.answer)
        assert await asyncio.to_thread(ask) == "".join(site.answer)


async def _whole(client: Client) -> str:
    return await client.chat("Hi").text()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
async def test_a_forked_process_has_connections_of_its_own() -> None:
    """The parent's are not used by the child, and work on after it."""
    site = CodeLinkAvaSite()
    async with serve(site.app()) as url:
        session = BrowserSession(provider="codelinkava", origin=url)

        def run() -> list[str]:
            with SyncClient("codelinkava", base_url=url, session=session) as client:
                answers = [client.chat("parent").text()]
                read, write = os.pipe()
                if not (child := os.fork()):
                    try:
                        os.write(write, client.chat("child").text().encode())
                    finally:
                        os._exit(0)
                os.close(write)
                os.waitpid(child, 0)
                with open(read, "rb") as pipe:
                    answers.append(pipe.read().decode())
                return [*answers, client.chat("parent").text()]

        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.extend(run()))
        thread.start()
        await asyncio.to_thread(thread.join)
    assert answers == ["".join(site.answer)] * 3
    ports = [call.port for call in site.calls("/api/chat")]
    assert ports[0] == ports[2] != ports[1]

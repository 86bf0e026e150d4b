"""A client as the command line's options want it, on the real network or on a replayed one."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from toolkit.cli.deployment import resolve_call_base_url
from toolkit.cli.options import Target
from toolkit.cli.terminal import notify, status
from toolkit.client.client import Client
from toolkit.errors import RecordingError, ToolkitError
from toolkit.providers import registry
from toolkit.session.value import BrowserSession
from toolkit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from toolkit.client.visitor import Login
    from toolkit.har.model import Entry, Recording
    from toolkit.replay.local_network import LocalNetwork
    from toolkit.session.recipe import Harvest


ASKED_AGAIN = "Without a prompt, the recorded question is asked again."


class Connection(NamedTuple):
    """A client; under replay the network as well, the recorded messages, and whether the page can be visited there."""

    client: Client
    network: LocalNetwork | None = None
    recorded_messages: list[dict[str, Any]] | None = None
    visited: bool = True

    @contextmanager
    def explain_replay_errors(self, hint: str = ASKED_AGAIN) -> Iterator[None]:
        """What goes wrong inside under replay is told as what made it, a request that the recording does not have, with
        the `hint` what to do instead."""
        try:
            yield
        except ToolkitError as error:
            if (reason := self._reason(hint)) is None:
                raise
            raise reason from error

    @contextmanager
    def explain_visit_errors(self, replay: str | None) -> Iterator[None]:
        """The same for a visit of the page alone; `replay` is the option. Raises `RecordingError` at once where the
        recording has no visit, as one that was made with a session that was there."""
        if self.network is None or self.network.session is None:
            hint = "`toolkit recording show` lists what the recording has."
        else:
            option = f"--replay={shlex.quote(replay)}" if replay else "--replay"
            hint = f"`toolkit chat {self.client.provider.name} {option}` asks with the session that the recording has."
        if not self.visited:
            raise RecordingError("No visit of the page is recorded.", provider=self.client.provider.name, hint=hint)
        with self.explain_replay_errors(hint):
            yield

    def _reason(self, hint: str) -> RecordingError | None:
        if self.network is None:
            return None
        name = self.client.provider.name
        if self.network.misses:
            miss = self.network.misses[-1]
            miss.provider = name
            miss.hint = miss.hint or hint
            return miss
        if self.network.refused:
            host = self.network.refused[-1].removesuffix(":443")
            return RecordingError(f"The recording has nothing of {host}.", provider=name, hint="Replay another one.")
        return None


class _Visiting(Client):
    """A client that says which page is being visited."""

    async def _visit(self, previous: BrowserSession | None, login: Login | None = None) -> BrowserSession:
        with status(f"visiting {self.provider.page}"):
            return await super()._visit(previous, login)


@asynccontextmanager
async def connect(provider: str, target: Target, **more: Any) -> AsyncIterator[Connection]:
    """A client of `provider`; `more` are further arguments of `Client`. A replayed session is not kept."""
    kind = registry.find(provider)
    if target.profile is not None or target.browsers is not None:
        from toolkit.browser.profiles import load_profiles

        load_profiles(target.browsers).get(target.profile)  # a wrong name is told also where no browser is needed
    arguments: dict[str, Any] = {**target._asdict(), "say": notify, **more}
    del arguments["replay"]
    if target.replay is None:
        store = arguments["store"]
        arguments["base_url"] = await resolve_call_base_url(kind, target.base_url, target.account, store)
        async with _Visiting(kind, **arguments) as client:
            yield Connection(client)
        return
    if target.proxy:
        raise click.UsageError("--replay is a network of its own: it goes with no --proxy.")
    if target.store:
        raise click.UsageError("A replayed session is not kept: --replay goes with no --store.")
    from toolkit.replay.local_network import LocalNetwork

    recording, pace = _recording(kind.name, target.replay)
    told = recording.chat
    arguments |= {"base_url": target.base_url or (told and told.base_url), "store": MemoryStore()}
    del arguments["proxy"]
    async with (
        LocalNetwork(recording=recording, pace=pace) as network,
        _Visiting(kind, **arguments, route=network.route) as client,
    ):
        visit = [entry for entry in recording.entries if isinstance(entry.pageref, str)]
        if network.session is not None and _was_signed_in(kind.harvest, visit):
            await arguments["store"].save(client.key, network.session)
        yield Connection(client, network, told.messages if told else None, bool(visit) or network.session is None)


def _was_signed_in(recipe: Harvest, visit: list[Entry]) -> bool:
    """Whether the recorded `visit` needs the session that was there before: there is no visit, it gave no cookie that
    the session needs, or its page looks for the token itself, and shows nobody but a login without it."""
    given = [line.partition("=")[0].strip() for entry in visit for line in entry.response.values("Set-Cookie")]
    return not visit or recipe.bearer is not None or bool(recipe.missing_cookies(given))


def _recording(provider: str, name: str) -> tuple[Recording, float]:
    """The recording in the file `name`, or the demo of `provider` where that is empty; and the pace to play it at."""
    if not name:
        return load_demo(provider), 1.0  # somebody is watching
    path = Path(name)
    if not path.is_file():
        raise RecordingError(
            f"There is no recording {name!r}.",
            hint="--replay takes what follows it as a file: put it last, or write --replay=FILE.",
        )
    from toolkit.recording.files import load

    recording = load(path)
    if recording.chat is not None and recording.chat.provider != provider:
        raise RecordingError(f"{path} is a recording of {recording.chat.provider}, not of {provider}.")
    return recording, 0.0


def load_demo(provider: str) -> Recording:
    """The recording of `provider` that ships with the toolkit."""
    from importlib.resources import as_file, files

    from toolkit.recording.files import load

    with as_file(files("toolkit") / "recording" / "demos" / f"{provider}.har") as path:
        if not path.is_file():
            raise RecordingError("There is no demo recording.", provider=provider, hint="Name one: --replay FILE.")
        return load(path)

"""Opens a client as the options of the command line want it: on the real network, or on a replayed one."""

from __future__ import annotations

import logging
import shlex
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

from toolkit.cli.deployment_choice import resolve_call_base_url
from toolkit.cli.options import Target
from toolkit.cli.replay_source import choose_recording, page_entries, visit_needs_session
from toolkit.cli.status_line import notify, status
from toolkit.client.client import Client
from toolkit.errors import RecordingError, ToolkitError
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Store
from toolkit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from toolkit.chats.deadlines import Deadlines
    from toolkit.client.attempts import ChatRecorder
    from toolkit.client.visitor import Login
    from toolkit.har.model import RecordedChat
    from toolkit.providers.base import Provider
    from toolkit.replay.local_network import LocalNetwork

HINT_NO_PROMPT = "Without a prompt, the recorded question is asked again."

log = logging.getLogger("toolkit")


class OpenedClient(NamedTuple):
    """A client, and under replay also the network, the recorded call, whether a visit can be replayed, and whether the
    recording is `lean`."""

    client: Client
    network: LocalNetwork | None = None
    recorded_chat: RecordedChat | None = None
    can_visit: bool = True
    lean: bool = False

    @contextmanager
    def explain_replay_errors(self, hint: str = HINT_NO_PROMPT, differences: Sequence[str] = ()) -> Iterator[None]:
        """Under replay, raises errors of the block as what has caused them: a request that is not in the recording.

        The `hint` says what to do instead, and `differences` are those of the question that is asked from the recorded
        one. Errors with another cause, and those on the real network, pass through.
        """
        try:
            yield
        except ToolkitError as error:
            if (cause := self._replay_error(hint)) is None:
                raise
            # What of it the request that was not recorded had in its body, it tells itself.
            if untold := [one for one in differences if one.partition(": ")[2] not in cause.what]:
                cause.what = f"The question is not the recorded one: {'; '.join(untold)}. {cause.what}"
            raise cause from error

    @contextmanager
    def explain_visit_errors(self, replay: str | None) -> Iterator[None]:
        """As `explain_replay_errors`, for a block that visits the page and asks nothing.

        `replay` is the value of the option. Raises `RecordingError` before the block if the recording has no visit,
        because it was made with a session that was stored before.
        """
        if self.network is None or self.network.session is None:
            hint = "`toolkit recording show` lists what the recording has."
        else:
            option = f"--replay={shlex.quote(replay)}" if replay else "--replay"
            hint = f"`toolkit chat {self.client.provider.name} {option}` asks with the session that the recording has."
            if self.lean:
                hint += " `toolkit record --page` records a visit."
        if not self.can_visit:
            raise RecordingError("No visit of the page is recorded.", provider=self.client.provider.name, hint=hint)
        with self.explain_replay_errors(hint):
            yield

    def _replay_error(self, hint: str) -> RecordingError | None:
        """Returns the error for the last request that the recording could not answer, or None."""
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


class _ClientWithStatus(Client):
    """A client that shows which page it visits."""

    async def _visit(self, previous: BrowserSession | None, login: Login | None = None) -> BrowserSession:
        with status(f"visiting {self.provider.page}"):
            return await super()._visit(previous, login)


@asynccontextmanager
async def open_client(
    provider: str,
    target: Target,
    *,
    store: Store | None = None,
    recorder: ChatRecorder | None = None,
    deadlines: Deadlines | None = None,
) -> AsyncIterator[OpenedClient]:
    """Opens a client of the provider of that name, on the real network unless the options ask for a replay.

    `store` goes before the one of the options; `recorder` records the visit and the calls. Neither goes with a replay,
    whose session is not stored. `deadlines` are those of `Client`. Raises `UnknownProvider`, `click.UsageError` for
    options that exclude each other, and what `resolve_call_base_url` and `choose_recording` raise.
    """
    kind = registry.find(provider)
    if target.profile is not None or target.browsers is not None:
        from toolkit.browser.browsers_file import load_profiles

        load_profiles(target.browsers).get(target.profile)  # raises for a wrong name, also if no browser is needed
    if target.replay is not None:
        async with _open_replayed(kind, target, target.replay, deadlines) as opened:
            yield opened
        return
    used_store = store if store is not None else target.store
    async with _ClientWithStatus(
        kind,
        base_url=await resolve_call_base_url(kind, target.base_url, target.account, used_store),
        account=target.account,
        proxy=target.proxy,
        profile=target.profile,
        browsers=target.browsers,
        store=used_store,
        recorder=recorder,
        deadlines=deadlines,
        say=notify,
    ) as client:
        yield OpenedClient(client)


@asynccontextmanager
async def _open_replayed(
    kind: type[Provider], target: Target, replay: str, deadlines: Deadlines | None
) -> AsyncIterator[OpenedClient]:
    if target.proxy:
        raise click.UsageError("--replay is a network of its own: it goes with no --proxy.")
    if target.store:
        raise click.UsageError("A replayed session is not kept: --replay goes with no --store.")
    from toolkit.replay.local_network import LocalNetwork

    recording, pace = choose_recording(kind.name, replay)
    chat, visit, store = recording.chat, page_entries(recording), MemoryStore()
    can_visit = not recording.lean and (bool(visit) or recording.session is None)
    async with (
        LocalNetwork(recording=recording, pace=pace) as network,
        _ClientWithStatus(
            kind,
            base_url=target.base_url or (chat.base_url if chat is not None else None),
            account=target.account,
            profile=target.profile,
            browsers=target.browsers,
            session=None if can_visit else network.session,
            store=store,
            route=network.route,
            deadlines=deadlines,
            say=notify,
        ) as client,
    ):
        if can_visit and network.session is not None and visit_needs_session(kind.harvest, visit):
            log.debug("the replay begins with the session of the recording")
            await store.save(client.key, network.session)
        yield OpenedClient(
            client,
            network,
            recorded_chat=chat,
            can_visit=can_visit,
            lean=recording.lean,
        )

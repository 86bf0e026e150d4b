"""Makes a call of a provider offline, with the entries of a foreign recording as its answers, and tells which of them
answered what."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.messages import ChatRequest
from toolkit.client.client import Client
from toolkit.errors import ReplayMismatch, ToolkitError
from toolkit.har.message_builders import Headers, make_request, make_response
from toolkit.har.model import Entry, Request, Response
from toolkit.providers.base import Provider
from toolkit.recording.exchange import Exchange
from toolkit.replay.body_matching import IncomingRequest, normalize_body, random_fields
from toolkit.replay.engine_io_merge import frame_places
from toolkit.replay.local_network import LocalNetwork
from toolkit.replay.playback import Playback
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Site
from toolkit.stores.memory import MemoryStore

SECONDS = 20.0  # of a call, which waits for nothing but an answer that it polls for
CUT = "cut"  # the error of an entry that had another one: after a time-out, a replay would wait in silence
OTHER_METHOD = {"GET": "POST", "POST": "GET"}
NOT_DELETED = "Not in the file that was adopted: the site's page leaves there what the toolkit deletes."


class Played(NamedTuple):
    """A request of the provider, and the entry that answered it."""

    request: IncomingRequest
    entry: Entry

    @property
    def body(self) -> Any:
        """The body that was sent, as `normalize_body` gives it."""
        return normalize_body(self.request.content_type, self.request.body)


class OfflineCall(NamedTuple):
    """A call: `text` is the answer, as far as it was read, and `error` what ended it. `played` are its requests in
    order, `own` the same requests as HAR entries, `missed` those that no entry answers, and `messages` those of the
    call as the provider got them."""

    text: str
    error: ToolkitError | None
    played: list[Played]
    own: list[Entry]
    missed: list[ReplayMismatch]
    messages: list[dict[str, Any]]


async def call_offline(
    provider: Provider,
    entries: Iterable[Entry],
    session: BrowserSession,
    messages: list[dict[str, Any]],
    arguments: dict[str, Any],
) -> OfflineCall:
    """Asks `provider` the `messages`, with `entries` as the site. `arguments` are more of `Client.chat`'s.

    An entry answers a request for its URL, whatever the body, the cookies and the authorization.
    """
    network, recorder, pieces = LocalNetwork(), _RequestRecorder(), list[str]()
    playback = network.replay.playback = _LenientPlayback(_with_random_fields(entries, provider.random))
    error: ToolkitError | None = None
    async with (
        network,
        Client(
            provider,
            session=session,
            store=MemoryStore(),
            route=network.route,
            retries=0,
            recorder=recorder,
            deadlines=Deadlines(total=SECONDS, connect=SECONDS),
        ) as client,
    ):
        try:
            async with client.chat(messages, **arguments) as stream:
                async for piece in stream:
                    pieces.append(piece)
        except ToolkitError as failure:
            error = failure
    own = [exchange.entry() for exchange in recorder.exchanges]
    return OfflineCall("".join(pieces), error, playback.taken, own, network.replay.misses, recorder.messages)


def _with_random_fields(entries: Iterable[Entry], rules: Collection[str]) -> list[Entry]:
    """Returns `entries`, those with fields that the provider makes up for each call marked so."""
    return [
        msgspec.structs.replace(entry, request=msgspec.structs.replace(entry.request, random=places))
        if rules and (places := random_fields(entry.request, rules) + frame_places(entry, rules))
        else entry
        for entry in entries
    ]


class _LenientPlayback(Playback):
    """Answers what a provider asks from what a page asked: the same URL counts, by GET or POST, and what a page does
    not delete is deleted all the same. `taken` are the requests that were answered, and the entries that did."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        addressed = [_address_only(entry) for entry in entries]
        super().__init__(addressed, ("method", "url"))
        self.taken: list[Played] = []
        self._whole = {id(one): entry for one, entry in zip(addressed, entries, strict=True)}
        self._addressed = addressed  # which keeps the ids theirs

    def take(self, incoming: IncomingRequest) -> Entry | ReplayMismatch:
        entry = super().take(incoming)
        if isinstance(entry, ReplayMismatch) and (other := OTHER_METHOD.get(incoming.method)):
            another = super().take(msgspec.structs.replace(incoming, method=other))
            entry = entry if isinstance(another, ReplayMismatch) else another
        if isinstance(entry, ReplayMismatch) and incoming.method == "DELETE" and self.taken:
            entry = _deletion(incoming, self.taken[-1].entry.started)
        if isinstance(entry, ReplayMismatch):
            return entry
        entry = self._whole.get(id(entry), entry)
        self.taken.append(Played(incoming, entry))
        return msgspec.structs.replace(entry, error=CUT) if entry.error else entry


def _address_only(entry: Entry) -> Entry:
    """Returns `entry` with no more than what it is found by: the bodies of a large file take long to compare."""
    request = Request(method=entry.request.method, url=entry.request.url, random=entry.request.random)
    return Entry(entry.started, request, Response(status=entry.response.status))


def _deletion(incoming: IncomingRequest, started: datetime) -> Entry:
    response = make_response(204, "No Content", [], b"")
    response.content.comment = NOT_DELETED
    return Entry(started, make_request("DELETE", str(incoming.url), [], b""), response)


class _RequestRecorder:
    """A recorder of calls (`toolkit.client.attempts.ChatRecorder`) that keeps them as they are, with their secrets."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.messages: list[dict[str, Any]] = []

    @property
    def check_recorder(self) -> None:
        """Nothing is visited, so no session of a visit is checked."""

    def begin(self, method: str, url: str, headers: Headers, body: bytes) -> Exchange:
        self.exchanges.append(Exchange(method, url, headers, body))
        return self.exchanges[-1]

    def record_chat(self, session: BrowserSession, request: ChatRequest, site: Site, base_url: str | None) -> None:
        self.messages = [message.as_dict() for message in request.messages]

    def watch(self, context: Any, left_out: Collection[str] = ()) -> None:
        """Nothing is visited."""

    async def ready(self) -> None:
        """There is nothing to wait for."""

    async def drain(self) -> None:
        """There is nothing to wait for."""

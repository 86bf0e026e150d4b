"""Makes the call that `toolkit record` records: visits the page, asks, and prints the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from toolkit.cli.answer_options import AnswerOptions
from toolkit.cli.answer_printing import AnswerPrinter, Messages
from toolkit.cli.client_from_options import open_client
from toolkit.cli.runner import start_runner
from toolkit.cli.status_line import notify
from toolkit.client.client import Client
from toolkit.errors import LoginRequired, ToolkitError, UsageError
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store
from toolkit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from toolkit.cli.options import Target
    from toolkit.providers.base import Provider
    from toolkit.recording.recorder import Recorder


class RecordedCall(NamedTuple):
    """How the call ended: the text of the `answer`, and the `error`, None if there was none. `site` was asked."""

    answer: str
    error: ToolkitError | None
    site: str


def make_call(
    kind: type[Provider],
    messages: Messages,
    arguments: dict[str, Any],
    target: Target,
    recorder: Recorder,
    session_file: Path | None,
) -> RecordedCall:
    """Visits the site of the provider `kind`, asks it `messages` with the `arguments` of `Client.chat`, and prints the
    answer, while `recorder` records. With `session_file` the visit begins with that session, else with the stored one.

    Where the visit finds that a person has to log in, the site is asked with the session that there is all the same:
    its refusal is what is recorded then. With a session that is an API key nothing is visited. Raises what a visit
    raises otherwise.
    """
    store: Store | None = None
    with start_runner() as runner:
        if session_file is not None:
            session = _load_session(session_file, kind(target.base_url), target.account)
            store = runner.run(_memory_store_with(session))
        with runner.async_with(open_client(kind.name, target, store=store, recorder=recorder)) as opened:
            client, sessions = opened.client, store or open_store(target.store)
            if runner.run(_session_at_hand(client.key, sessions)).api_key is None:
                try:
                    runner.run(client.harvest())
                except LoginRequired as error:
                    notify(f"note: the page gives no session: {error.what}")
                    session = runner.run(_session_at_hand(client.key, sessions))
                    client = _client_with(session, client.provider, target, recorder)
            printer, failure = AnswerPrinter(client, AnswerOptions()), None
            try:
                runner.run(printer.ask(messages, arguments))
            except ToolkitError as error:  # it is recorded all the same: a test may be about it
                failure = error
            runner.run(recorder.aclose())
    return RecordedCall(printer.text, failure, client.provider.site)


def _client_with(session: BrowserSession, provider: Provider, target: Target, recorder: Recorder) -> Client:
    """Returns a client that asks with `session` as it is, and visits nothing."""
    return Client(
        provider,
        account=target.account,
        session=session,
        proxy=target.proxy,
        profile=target.profile,
        browsers=target.browsers,
        recorder=recorder,
    )


async def _session_at_hand(key: Key, store: Store) -> BrowserSession:
    """Returns the session that is stored, or an empty one."""
    return await store.load(key) or BrowserSession(provider=key.provider, origin=key.origin, account=key.account)


def _load_session(file: Path, provider: Provider, account: str) -> BrowserSession:
    """Loads a session from a file with Playwright's storage state. Raises `UsageError` if it is no JSON object."""
    import msgspec

    from toolkit.files.access import read_file
    from toolkit.streams.json_decoding import JSON_ERRORS

    try:
        state = msgspec.json.decode(read_file(file), type=dict[str, Any])
    except (OSError, *JSON_ERRORS):
        raise UsageError(f"{file} is not a storage state of Playwright: it is not a JSON object.") from None
    return BrowserSession.from_storage_state(provider.name, provider.site, state, account=account)


async def _memory_store_with(session: BrowserSession) -> Store:
    """Returns a store for this run only, with `session` in it."""
    store = MemoryStore()
    await store.save(Key(session.provider, session.origin, session.account), session)
    return store

"""`toolkit record`: records one chat call, from the visit of the page to the end of the answer, as a HAR file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.call_options import ChatOptions, chat_options
from toolkit.cli.options import Target, check_encoding, live_target_options
from toolkit.cli.redaction_options import RedactionOptions, redaction_options
from toolkit.cli.status_line import notify

if TYPE_CHECKING:
    from toolkit.providers.base import Provider
    from toolkit.redaction.rules import Rules
    from toolkit.session.browser_session import BrowserSession
    from toolkit.stores.base import Store


@click.command(short_help="Record one chat call, for tests without the site.")
@click.argument("provider")
@click.argument("prompt", callback=check_encoding)
@click.option(
    "--output",
    "-o",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .har file.",
)
@click.option(
    "--mode", type=click.Choice(("once", "all")), default="once", help="once (default) keeps a FILE that is there."
)
@chat_options()
@click.option(
    "--session",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Begin with this session, a storage state of Playwright, instead of the stored one.",
)
@click.option("--comment", callback=check_encoding, metavar="TEXT", help="What the file says it was recorded from.")
@redaction_options
@live_target_options
def record(
    provider: str,
    prompt: str,
    output: Path,
    mode: str,
    settings: ChatOptions,
    session: Path | None,
    comment: str | None,
    target: Target,
    redaction: RedactionOptions,
) -> None:
    """Ask PROVIDER a PROMPT, print the answer, and record it: the visit of its page, and the calls with all chunks.

    Secrets are replaced before anything is written; where one is left, nothing is. The file is a HAR 1.2, for
    `toolkit chat --replay=FILE`, `toolkit replay` and the pytest plugin.
    """
    from toolkit.providers import registry

    if mode == "once" and output.exists():
        notify(f"note: {output} is there already; --mode all records it anew")
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"The folder {str(output.parent)!r} cannot be made: {error.strerror}.") from None
    kind = registry.find(provider)
    _record(kind, prompt, output, settings, session, comment, target, redaction.rules())


def _record(
    kind: type[Provider],
    prompt: str,
    output: Path,
    settings: ChatOptions,
    session_file: Path | None,
    comment: str | None,
    target: Target,
    rules: Rules,
) -> None:
    from toolkit.cli.answer_options import AnswerOptions
    from toolkit.cli.answer_printing import AnswerPrinter
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.runner import start_runner
    from toolkit.errors import AnswerTruncated
    from toolkit.recording.files import save
    from toolkit.recording.recorder import Recorder

    recorder = Recorder(random=kind.random, rules=rules)
    store = None
    with start_runner() as runner:
        if session_file is not None:
            session = _load_session(session_file, kind(target.base_url), target.account)
            store = runner.run(_memory_store_with(session))
        with runner.async_with(open_client(kind.name, target, store=store, recorder=recorder)) as opened:
            client = opened.client
            runner.run(client.harvest())
            messages = [{"role": "user", "content": prompt}]
            truncated = None
            try:
                runner.run(AnswerPrinter(client, AnswerOptions()).ask(messages, settings.arguments()))
            except AnswerTruncated as error:  # it is recorded all the same: a test may be about such an answer
                truncated = error
            runner.run(recorder.aclose())
    recording = recorder.recording(comment or f"Recorded by `toolkit record` from {client.provider.site}.")
    save(recording, output)
    pages = sum(isinstance(entry.pageref, str) for entry in recording.entries)
    notify(f"note: recorded in {output}: {len(recording.entries)} exchanges, {pages} of them of the page")
    if truncated is not None:
        raise truncated


def _load_session(file: Path, provider: Provider, account: str) -> BrowserSession:
    """Loads a session from a file with Playwright's storage state. Raises `UsageError` if it is no JSON object."""
    import msgspec

    from toolkit.errors import UsageError
    from toolkit.files.access import read_file
    from toolkit.session.browser_session import BrowserSession
    from toolkit.streams.json_decoding import JSON_ERRORS

    try:
        state = msgspec.json.decode(read_file(file), type=dict[str, Any])
    except (OSError, *JSON_ERRORS):
        raise UsageError(f"{file} is not a storage state of Playwright: it is not a JSON object.") from None
    return BrowserSession.from_storage_state(provider.name, provider.site, state, account=account)


async def _memory_store_with(session: BrowserSession) -> Store:
    """Returns a store for this run only, with `session` in it."""
    from toolkit.stores.base import Key
    from toolkit.stores.memory import MemoryStore

    store = MemoryStore()
    await store.save(Key(session.provider, session.origin, session.account), session)
    return store

"""`toolkit record`: one chat call, from the visit of the page to the end of the answer, as a HAR file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import Target, check_encoding, target_options
from toolkit.cli.settings import Settings, settings_options
from toolkit.cli.terminal import notify

if TYPE_CHECKING:
    from toolkit.session.value import BrowserSession
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
@settings_options()
@click.option(
    "--session",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Begin with this session, a storage state of Playwright, instead of the stored one.",
)
@click.option(
    "--redact-header", "headers", multiple=True, metavar="NAME", help="Take out the value of this header too."
)
@click.option("--redact-query", "query", multiple=True, metavar="NAME", help="... of this query parameter.")
@click.option(
    "--redact-json", "json_paths", multiple=True, metavar="PATH", help="... at this place, such as $.data.key."
)
@click.option("--redact-pattern", "patterns", multiple=True, metavar="REGEX", help="... what this matches, anywhere.")
@click.option("--comment", callback=check_encoding, metavar="TEXT", help="What the file says it was recorded from.")
@click.option("--keep", multiple=True, metavar="NAME", help="A cookie, header, parameter or field that is no secret.")
@lambda command: target_options(command, replay=False)
def record(
    provider: str,
    prompt: str,
    output: Path,
    mode: str,
    settings: Settings,
    session: Path | None,
    comment: str | None,
    target: Target,
    **rules: tuple[str, ...],
) -> None:
    """Ask PROVIDER a PROMPT, print the answer, and record it: the visit of its page, and the calls with all chunks.

    Secrets are replaced before anything is written; where one is left, nothing is. The file is a HAR 1.2, for
    `toolkit chat --replay=FILE`, `toolkit replay` and the pytest plugin.
    """
    if mode == "once" and output.exists():
        notify(f"note: {output} is there already; --mode all records it anew")
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"The folder {str(output.parent)!r} cannot be made: {error.strerror}.") from None
    _record(provider, prompt, output, settings, session, comment, target, rules)


def _record(
    provider: str,
    prompt: str,
    output: Path,
    settings: Settings,
    state: Path | None,
    comment: str | None,
    target: Target,
    rules: dict[str, Any],
) -> None:
    from toolkit.cli.answer import print_answer
    from toolkit.cli.connect import connect
    from toolkit.cli.run import start_runner
    from toolkit.providers import registry
    from toolkit.recording.files import save
    from toolkit.recording.recorder import Recorder
    from toolkit.redaction.rules import Rules

    kind = registry.find(provider)
    recorder = Recorder(random=kind.random, rules=Rules(**rules))
    more: dict[str, Any] = {"recorder": recorder}
    with start_runner() as work:
        if state is not None:
            more["store"] = work.run(_holding(_session(state, kind(target.base_url), target.account)))
        there = work.async_with(connect(provider, target, **more))
        with there as connection:
            client = connection.client
            settings.note_unknown(client.provider)
            work.run(client.harvest())
            messages = [{"role": "user", "content": prompt}]
            work.run(print_answer(client, messages, settings.arguments(), as_json=False))
            work.run(recorder.aclose())
    recording = recorder.recording(comment or f"Recorded by `toolkit record` from {client.provider.site}.")
    save(recording, output)
    pages = sum(isinstance(entry.pageref, str) for entry in recording.entries)
    notify(f"note: recorded in {output}: {len(recording.entries)} exchanges, {pages} of them of the page")


def _session(file: Path, provider: Any, account: str) -> BrowserSession:
    """The session in a storage state of Playwright. Raises `UsageError` where it is none."""
    import msgspec

    from toolkit.errors import UsageError
    from toolkit.session.value import BrowserSession
    from toolkit.streams.json_decoding import JSON_ERRORS

    try:
        state = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, *JSON_ERRORS):
        raise UsageError(f"{file} is not a storage state of Playwright: it is not a JSON object.") from None
    return BrowserSession.from_storage_state(provider.name, provider.site, state, account=account)


async def _holding(session: BrowserSession) -> Store:
    """A store for this run, with `session` in it."""
    from toolkit.stores.base import Key
    from toolkit.stores.memory import MemoryStore

    store = MemoryStore()
    await store.save(Key(session.provider, session.origin, session.account), session)
    return store

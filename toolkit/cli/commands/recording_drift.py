"""`toolkit recording drift`: asks the live site again, and tells how its answers have changed since the recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import Target, live_target_options
from toolkit.cli.output import echo, echo_json
from toolkit.cli.timeout_option import timeout_option

if TYPE_CHECKING:
    from toolkit.chats.deadlines import Deadlines
    from toolkit.client.client import Client
    from toolkit.errors import ToolkitError
    from toolkit.har.model import Entry, RecordedChat
    from toolkit.recording.drift import Drift, Severity

COLOURS = ("", "yellow", "red")  # by severity


@click.command("drift", short_help="Tell how a site has changed since a recording.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of lines.")
@timeout_option
@live_target_options
def recording_drift(file: Path, as_json: bool, deadlines: Deadlines | None, target: Target) -> int:
    """Ask the site the recorded question of FILE again, with the stored session, and compare the answers' shapes.

    Fields that came, went or have another type, statuses, media types, kinds of events and their order are told, each
    as harmless, notable or breaking; no value is. Exit code 1 where a change is breaking. Made for a weekly job.
    """
    from toolkit.cli.exit_codes import ExitCode
    from toolkit.errors import RecordingError
    from toolkit.recording.drift import CallChange, Drift, Severity, find_drift
    from toolkit.recording.files import load

    recording = load(file)
    chat = recording.chat
    if chat is None:
        raise RecordingError(
            f"{file} does not tell of a call.", hint="`toolkit recording adopt` looks for one, and marks it."
        )
    live, error = _ask_again(chat, target._replace(base_url=target.base_url or chat.base_url), deadlines)
    drifts = find_drift(recording.entries, live)
    if error is not None and getattr(error, "status", 0) not in {one.response.status for one in recording.entries}:
        drifts.insert(0, Drift(CallChange.ANSWER_FAILS, chat.provider, "", "", f"{type(error).__name__}: {error.what}"))
    worst = max((drift.severity for drift in drifts), default=None)
    if as_json:
        echo_json(_document(file, chat, drifts, worst))
    else:
        _print(file, drifts, worst)
    return ExitCode.ERROR if worst == Severity.BREAKING else ExitCode.DONE


def _ask_again(
    chat: RecordedChat, target: Target, deadlines: Deadlines | None
) -> tuple[list[Entry], ToolkitError | None]:
    """Returns the exchanges of the call as it is made now, and the error if its answer cannot be read.

    Raises the error of a call that tells nothing of the site's answers: that nobody is signed in, that there is no
    connection, that it is one call too many.
    """
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.runner import start_runner
    from toolkit.cli.status_line import status
    from toolkit.providers import registry
    from toolkit.recording.recorder import Recorder

    kind = registry.find(chat.provider)
    recorder = Recorder(random=kind.random)
    with (
        start_runner() as runner,
        runner.async_with(open_client(kind.name, target, recorder=recorder, deadlines=deadlines)) as opened,
        status(f"asking {opened.client.provider.site}"),
    ):
        error = runner.run(_read(opened.client, chat))
        runner.run(recorder.aclose())
    return list(recorder.recording("").entries), error


async def _read(client: Client, chat: RecordedChat) -> ToolkitError | None:
    from toolkit.errors import (
        AnswerTruncated,
        NetworkError,
        RateLimited,
        SessionError,
        StreamInterrupted,
        ToolkitError,
        UsageError,
    )

    try:
        await client.chat(chat.messages, **chat.settings).text()
    except (StreamInterrupted, AnswerTruncated) as error:  # before the connection's errors, of which one is
        return error if isinstance(error, StreamInterrupted) else None
    except (SessionError, NetworkError, RateLimited, UsageError):
        raise
    except ToolkitError as error:
        return error
    return None


def _print(file: Path, drifts: list[Drift], worst: Severity | None) -> None:
    for drift in drifts:
        place = f" {drift.place}:" if drift.place else ""
        was = f"was {drift.was}, " if drift.was else ""
        how = f" ({was}is {drift.now})" if drift.now else ""
        text = f"{drift.severity.name.lower()}: {drift.call}:{place} {drift.change}{how}"
        echo(text, fg=COLOURS[drift.severity] or None)
    if worst is None:
        echo(f"{file}: nothing has changed")
    else:
        echo(f"{file}: {len(drifts)} change{'s' if len(drifts) > 1 else ''}, the worst is {worst.name.lower()}")


def _document(file: Path, chat: RecordedChat, drifts: list[Drift], worst: Severity | None) -> dict[str, Any]:
    return {
        "file": str(file),
        "provider": chat.provider,
        "worst": worst.name.lower() if worst is not None else None,
        "changes": [
            {
                "severity": drift.severity.name.lower(),
                "change": drift.change.value,
                "call": drift.call,
                "place": drift.place,
                "was": drift.was,
                "now": drift.now,
            }
            for drift in drifts
        ],
    }

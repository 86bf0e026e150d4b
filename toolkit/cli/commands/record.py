"""`toolkit record`: records one chat call, from the visit of the page to the end of the answer, as a HAR file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.call_options import ChatOptions, chat_options
from toolkit.cli.options import Target, check_encoding, live_target_options, output_option
from toolkit.cli.redaction_options import RedactionOptions, redaction_options
from toolkit.cli.status_line import clear_status, notify, show_status

if TYPE_CHECKING:
    from toolkit.cli.recorded_call import RecordedCall
    from toolkit.recording.recorder import Recorder


@click.command(short_help="Record one chat call, for tests without the site.")
@click.argument("provider")
@click.argument("prompt", callback=check_encoding)
@output_option("A .har file.")
@click.option(
    "--mode",
    type=click.Choice(("once", "all")),
    default="once",
    help="once (default) keeps a FILE that is there, with exit code 6.",
)
@click.option("--page", is_flag=True, help="Record all that a browser needs as well: scripts, styles, other hosts.")
@click.option("--system", "-s", callback=check_encoding, help="A system message before the prompt.")
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
    page: bool,
    system: str | None,
    settings: ChatOptions,
    session: Path | None,
    comment: str | None,
    target: Target,
    redaction: RedactionOptions,
) -> None:
    """Ask PROVIDER a PROMPT, print the answer, and record it: the session, and the calls with all chunks.

    Secrets, and who is signed in, are replaced before anything is written; where a secret is left, nothing is. The
    file is a HAR 1.2, for `toolkit chat --replay=FILE`, `toolkit replay` and the pytest plugin. At the end
    the answer is printed as a line for the test.

    A call that fails is recorded too, and the exit code is the error's.
    """
    from toolkit.cli.conversation import Conversation
    from toolkit.cli.recorded_call import make_call
    from toolkit.errors import RecordingExists
    from toolkit.providers import registry
    from toolkit.recording.files import ensure_writable
    from toolkit.recording.recorder import Recorder

    if not prompt.strip():
        raise click.UsageError("There is no prompt: give one as argument.")
    if mode == "once" and output.exists():
        raise RecordingExists(f"{output} is there already.", hint="`--mode all` records it anew.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"The folder {str(output.parent)!r} cannot be made: {error.strerror}.") from None
    ensure_writable(output)  # before anything is asked
    kind = registry.find(provider)
    recorder = Recorder(random=kind.random, uncompared=kind.uncompared, rules=redaction.rules(), page=page)
    messages = Conversation(system or "").ask(prompt)
    call = make_call(kind, messages, settings.arguments(), target, recorder, session)
    if call.error is not None and not recorder.has_call:
        raise call.error
    _save(recorder, output, comment or f"Recorded by `toolkit record` from {call.site}.", call)


def _save(recorder: Recorder, output: Path, comment: str, call: RecordedCall) -> None:
    """Writes the recording to the file `output`, and says what is in it. At the end it prints the answer as a line for
    the test, as the recording has it, or raises the error that the call ended with."""
    from toolkit.cli.printable_text import python_literal
    from toolkit.recording.files import save

    try:
        recording = recorder.recording(comment, on_step=show_status, answer=call.answer)
        save(recording, output, on_step=show_status)
    finally:
        clear_status()
    pages = sum(isinstance(entry.pageref, str) for entry in recording.entries)
    notify(f"note: recorded in {output}: {len(recording.entries)} exchanges, {pages} of them of the page")
    if call.error is not None:
        raise call.error
    notify(f"answer={python_literal(recording.answer)}")

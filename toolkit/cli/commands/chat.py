"""`toolkit chat`: one question, or a conversation, with the answer printed as it arrives."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.answer import Messages, print_answer
from toolkit.cli.options import Target, check_encoding, target_options
from toolkit.cli.settings import Settings, settings_options

if TYPE_CHECKING:
    from toolkit.cli.run import Runner
    from toolkit.client.client import Client


@click.command(short_help="Ask a provider, and print the answer as it arrives.")
@click.argument("provider")
@click.argument("prompt", required=False, callback=check_encoding)
@click.option("--system", "-s", callback=check_encoding, help="A system message before the prompt.")
@settings_options("-o")
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object per line, instead of text.")
@target_options
def chat(
    provider: str,
    prompt: str | None,
    system: str | None,
    settings: Settings,
    as_json: bool,
    target: Target,
) -> None:
    """Ask PROVIDER a PROMPT, and print the answer as it arrives.

    Without PROMPT it is read from a pipe; on a terminal a conversation begins. PROMPT "-" reads stdin in any case.
    With --replay and no PROMPT, the recorded question is asked again.
    """
    from toolkit.cli.connect import connect
    from toolkit.cli.run import start_runner

    talk = prompt is None and target.replay is None and sys.stdin is not None and sys.stdin.isatty()
    if prompt == "-" or (prompt is None and target.replay is None and not talk):
        prompt = _piped()
    if prompt is not None and not prompt.strip():
        raise click.UsageError("There is no prompt: give one as argument, or on stdin.")
    history: Messages = [{"role": "system", "content": system}] if system else []
    arguments = settings.arguments()
    with start_runner() as work, work.async_with(connect(provider, target)) as there, there.explain_replay_errors():
        settings.note_unknown(there.client.provider)
        if talk:
            _converse(work, there.client, history, arguments, as_json)
        elif prompt is not None:
            messages = [*history, {"role": "user", "content": prompt}]
            work.run(print_answer(there.client, messages, arguments, as_json))
        elif there.recorded_messages is not None:
            work.run(print_answer(there.client, there.recorded_messages, arguments, as_json))
        else:
            raise click.UsageError("The recording does not tell what was asked: give a prompt before --replay.")


def _piped() -> str:
    """All of stdin, as text; the empty text where there is no stdin."""
    raw = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return raw.decode("utf-8-sig").strip()  # whatever the terminal has: it is what files are in
    except UnicodeDecodeError as error:
        raise click.UsageError(f"What stdin has is not UTF-8 text (byte {error.start}).") from None


def _converse(work: Runner, client: Client, history: Messages, settings: dict[str, Any], as_json: bool) -> None:
    """A conversation, until the end of input. A question that fails is said, and not part of it."""
    from toolkit.cli.report import report_error
    from toolkit.errors import ToolkitError

    with suppress(ImportError):  # Windows has no such module, and edits lines by itself
        import readline  # noqa: F401 - that it is loaded gives `input` its keys and its memory

    click.echo(f"{client.provider.name}: an empty line or Ctrl-D ends the conversation.", err=True)
    while question := _asked():
        messages = [*history, {"role": "user", "content": question}]
        try:
            answer = work.run(print_answer(client, messages, settings, as_json))
        except ToolkitError as error:
            report_error(error)
            continue
        history[:] = [*messages, {"role": "assistant", "content": answer}]


def _asked() -> str:
    """A line that a person types; the empty text at the end. No coroutine runs meanwhile, so Ctrl-C acts at once."""
    terminal = sys.stdout.isatty()
    if not terminal:  # where `input` would print its prompt, and answers go
        click.echo("> ", nl=False, err=True)
    try:
        return check_encoding(None, None, input("> " if terminal else "").strip()) or ""
    except EOFError:
        click.echo(err=True)
        return ""

"""`toolkit chat`: asks one question, or leads a conversation, and prints each answer while it arrives."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.answer_printing import Messages, print_answer
from toolkit.cli.chat_options import ChatOptions, chat_options
from toolkit.cli.options import Target, check_encoding, target_options

if TYPE_CHECKING:
    from toolkit.cli.runner import Runner
    from toolkit.client.client import Client


@click.command(short_help="Ask a provider, and print the answer as it arrives.")
@click.argument("provider")
@click.argument("prompt", required=False, callback=check_encoding)
@click.option("--system", "-s", callback=check_encoding, help="A system message before the prompt.")
@chat_options("-o")
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object per line, instead of text.")
@target_options
def chat(
    provider: str,
    prompt: str | None,
    system: str | None,
    settings: ChatOptions,
    as_json: bool,
    target: Target,
) -> None:
    """Ask PROVIDER a PROMPT, and print the answer as it arrives.

    Without PROMPT it is read from a pipe; on a terminal a conversation begins. PROMPT "-" reads stdin in any case.
    With --replay and no PROMPT, the recorded question is asked again.
    """
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.runner import start_runner

    no_prompt = prompt is None and target.replay is None
    conversation = no_prompt and sys.stdin is not None and sys.stdin.isatty()
    if prompt == "-" or (no_prompt and not conversation):
        prompt = _read_stdin()
    if prompt is not None and not prompt.strip():
        raise click.UsageError("There is no prompt: give one as argument, or on stdin.")
    history: Messages = [{"role": "system", "content": system}] if system else []
    arguments = settings.arguments()
    with (
        start_runner() as runner,
        runner.async_with(open_client(provider, target)) as opened,
        opened.explain_replay_errors(),
    ):
        settings.note_unknown(opened.client.provider)
        if conversation:
            _converse(runner, opened.client, history, arguments, as_json)
        elif prompt is not None:
            messages = [*history, {"role": "user", "content": prompt}]
            runner.run(print_answer(opened.client, messages, arguments, as_json))
        elif opened.recorded_messages is not None:
            runner.run(print_answer(opened.client, opened.recorded_messages, arguments, as_json))
        else:
            raise click.UsageError("The recording does not tell what was asked: give a prompt before --replay.")


def _read_stdin() -> str:
    """Returns all of stdin as text, empty if there is no stdin. Raises `click.UsageError` if it is not UTF-8."""
    raw = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return raw.decode("utf-8-sig").strip()  # whatever encoding the terminal has: files are in this one
    except UnicodeDecodeError as error:
        raise click.UsageError(f"What stdin has is not UTF-8 text (byte {error.start}).") from None


def _converse(runner: Runner, client: Client, history: Messages, arguments: dict[str, Any], as_json: bool) -> None:
    """Asks what a person types until the end of input, each question with those before it and their answers.

    `history` is what the conversation begins with. A question that fails is reported, and does not become part of it.
    """
    from toolkit.cli.error_report import report_error
    from toolkit.errors import ToolkitError

    with suppress(ImportError):  # Windows has no such module, and edits lines by itself
        import readline  # noqa: F401 - loading it gives `input` its keys and its history

    click.echo(f"{client.provider.name}: an empty line or Ctrl-D ends the conversation.", err=True)
    while question := _read_question():
        messages = [*history, {"role": "user", "content": question}]
        try:
            answer = runner.run(print_answer(client, messages, arguments, as_json))
        except ToolkitError as error:
            report_error(error)
            continue
        history = [*messages, {"role": "assistant", "content": answer}]


def _read_question() -> str:
    """Returns a line that a person types, or an empty text at the end of input.

    No coroutine runs meanwhile, so Ctrl-C ends the command at once.
    """
    to_terminal = sys.stdout.isatty()
    if not to_terminal:  # `input` would print its prompt to stdout, among the answers
        click.echo("> ", nl=False, err=True)
    try:
        return check_encoding(None, None, input("> " if to_terminal else "").strip()) or ""
    except EOFError:
        click.echo(err=True)
        return ""

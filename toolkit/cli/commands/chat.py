"""`toolkit chat`: asks one question, or leads a conversation, and prints each answer while it arrives."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.answer_options import AnswerOptions, answer_options
from toolkit.cli.call_options import ChatOptions, chat_options
from toolkit.cli.options import Target, check_encoding, target_options
from toolkit.cli.question_options import QuestionOptions, question_options
from toolkit.cli.timeout_option import timeout_option

if TYPE_CHECKING:
    from toolkit.chats.deadlines import Deadlines
    from toolkit.cli.client_from_options import OpenedClient
    from toolkit.cli.conversation import Conversation
    from toolkit.cli.runner import Runner


@click.command(short_help="Ask a provider, and print the answer as it arrives.")
@click.argument("provider")
@click.argument("prompt", required=False, callback=check_encoding)
@click.option("--system", "-s", callback=check_encoding, help="A system message before the prompt.")
@chat_options("-o")
@question_options()
@answer_options()
@timeout_option
@target_options
def chat(
    provider: str,
    prompt: str | None,
    system: str | None,
    settings: ChatOptions,
    question: QuestionOptions,
    output: AnswerOptions,
    deadlines: Deadlines | None,
    target: Target,
) -> None:
    """Ask PROVIDER a PROMPT, and print the answer as it arrives.

    Without PROMPT it is read from a pipe; on a terminal a conversation begins. PROMPT "-" reads stdin in any case.
    With --replay and no PROMPT, the recorded question is asked again.
    """
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.conversation import Conversation
    from toolkit.cli.runner import start_runner

    no_prompt = prompt is None and target.replay is None
    on_terminal = no_prompt and sys.stdin is not None and sys.stdin.isatty()
    if prompt == "-" or (no_prompt and not on_terminal):
        prompt = _read_stdin()
    if prompt is not None and not prompt.strip():
        raise click.UsageError("There is no prompt: give one as argument, or on stdin.")
    if target.replay is not None and (question.keep or question.resume):
        raise click.UsageError("A replayed conversation is not kept: --replay goes with no --keep and no --continue.")
    with _error_event(output.as_json), start_runner() as runner:
        conversation = Conversation(system or "", settings.model)
        conversation.attachments = question.open_attachments()
        with (
            runner.async_with(open_client(provider, target, deadlines=deadlines)) as opened,
            opened.explain_replay_errors(),
        ):
            settings.note_unknown(opened.client.provider)
            arguments = {**settings.arguments(), **question.save_arguments(opened.client.provider)}
            keep = _prepare_keeping(opened, conversation, question)
            if prompt is None and opened.network is None:
                from toolkit.cli.chat_loop import ChatLoop

                ChatLoop(runner, opened.client, conversation, arguments, output, keep).run()
            else:
                _ask(runner, opened, conversation, prompt, arguments, output, keep)


def _ask(
    runner: Runner,
    opened: OpenedClient,
    conversation: Conversation,
    prompt: str | None,
    arguments: dict[str, Any],
    output: AnswerOptions,
    keep: Callable[[], None],
) -> None:
    """Asks the `prompt`, or else the recorded question, and keeps the answer, also one that the site has cut."""
    from toolkit.cli.answer_printing import AnswerPrinter
    from toolkit.errors import AnswerTruncated

    if prompt is None and opened.recorded_messages is None:
        raise click.UsageError("The recording does not tell what was asked: give a prompt before --replay.")
    messages = conversation.ask(prompt) if prompt is not None else opened.recorded_messages or []
    printer, truncated = AnswerPrinter(opened.client, output), None
    try:
        runner.run(printer.ask(messages, conversation.call_arguments(arguments)))
    except AnswerTruncated as error:
        truncated = error
    conversation.answer(printer.text, printer.chat_id)
    keep()
    if truncated is not None:
        raise truncated


def _prepare_keeping(opened: OpenedClient, conversation: Conversation, question: QuestionOptions) -> Callable[[], None]:
    """Resumes the conversation that was kept, if that is asked for. Returns what keeps the present one, which does
    nothing where none is to be kept."""
    from toolkit.cli.kept_conversations import (
        KeptConversation,
        keeping_is_wanted,
        load_conversation,
        save_conversation,
    )

    key = opened.client.key
    if question.resume:
        kept = load_conversation(key)
        conversation.resume(kept.messages)
        conversation.model = conversation.model or kept.model
        conversation.chat_id = kept.chat_id
    wanted = question.keep or question.resume or keeping_is_wanted()

    def keep() -> None:
        if wanted and opened.network is None and conversation.messages:
            kept = KeptConversation(conversation.all_messages, conversation.model, conversation.chat_id)
            save_conversation(key, kept)

    return keep


@contextmanager
def _error_event(as_json: bool) -> Iterator[None]:
    """With `--json`, prints an error of the block as the last event, and raises it again."""
    from toolkit.errors import ToolkitError

    try:
        yield
    except (ToolkitError, click.UsageError) as error:
        if as_json:
            from toolkit.cli.json_answer import print_error

            print_error(error)
        raise


def _read_stdin() -> str:
    """Returns all of stdin as text, empty if there is no stdin. Raises `click.UsageError` if it is not UTF-8."""
    raw = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return raw.decode("utf-8-sig").strip()  # whatever encoding the terminal has: files are in this one
    except UnicodeDecodeError as error:
        raise click.UsageError(f"What stdin has is not UTF-8 text (byte {error.start}).") from None

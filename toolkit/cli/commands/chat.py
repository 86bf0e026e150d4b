"""`toolkit chat`: asks one question, or leads a conversation, and prints each answer while it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli import standard_input
from toolkit.cli.answer_options import AnswerOptions, answer_options
from toolkit.cli.call_options import ChatOptions, chat_options
from toolkit.cli.options import Target, check_encoding, target_options
from toolkit.cli.question_options import QuestionOptions, question_options
from toolkit.cli.status_line import notify
from toolkit.cli.timeout_option import timeout_option

if TYPE_CHECKING:
    from toolkit.chats.deadlines import Deadlines
    from toolkit.cli.client_from_options import OpenedClient
    from toolkit.cli.conversation import Conversation
    from toolkit.cli.runner import Runner


STDIN = "-"


def _only_stdin(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    """The `-` after a prompt, None without it. Raises `UsageError` for anything else: words that are not quoted."""
    if values in ((), (STDIN,)):
        return values[0] if values else None
    raise click.UsageError(f"The prompt is one argument, and {values[-1]!r} comes after it: put the prompt in quotes.")


@click.command(short_help="Ask a provider, and print the answer as it arrives.")
@click.argument("provider")
@click.argument("prompt", required=False, callback=check_encoding)
@click.argument("piped", nargs=-1, metavar="[-]", callback=_only_stdin)
@click.option("--system", "-s", callback=check_encoding, help="A system message before the prompt.")
@chat_options("-o")
@question_options()
@answer_options()
@timeout_option
@target_options
def chat(
    provider: str,
    prompt: str | None,
    piped: str | None,
    system: str | None,
    settings: ChatOptions,
    question: QuestionOptions,
    output: AnswerOptions,
    deadlines: Deadlines | None,
    target: Target,
) -> None:
    """Ask PROVIDER a PROMPT, and print the answer as it arrives.

    Without PROMPT it is read from a pipe; on a terminal a conversation begins. PROMPT "-" reads stdin in any case, and
    a "-" after a PROMPT adds what is piped in to it.
    With --replay and no PROMPT, the recorded question is asked again.
    """
    from toolkit.cli.client_from_options import open_client
    from toolkit.cli.conversation import Conversation
    from toolkit.cli.runner import start_runner

    stdin_asked_for = STDIN in (prompt, piped)
    if prompt is not None or target.replay is None:
        prompt = _find_prompt(prompt, piped)
    if target.replay is not None and (question.keep or question.resume):
        raise click.UsageError("A replayed conversation is not kept: --replay goes with no --keep and no --continue.")
    with _error_event(output.as_json), start_runner() as runner:
        conversation = Conversation(system or "", settings.model)
        conversation.attachments = question.open_attachments()
        with runner.async_with(open_client(provider, target, deadlines=deadlines)) as opened:
            arguments = {**settings.arguments(), **question.save_arguments(opened.client.provider)}
            keep = _prepare_keeping(opened, conversation, question)
            if prompt is None and opened.network is None:
                from toolkit.cli.chat_loop import ChatLoop

                ChatLoop(runner, opened.client, conversation, arguments, output, keep).run()
            else:
                _ask(runner, opened, conversation, prompt, arguments, output, keep)
                if not stdin_asked_for and standard_input.has_unread_bytes():
                    notify("note: what is piped in was not read; a - after the prompt adds it")


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
    from toolkit.cli.replayed_question import ask_again, differing_settings, question_differences
    from toolkit.errors import AnswerTruncated

    recorded, arguments = opened.recorded_chat, conversation.call_arguments(arguments)
    if prompt is not None:
        messages = conversation.ask(prompt)
    elif recorded is None:
        raise click.UsageError("The recording does not tell what was asked: give a prompt before --replay.")
    else:
        messages, arguments = ask_again(recorded, conversation.system, arguments)
    differences = question_differences(recorded, messages, arguments) if recorded is not None else []
    printer, truncated = AnswerPrinter(opened.client, output), None
    try:
        with opened.explain_replay_errors(differences=differences):
            runner.run(printer.ask(messages, arguments))
        for one in differing_settings(differences):
            notify(f"note: this is asked otherwise than it was recorded, and by the same requests: {one}")
    except AnswerTruncated as error:
        truncated = error
    except KeyboardInterrupt:
        if output.as_json:
            from toolkit.cli.json_answer import print_interruption

            print_interruption(printer.text)
        raise
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
        notify(f"note: this goes on with {conversation.describe()}")
    wanted = question.keep or question.resume or keeping_is_wanted()

    def keep() -> None:
        if wanted and opened.network is None and conversation.messages:
            kept = KeptConversation(conversation.all_messages, conversation.model, conversation.chat_id)
            save_conversation(key, kept)

    return keep


@contextmanager
def _error_event(as_json: bool) -> Iterator[None]:
    """With `--json`, prints an error of the block as the last event, and raises it again."""
    try:
        yield
    except (click.exceptions.Exit, click.Abort):  # a signal; nothing has failed
        raise
    except Exception as error:
        if as_json:
            from toolkit.cli.json_answer import print_error

            with suppress(OSError):  # it may be stdout itself that has failed
                print_error(error)
        raise


def _find_prompt(prompt: str | None, piped: str | None) -> str | None:
    """Returns the question: the `prompt`, what stdin has, or one after the other. None if a conversation begins."""
    if piped is not None:
        if prompt == STDIN:
            raise click.UsageError("The second - has nothing to add: stdin is the prompt already.")
        prompt = f"{prompt}\n\n{standard_input.read_text()}".strip()
    elif prompt == STDIN or (prompt is None and not standard_input.is_terminal()):
        prompt = standard_input.read_text()
    if prompt is not None and not prompt.strip():
        raise click.UsageError("There is no prompt: give one as argument, or on stdin.")
    return prompt

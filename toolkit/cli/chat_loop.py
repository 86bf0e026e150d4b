"""Leads a conversation on a terminal: reads what a person types, asks it, and goes on after whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from toolkit.cli.answer_options import AnswerOptions
from toolkit.cli.answer_printing import AnswerPrinter
from toolkit.cli.conversation import Conversation, Messages
from toolkit.cli.conversation_commands import ConversationCommands, parse_command
from toolkit.cli.error_report import report_error
from toolkit.cli.json_answer import print_error, print_interruption
from toolkit.cli.options import check_encoding
from toolkit.cli.output import echo
from toolkit.cli.question_input import QuestionInput
from toolkit.cli.runner import Interrupted, Runner
from toolkit.client.client import Client
from toolkit.errors import AnswerTruncated, ToolkitError, UnknownModel, UsageError


class ChatLoop:
    """A conversation with a client's provider.

    `arguments` are those of `Client.chat` that every question goes with. `keep` is called after each answer.
    """

    def __init__(
        self,
        runner: Runner,
        client: Client,
        conversation: Conversation,
        arguments: dict[str, Any],
        output: AnswerOptions,
        keep: Callable[[], None],
    ) -> None:
        self._runner = runner
        self._conversation = conversation
        self._arguments = arguments
        self._as_json = output.as_json
        self._keep = keep
        self._name = client.provider.name
        self._printer = AnswerPrinter(client, output, in_conversation=True)
        self._commands = ConversationCommands(conversation, client, runner)
        self._input = QuestionInput()
        self._interrupted_idle = False  # Ctrl-C was pressed in an empty line, and nothing since

    def run(self) -> None:
        """Goes on until the end of input. Raises `click.Abort` for the second Ctrl-C in an empty line."""
        for message in self._conversation.messages:
            if message["role"] == "user" and isinstance(message["content"], str):
                self._input.remember(message["content"])
        echo(f"{self._name}: Ctrl-D ends the conversation, /help lists what else there is.", err=True)
        while (text := self._read()) is not None:
            with self._input.pause():
                goes_on = self._handle(text)
            if not goes_on:
                return

    def _read(self) -> str | None:
        """Returns what a person types next; None at the end of input."""
        while True:
            try:
                with self._runner.interruptible():
                    text = self._input.read()
                text = check_encoding(None, None, text) or ""
            except EOFError:
                self._input.end_line()
                return None
            except click.BadParameter as error:
                report_error(error)
            except Interrupted:
                self._forget_line()
            else:
                self._interrupted_idle = False
                return text

    def _forget_line(self) -> None:
        echo(err=True)
        typed = self._input.typed
        self._input.remember(typed)
        if typed.strip():
            self._interrupted_idle = False
            return
        if self._interrupted_idle:
            raise click.Abort
        self._interrupted_idle = True
        echo("Ctrl-C once more, or Ctrl-D, ends the conversation.", err=True)

    def _handle(self, text: str) -> bool:
        """Runs a command, or asks a question. Returns whether the conversation goes on."""
        command = parse_command(text)
        if command is not None and command[0] == "exit":
            return False
        try:
            if command is None:
                if text.strip():
                    self._ask(self._conversation.ask(text.strip()))
            elif command[0] == "retry":
                if (messages := self._conversation.retry()) is None:
                    echo("There is no question to ask again yet.", err=True)
                else:
                    self._ask(messages)
            else:
                with self._runner.interruptible():
                    self._commands.run(*command)
        except Interrupted:
            echo("", "interrupted", err=True)
        except OSError:
            raise  # the terminal is gone, or what stdout leads to is full
        except Exception as error:  # noqa: BLE001 - not even a bug, such as a plugin's, takes the conversation away
            self._report(error)
        return True

    def _ask(self, messages: Messages) -> None:
        """Asks `messages`, and goes on after any error.

        An answer that the site has cut, or the person by Ctrl-C, belongs to the conversation as far as it has come. A
        question that fails, or has no text in its answer, does not. `/retry` asks it again in any case.
        """
        arguments = self._conversation.call_arguments(self._arguments)
        try:
            with self._runner.interruptible():
                self._runner.run(self._printer.ask(messages, arguments))
        except Interrupted:
            if self._as_json:
                print_interruption(self._printer.text)
            told = "the conversation goes on with what there is of the answer" if self._printer.text else "no answer"
            echo(f"interrupted: {told}; /retry asks again", err=True)
        except AnswerTruncated as error:
            if error.finish_reason == "length":
                error.hint = "Ask for the rest."  # its own hint names an option, which cannot be given here
            self._report(error)
            echo("The conversation goes on with what there is of the answer; /retry asks again.", err=True)
        except ToolkitError as error:
            self._report(error)
            echo("The conversation goes on without it; /retry asks again.", err=True)
            about_model = isinstance(error, UsageError | UnknownModel) and "model" in error.what
            if about_model and self._conversation.model is not None:
                echo("/model - goes back to the provider's own model.", err=True)
            return
        self._conversation.answer(self._printer.text, self._printer.chat_id)
        self._keep()

    def _report(self, error: Exception) -> None:
        if self._as_json:
            print_error(error)
        report_error(error)

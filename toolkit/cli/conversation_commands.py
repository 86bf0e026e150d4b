"""What a person can type in a conversation besides questions: `/help` and its like."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from toolkit.chats.contents import File, Image
from toolkit.chats.messages import FILES, IMAGES
from toolkit.cli.conversation import Conversation
from toolkit.cli.conversation_export import export_conversation
from toolkit.cli.output import echo_text
from toolkit.cli.runner import Runner
from toolkit.client.client import Client
from toolkit.errors import UsageError
from toolkit.files.atomic import write_atomic

_COMMAND = re.compile(r"/([A-Za-z]+|\?)(?:\s+(.*))?", re.DOTALL)
NOTHING = "-"  # as the text of `/system`: no system message; as the name of `/model`: the provider's own


class Command(NamedTuple):
    """A command: its name, what follows it, and what it does."""

    name: str
    argument: str
    help: str


COMMANDS = (
    Command("model", "[NAME]", "ask this model from now on, - for the provider's own; alone: which there are"),
    Command("system", "[TEXT]", "set the system message, - for none; alone: show it"),
    Command("retry", "", "ask the last question again"),
    Command("image", "FILE", "send an image with the next question"),
    Command("file", "FILE", "send a file with the next question"),
    Command("save", "FILE", "save the conversation, as JSON if FILE ends in .json, else as Markdown"),
    Command("help", "", "show this"),
    Command("exit", "", "end the conversation, as Ctrl-D does"),
)
KEYS = (
    ("Ctrl-C", "end the answer that comes; or forget the line, which Up gives back"),
    ("\\", "at the end of a line: go on with the question in the next one"),
    ('"""', "around a question of many lines; what is pasted needs none"),
    ("a blank", "before a question that begins with a / of its own"),
)
ALIASES = {"?": "help", "quit": "exit", "bye": "exit"}


def parse_command(text: str) -> tuple[str, str] | None:
    """Returns the name of a command and what follows it; None for text that is a question.

    A path such as `/etc/hosts` is no command, and neither is text that begins with a blank.
    """
    match = _COMMAND.fullmatch(text)
    if match is None:
        return None
    name = match[1].lower()
    return ALIASES.get(name, name), (match[2] or "").strip()


class ConversationCommands:
    """Runs the commands that change or show a conversation. They raise `UsageError` for what cannot be done."""

    def __init__(self, conversation: Conversation, client: Client, runner: Runner) -> None:
        self._conversation = conversation
        self._client = client
        self._runner = runner
        self._saved: set[str] = set()  # files that this conversation has written, and may write again
        self._handlers: dict[str, Callable[[str], None]] = {
            "model": self._model,
            "system": self._system,
            "image": self._image,
            "file": self._file,
            "save": self._save,
            "help": self._help,
        }

    def run(self, name: str, argument: str) -> None:
        """Runs the command `name`. Raises `UsageError` if there is none, and `ToolkitError` if it fails."""
        if name not in self._handlers:
            hint = "/help lists what there is; a blank before the / makes it a question."
            raise UsageError(f"There is no command /{name}.", hint=hint)
        self._handlers[name](argument)

    def _model(self, name: str) -> None:
        provider = self._client.provider
        if name == NOTHING:
            self._conversation.model = None
            _say(f"The next question goes to the model that {provider.name} chooses itself.")
            return
        if name:
            if not provider.takes_model(name):
                raise UsageError("It cannot be told a model, and answers with its own.", provider=provider.name)
            self._conversation.model = name
            _say(f"The next question goes to {name}.")
            return
        names = self._runner.run(self._client.models())
        current = self._conversation.model or (names[0] if names else None)
        for model in dict.fromkeys((*names, *([current] if current else []))):
            _say(f"{'*' if model == current else ' '} {model}")
        if not names and not current:
            _say(f"{provider.name} has no list of its models.")

    def _system(self, text: str) -> None:
        if text:
            self._conversation.system = "" if text == NOTHING else text
            _say("There is no system message now." if text == NOTHING else "The next question goes with it.")
        else:
            _say(self._conversation.system or "There is no system message.")

    def _image(self, argument: str) -> None:
        self._attach(Image.open(self._path(argument, "/image")), IMAGES, argument)

    def _file(self, argument: str) -> None:
        self._attach(File.open(self._path(argument, "/file")), FILES, argument)

    def _attach(self, content: Image | File, need: str, name: str) -> None:
        provider = self._client.provider
        if need not in provider.accepts:
            raise UsageError(f"It takes {', '.join(sorted(provider.accepts))}, and no {need}.", provider=provider.name)
        self._conversation.attachments.append(content)
        _say(f"{name} goes with the next question.")

    def _save(self, argument: str) -> None:
        path = self._path(argument, "/save")
        if not self._conversation.messages:
            raise UsageError("There is nothing to save yet.")
        if os.path.exists(path) and os.path.realpath(path) not in self._saved:
            raise UsageError(f"{path} is there already.", hint="Name another file.")
        messages, name = self._conversation.all_messages, self._client.provider.name
        try:
            write_atomic(path, export_conversation(messages, name, path.suffix).encode())
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror or type(error).__name__}.") from None
        self._saved.add(os.path.realpath(path))
        _say(f"The conversation is in {path}.")

    def _help(self, _: str) -> None:
        rows = [*((f"/{entry.name} {entry.argument}".strip(), entry.help) for entry in COMMANDS), *KEYS]
        for left, right in rows:
            _say(f"{left:<15} {right}")

    @staticmethod
    def _path(argument: str, command: str) -> Path:
        """Returns the file that is named: as it is, or as a shell would read it, as where it is dragged here.

        `os.path` raises for no text, and `pathlib` does, such as for a name that is too long.
        """
        if not argument:
            raise UsageError(f"Name the file: {command} FILE.")
        try:
            words = shlex.split(argument)
        except ValueError:
            words = []
        plain = os.path.expanduser(argument)
        return Path(os.path.expanduser(words[0]) if len(words) == 1 and not os.path.exists(plain) else plain)


def _say(text: str) -> None:
    echo_text(text, err=True)

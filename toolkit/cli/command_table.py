"""The table of commands: what each is called, and which module of `commands/` it is in.

The list in `--help`, its order, and the tests derive from it. A new command is a file in `commands/` and a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import NamedTuple

import click


class CommandEntry(NamedTuple):
    """One command, or a group of commands.

    `name` is what a person types, words separated by blanks. `module` is a module of `toolkit.cli.commands`, which
    defines the click command under the module's own name.
    """

    name: str
    module: str

    def load(self) -> click.Command:
        """Imports the module, and returns its command."""
        command: click.Command = getattr(import_module(f"toolkit.cli.commands.{self.module}"), self.module)
        return command


# In the order of `--help`: the commands by when a person first needs them, those of a group by name.
COMMANDS = (
    CommandEntry("chat", "chat"),
    CommandEntry("login", "login"),
    CommandEntry("harvest", "harvest"),
    CommandEntry("session", "session"),
    CommandEntry("session check", "session_check"),
    CommandEntry("session export", "session_export"),
    CommandEntry("session import", "session_import"),
    CommandEntry("session list", "session_list"),
    CommandEntry("session refresh", "session_refresh"),
    CommandEntry("session rm", "session_rm"),
    CommandEntry("session show", "session_show"),
    CommandEntry("providers", "providers"),
    CommandEntry("models", "models"),
    CommandEntry("serve", "serve"),
    CommandEntry("serve key", "serve_key"),
    CommandEntry("new", "new"),
    CommandEntry("record", "record"),
    CommandEntry("recording", "recording"),
    CommandEntry("recording adopt", "recording_adopt"),
    CommandEntry("recording check", "recording_check"),
    CommandEntry("recording drift", "recording_drift"),
    CommandEntry("recording redact", "recording_redact"),
    CommandEntry("recording show", "recording_show"),
    CommandEntry("replay", "replay"),
    CommandEntry("install", "install"),
    CommandEntry("doctor", "doctor"),
)


def commands_of(group: str) -> dict[str, CommandEntry]:
    """Returns the commands directly in `group`, by their last word. The empty `group` is `toolkit` itself."""
    split = ((*entry.name.rpartition(" ")[::2], entry) for entry in COMMANDS)
    return {word: entry for parent, word, entry in split if parent == group}


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands of a group by their last word, as click holds them, each loaded when it is first looked up."""

    def __init__(self, group: str) -> None:
        self._entries = commands_of(group)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, word: str) -> click.Command:
        if word not in self._loaded:
            self._loaded[word] = self._entries[word].load()
        return self._loaded[word]

    def __setitem__(self, word: str, command: click.Command) -> None:
        raise TypeError("Commands are added to the table.")

    def __delitem__(self, word: str) -> None:
        raise TypeError("Commands are removed from the table.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

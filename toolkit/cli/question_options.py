"""The options that say what a question goes with besides its text, and what becomes of the conversation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from toolkit.cli.options import F, check_encoding, group_options

if TYPE_CHECKING:
    from toolkit.chats.contents import File, Image
    from toolkit.providers.base import Provider


class QuestionOptions(NamedTuple):
    """`save` and `folder` are about the history at the site, `keep` and `resume` (`--continue`) about the one here."""

    images: tuple[Path, ...]
    files: tuple[Path, ...]
    save: bool
    folder: str | None
    keep: bool
    resume: bool

    def open_attachments(self) -> list[Image | File]:
        """Reads the images and files. Raises `UsageError` for what cannot be read, or is no image."""
        if not self.images and not self.files:
            return []
        from toolkit.chats.contents import File, Image

        return [*map(Image.open, self.images), *map(File.open, self.files)]

    def save_arguments(self, provider: Provider) -> dict[str, Any]:
        """Returns the arguments of `Client.chat` that have the site save the conversation.

        Raises `UsageError` if the provider cannot.
        """
        wanted: dict[str, Any] = {}
        if self.save:
            wanted["save"] = True
        if self.folder is not None:
            wanted["folder"] = self.folder
        for name in wanted:
            if name not in provider.options:
                from toolkit.errors import UsageError

                raise UsageError(
                    f"It cannot save a conversation in the history at the site (--{name}).",
                    provider=provider.name,
                    hint="`--keep` keeps it on this machine.",
                )
        return wanted


_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--image", "images", multiple=True, type=_FILE, metavar="FILE", help="Send an image along. Can be repeated."
    ),
    click.option(
        "--file", "files", multiple=True, type=_FILE, metavar="FILE", help="Send a file along. Can be repeated."
    ),
    click.option("--save", is_flag=True, help="Have the site save the conversation in your history there."),
    click.option("--folder", metavar="NAME", callback=check_encoding, help="... in this folder of the history there."),
    click.option(
        "--keep", is_flag=True, help="Keep the conversation on this machine, for --continue; so does TOOLKIT_KEEP=1."
    ),
    click.option("--continue", "-c", "resume", is_flag=True, help="Go on with the last conversation that was kept."),
)


def question_options() -> Callable[[F], F]:
    """Adds the options of `QuestionOptions`. The command gets one as argument `question`."""
    return lambda command: group_options(command, "question", QuestionOptions, _OPTIONS)

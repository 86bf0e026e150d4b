"""The options that say how an answer is printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from toolkit.cli.options import F, group_options


class AnswerOptions(NamedTuple):
    """How to print an answer. `save_media` is the folder for the images and files that belong to it."""

    as_json: bool = False
    plain: bool = False
    no_reasoning: bool = False
    usage: bool = False
    save_media: Path | None = None


_OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object per line, instead of text."),
    click.option("--plain", is_flag=True, help="On a terminal, print the text as it is, not as Markdown."),
    click.option("--no-reasoning", is_flag=True, help="On a terminal, do not show what the model thinks."),
    click.option("--usage", is_flag=True, help="Say on stderr how many tokens the answer took."),
    click.option(
        "--save-media",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Save the images and files of the answer in this folder.",
    ),
)


def answer_options() -> Callable[[F], F]:
    """Adds the options of `AnswerOptions`. The command gets one as argument `output`."""
    return lambda command: group_options(command, "output", AnswerOptions, _OPTIONS)

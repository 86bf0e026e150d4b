"""Turns an error into a message on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from toolkit.cli.exit_codes import ExitCode
from toolkit.cli.option_names import with_option_names
from toolkit.cli.options import debug_wanted
from toolkit.cli.output import begin_line, echo_text
from toolkit.cli.safe_traceback import describe_error, format_traceback

if TYPE_CHECKING:
    from toolkit.errors import ToolkitError


def report_error(error: Exception) -> int:
    """Prints `error` for a person, after a traceback if `--debug` was given, and returns the exit code.

    Errors of click are usage errors, and have no traceback. An error that is neither ours nor the system's is a bug,
    and the message says so.
    """
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return _report_click_error(error)

    from toolkit.errors import ToolkitError

    if debug_wanted():
        for line in format_traceback(error):
            echo_text(line, nl=False, err=True)
    if isinstance(error, ToolkitError):
        return _report_toolkit_error(error)
    if isinstance(error, OSError):  # such as a full disk under stdout
        place = f" ({error.filename})" if error.filename else ""
        print_error(f"{error.strerror or type(error).__name__}{place}.")
    else:
        description = describe_error(error)
        print_error(f"{description}\nThis is a bug, of the toolkit or of the provider; `--debug` shows where.")
    return ExitCode.ERROR


def _report_click_error(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # a group without a command: its help is the message
        error.show()
        return error.exit_code
    context = getattr(error, "ctx", None)
    hint = f" See `{context.command_path} --help`." if context is not None else ""
    if isinstance(error, click.NoSuchOption) and (file := _file_taken_for_option(error.option_name)):
        hint = f" To name the file {file!r}, write {f'./{file}'!r}."
    text = error.format_message()
    print_error(f"{text}{'' if text.endswith(('.', '?')) else '.'}{hint}")
    return error.exit_code


def _file_taken_for_option(option: str) -> str:
    """Returns the argument that click took for `option`, a letter after `-`, if it is the name of a file that is there;
    else nothing. It may stand behind the `=` of an option whose value may be left out."""
    values = (one.partition("=")[2] if one.startswith("--") else one for one in sys.argv[1:])
    return next((one for one in values if one.startswith(option) and os.path.exists(one)), "")


def error_message(error: ToolkitError) -> str:
    """Returns what `error` says, with the names that things have on the command line."""
    return with_option_names(str(error))


def _report_toolkit_error(error: ToolkitError) -> ExitCode:
    from toolkit.errors import AnswerTruncated, LoginRequired, RateLimited, RecordingExists, UsageError

    print_error(error_message(error))
    if isinstance(error, LoginRequired):
        return ExitCode.LOGIN_NEEDED
    if isinstance(error, RateLimited):
        return ExitCode.RATE_LIMITED
    if isinstance(error, AnswerTruncated):
        return ExitCode.ANSWER_TRUNCATED
    if isinstance(error, RecordingExists):
        return ExitCode.RECORDING_EXISTS
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.ERROR


def print_error(text: str) -> None:
    """Prints `text` as the error that ends a command."""
    begin_line()
    echo_text("error: ", nl=False, err=True, fg="red", bold=True)
    echo_text(text, err=True)

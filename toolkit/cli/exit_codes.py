"""The exit codes of the command line. The line of `--help` that lists them derives from the names."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. A command that another signal than Ctrl-C ends exits with 128 and the signal's number."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    LOGIN_NEEDED = 3
    RATE_LIMITED = 4
    ANSWER_TRUNCATED = 5
    RECORDING_EXISTS = 6
    INTERRUPTED = 130


def exit_codes_help() -> str:
    """Returns the line of `--help` that lists the codes."""
    listed = (f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    return f"Exit codes: {', '.join(listed)}."

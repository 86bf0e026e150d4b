"""The command `toolkit`: reads a command line, calls the other rooms, and prints what they return or raise.

`commands/` has a file for each command, `command_table` lists them, and the other files here are what commands share.
Nothing that is useful without a terminal belongs here. Its entry point is `main`; no other room imports it. Modules are
imported only when they are needed, so that `--help` and completion stay fast.
"""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

# Loading modules creates many objects that all stay alive, 53,000 in the case of `toolkit serve`. With Python's default
# of 700, a tenth of a short command's time goes into garbage collections that find nothing.
GC_THRESHOLD = 100_000


def main() -> NoReturn:
    """Runs the command line, and exits with one of the codes that `--help` lists."""
    gc.set_threshold(GC_THRESHOLD)
    try:
        from toolkit.cli.app import run_command_line  # in here, so that Ctrl-C gives no traceback while modules load

        code = run_command_line()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130  # `ExitCode.INTERRUPTED`, whose module may not be loaded
    gc.freeze()  # no last collection while the interpreter ends
    sys.exit(code)

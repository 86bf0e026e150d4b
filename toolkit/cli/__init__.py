"""The command `toolkit`. Each command has a file here; nothing is imported before it is needed."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

# Modules make many objects, and all of them stay: with Python's 700, looking for garbage among them takes a tenth of
# a short command's time, while they load and once more at the end.
GARBAGE = 50_000


def main() -> NoReturn:
    """Run the command line, and exit with one of the codes that `--help` tells."""
    gc.set_threshold(GARBAGE)
    try:
        from toolkit.cli.app import command_line  # in here, so that Ctrl-C gives no traceback while modules load

        code = command_line()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    gc.freeze()
    sys.exit(code)

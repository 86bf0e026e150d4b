"""The command `toolkit`. Each command has a file here; nothing is imported before it is needed."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line, and exit with one of the codes that `--help` tells."""
    try:
        from toolkit.cli.app import command_line  # in here, so that Ctrl-C gives no traceback while modules load

        code = command_line()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)

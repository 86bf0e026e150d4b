"""The README's picture of a terminal: `python -m tests.readme.picture` runs the commands in it, and draws it anew.

The commands run for real, on a pseudo-terminal, and what they write goes through an emulator (pyte): the picture is
what a person has on the screen. It has stdout only, since stderr has notes about the machine.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pyte
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.readme.blocks import ROOT

PICTURE = ROOT / ".github" / "terminal.svg"
TITLE = "toolkit"
COMMANDS = (
    'toolkit chat aura "Why is the sky blue? Answer in one sentence, with an emoji." --replay',
    "toolkit chat openwebui --replay --json | tail -n 3",
)
COLUMNS, LINES = 112, 40
VARIATION_SELECTOR = "\ufe0f".encode()  # takes no cell; pyte would pass over all that follows it
CELL = 20 * 0.61  # the width of a cell in the picture: rich's size of the letters, and their width by their height
SVG = "{http://www.w3.org/2000/svg}"


def run_on_terminal(command: str, environ: Mapping[str, str]) -> bytes:
    """What a shell writes to a terminal that runs `command`. Raises `RuntimeError` where it fails."""
    import fcntl
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    written = b""
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            ["bash", "-eo", "pipefail", "-c", command],
            env=dict(environ),
            cwd=environ["HOME"],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=err,
        )
        os.close(slave)
        try:
            while piece := os.read(master, 65536):
                written += piece
        except OSError:  # Linux says so that nobody has the other side any more
            pass
        finally:
            os.close(master)
        if process.wait() != 0:
            err.seek(0)
            raise RuntimeError(f"`{command}` has failed: {err.read().decode()}")
    return written


def run_commands(home: Path) -> pyte.Screen:
    """The screen after all commands, run with the toolkit of this tree and nothing of this machine's person."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "HOME": str(home), "TOOLKIT_STATE_DIR": str(home / "state"), "PYTHONPATH": str(ROOT)}
    passed_on = {name: os.environ[name] for name in ("PLAYWRIGHT_BROWSERS_PATH",) if name in os.environ}
    environ = {**passed_on, **own, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    for number, command in enumerate(COMMANDS):
        line = f"\x1b[1;32m$\x1b[0m \x1b[1m{command}\x1b[0m\r\n"
        stream.feed(("\r\n" if number else "").encode() + line.encode())
        stream.feed(run_on_terminal(command, environ).replace(VARIATION_SELECTOR, b""))
    return screen


def screen_lines(screen: pyte.Screen) -> list[str]:
    """The text of the screen down to its last line with any."""
    return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")


def draw(screen: pyte.Screen) -> str:
    """The screen as an SVG."""
    lines = screen_lines(screen)
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with console.file:
        for number in range(len(lines)):
            cells = [screen.buffer[number][column] for column in range(COLUMNS)]
            text = Text(no_wrap=True)
            for style, run in groupby(cells, _style):
                text.append("".join(cell.data for cell in run), style)
            text.rstrip()
            console.print(text, soft_wrap=True)
    svg = console.export_svg(title=TITLE, unique_id="terminal")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # fonts from a server on the web


def _style(cell: pyte.screens.Char) -> Style:
    return Style(
        color=_colour(cell.fg),
        bgcolor=_colour(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        reverse=cell.reverse,
    )


def _colour(name: str) -> str | None:
    """The colour that pyte names, in rich's words."""
    if name == "default":
        return None
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    bright = name.removeprefix("bright")
    word = {"brown": "yellow"}.get(bright, bright)
    return f"bright_{word}" if bright != name else word


def picture_lines(svg: str) -> list[str]:
    """The text of a picture that `draw` has made, line by line."""
    lines: dict[float, str] = {}
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        if "clip-path" not in text.attrib:  # the title
            continue
        y, column = float(text.attrib["y"]), round(float(text.attrib["x"]) / CELL)
        before = lines.get(y, "")
        lines[y] = before + " " * (column - cell_len(before)) + (text.text or "").replace("\xa0", " ")
    return [line.rstrip() for _, line in sorted(lines.items())]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_text(draw(run_commands(Path(folder))), encoding="utf-8")

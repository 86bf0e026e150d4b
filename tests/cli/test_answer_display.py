"""An answer on a terminal while it arrives: Markdown rendered, reasoning dim above it, nothing steered by a site."""

from __future__ import annotations

import io
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import terminal
from tests.sites.scripted import ScriptedSite
from toolkit.chats.events import Media, Reasoning, Source, Text, Usage
from toolkit.cli.answer_details import media_line, source_lines, usage_line
from toolkit.cli.answer_display import AnswerDisplay
from toolkit.cli.markdown_rendering import split_blocks
from toolkit.cli.media_files import save_media
from toolkit.cli.status_spinner import StatusLine, format_seconds

posix = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")
Scripted = tuple[ScriptedSite, str]
LINES = ["# T\n", "text\n", "\n", "- a\n", "  - b\n", "```\n", "| a |\n", "|---|\n", "> q\n", "x\u2028y"]
DIM = "\x1b[2m"


def chat(origin: str, *options: str) -> tuple[str, ...]:
    return ("chat", "codelinkava", "Hi", "--base-url", origin, *options)


def shown(*pieces: Text | Reasoning, every: bool = True) -> str:
    """What is on the screen at the end, with codes for styles, of an answer in `pieces`."""
    file = io.StringIO()
    display = AnswerDisplay(Console(file=file, force_terminal=True, width=60, height=20, color_system="standard"))
    for piece in pieces:
        display.write(piece)
        if every:
            display.refresh()
    display.end(complete=True)
    return file.getvalue()


def unstyled(*pieces: Text | Reasoning) -> str:
    """As `printed`, on a wide terminal that takes no codes."""
    file = io.StringIO()
    display = AnswerDisplay(Console(file=file, force_terminal=True, width=400, height=20, color_system=None))
    for piece in pieces:
        display.write(piece)
    display.end(complete=True)
    return file.getvalue()


def printed(*pieces: Text | Reasoning) -> str:
    """What is printed of an answer that came at once: nothing of it was drawn and taken back."""
    return shown(*pieces, every=False)


@posix
async def test_markdown_is_rendered_while_it_streams(toolkit: Toolkit, scripted: Scripted) -> None:
    """What has come is rendered before the rest is there; blanks do not fill the lines."""
    site, origin = scripted
    site.says("It is **bold**.\n\n", "- one\n- two\n")
    site.hold_after = 1
    async with terminal(toolkit, *chat(origin)) as screen:
        await screen.shows("It is bold.")
        site.hold_after = None
        assert await screen.end() == 0
    assert "**" not in screen.screen
    assert screen.screen.endswith("It is bold.\n\n • one\n • two\n")
    assert "\x1b[1mbold" in screen.raw
    assert screen.raw.rpartition("\x1b[?25h")[1], "the cursor is not back"


@posix
async def test_plain_prints_the_bytes(toolkit: Toolkit, scripted: Scripted) -> None:
    """`--plain` on a terminal shows the text as a pipe gets it, with the reasoning dim above it."""
    site, origin = scripted
    site.says("It is **bold**.", reasoning="Hm.")
    async with terminal(toolkit, *chat(origin, "--plain")) as screen:
        assert await screen.end() == 0
    assert screen.screen.endswith("(thinking) Hm.\n\nIt is **bold**.\n")
    assert f"{DIM}(thinking) Hm." in screen.raw


@posix
@pytest.mark.parametrize("hidden", [False, True])
async def test_reasoning_is_dim_and_above(toolkit: Toolkit, scripted: Scripted, hidden: bool) -> None:
    """It is shown as it comes, with a line that says that the model thinks; `--no-reasoning` shows only that line."""
    site, origin = scripted
    site.says("Yes.", reasoning="Let me see.")
    site.hold_after = 1
    async with terminal(toolkit, *chat(origin, *(["--no-reasoning"] if hidden else []))) as screen:
        await screen.shows("codelinkava is thinking")
        site.hold_after = None
        assert await screen.end() == 0
    assert ("Let me see." in screen.screen) != hidden
    assert screen.screen.endswith("Yes.\n")
    assert hidden or f"{DIM}Let me see." in screen.raw


@posix
async def test_details_are_listed_below(toolkit: Toolkit, scripted: Scripted) -> None:
    """Sources are numbered below the answer; the usage is on stderr, which is the terminal too."""
    site, origin = scripted
    source = {"source": {"name": "Sky\x1b[2J"}, "document": ["t"], "metadata": [{"source": "https://example.org/r"}]}
    site.says("Yes [1].", sources=[source])
    async with terminal(toolkit, *chat(origin, "--usage")) as screen:
        assert await screen.end() == 0
    below = "Yes [1].\n\n[1] Sky\ufffd[2J - https://example.org/r\nusage: the site does not tell\n"
    assert screen.screen.endswith(below)


@posix
async def test_a_broken_answer_is_printed_before_its_error(toolkit: Toolkit, scripted: Scripted) -> None:
    """What had come stays on the screen, and the error has a line of its own."""
    site, origin = scripted
    site.says("half a **sentence")
    site.frames.pop()
    site.ending = "cut"
    async with terminal(toolkit, *chat(origin)) as screen:
        assert await screen.end() == 1
    assert "half a **sentence\nerror: codelinkava: The connection broke" in screen.screen


@pytest.mark.parametrize("text", [r"\( x_1 \) and \[ \{a, b\} \\ \, c \]", r"50 \% \& more"])
def test_latex_stays_as_it_is(text: str) -> None:
    """What has a meaning in LaTeX keeps its backslash; what is escaped in Markdown alone loses it."""
    assert unstyled(Text(text)) == f"{text}\n"
    assert unstyled(Text(rf"\*{text}\* a\_b")) == f"*{text}* a_b\n"


@pytest.mark.parametrize(
    "text",
    [
        "a\x1b]0;title\x07b\x9b2J",
        '[name\x1b[2J](https://example.org/\x1b[2J "title\x1b[2J")',
        "[name](<https://example.org/a\x9bb>) <https://example.org/\x07>",
        "`code \x1b[2J` &#27;[2J &#155;2J &#7;",
        "```py\x1b[2J\nprint('\x1b[2J')\n```",
        "![alt\x1b[2J](https://example.org/\x1b.png)",
        "| \x1b[2J |\n|---|\n| \x9b2J |",
        "# \x1b[2J\n\n> \x1b[2J\n\n1. \x1b[2J",
        "<a href='\x1b[2J'>\x1b[2J</a>",
    ],
)
def test_a_site_cannot_steer_the_terminal_through_markdown(text: str) -> None:
    """Links, titles, code, tables, entities: no control character comes through but rich's own codes for styles, and no
    hyperlink, which could hide where it leads."""
    for piece in (Text(text), Reasoning(text)):
        assert not [letter for letter in unstyled(piece) if letter != "\n" and unicodedata.category(letter) == "Cc"]
        assert "\x1b]" not in printed(piece)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a <b>tag</b>", "a <b>tag</b>"),
        ("<div>\nblock\n</div>", "<div>\nblock\n</div>"),
        ("[1]: https://example.org/a", "[1]: https://example.org/a"),
        ("one\ntwo", "one\ntwo"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("see ![a chart](https://example.org/c.png) there", "see [image: a chart (https://example.org/c.png)] there"),
        (f"![x](https://example.org/{'a' * 300})", "[image: x (https://example.org/"),
        ("```\nunfinished", "unfinished"),
    ],
)
def test_nothing_of_the_text_is_lost(text: str, told: str) -> None:
    """HTML, definitions of links, single line breaks, addresses and images are all shown."""
    assert told in unstyled(Text(text))


def test_blocks_are_parted_by_one_empty_line() -> None:
    """Also reasoning from text, and text from reasoning that comes again; the reasoning keeps its own."""
    pieces = (Reasoning("\nHm.\n\nSo\n\n"), Text("\n\nOne\n\n\nTwo\n"), Reasoning("Again"), Text("Three"))
    assert unstyled(*pieces) == "Hm.\n\nSo\n\nOne\n\nTwo\n\nAgain\n\nThree\n"


def test_what_is_drawn_is_never_higher_than_the_screen() -> None:
    """Of a block that is longer than the screen, the end is drawn, and all of it is printed once it is complete."""
    lines = [f"line {number}\n" for number in range(50)]
    answer = shown(Text("```\n"), *map(Text, lines))
    last_frame = answer.rpartition("\x1b[?25h")[0].rpartition("\x1b[2K")[2]
    assert "line 49" in last_frame
    assert last_frame.count("\n") < 20
    assert all(f"line {number}" in answer.rpartition("\x1b[?25h")[2] for number in range(50))


@given(st.lists(st.sampled_from(LINES)))
def test_splitting_loses_nothing(parts: list[str]) -> None:
    """The blocks and the rest are the text, but for empty lines before the first block."""
    text = "".join(parts)
    blocks, rest = split_blocks(text)
    assert ("".join(blocks) + rest).lstrip("\n") == text.lstrip("\n")


def test_the_status_tells_how_long() -> None:
    """Nothing in the first second, then seconds, then minutes; of several lines it makes one."""
    line = StatusLine("is\nthinking")
    assert str(line.render(100.0))[2:] == "is thinking"
    assert str(line.render(112.9))[2:] == "is thinking 12 s"
    assert format_seconds(59) == "59 s"
    assert format_seconds(125) == "2 min 5 s"


def test_details_in_words() -> None:
    """Each source once, with what is known of it; sizes and tokens as people write them."""
    same = Source("A", "https://example.org/a")
    assert list(source_lines([same, same, Source("", file="notes.txt"), Source(""), Source("B", file="1f3a")])) == [
        "[1] A - https://example.org/a",
        "[2] notes.txt",
        "[3] a source without a name",
        "[4] B",
    ]
    assert media_line(Media(data=b"x" * 3400, name="a.png")) == "a.png: 3.4 kB"
    assert media_line(Media(url="https://example.org/a.png")) == "file: https://example.org/a.png"
    assert usage_line(Usage(1, 2), "m") == "usage: 1 tokens in the prompt, 2 in the answer; model m"


@pytest.mark.parametrize(
    ("name", "mime_type", "path"),
    [
        ("../../etc/passwd", "", "passwd"),
        ("C:\\a\\b.txt", "", "b.txt"),
        (".bashrc", "", "bashrc"),
        ("..", "image/png", "image.png"),
        ("a\x1b\x00b?.png", "", "a__b_.png"),
        ("", "image/jpeg", "image.jpg"),
        ("", "", "file"),
        ("x" * 300 + ".png", "", "x" * 100 + ".png"),
    ],
)
def test_a_site_names_no_file_outside_the_folder(tmp_path: Path, name: str, mime_type: str, path: str) -> None:
    """Whatever it calls a file, the name has no path, no control characters, no dot in front, and fits."""
    media = Media(data=b"data", name=name, mime_type=mime_type)
    assert save_media(media, tmp_path) == tmp_path / path

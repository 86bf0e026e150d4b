"""Renders the Markdown of an answer for a terminal, so that nothing of the text is lost and a site steers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.segment import Segment
from rich.style import Style

from toolkit.cli.printable_text import printable

CODE_THEME = "ansi_dark"  # the terminal's own colours, on its own background
MAX_SHOWN_URL = 200  # characters of an image's address: a `data:` URL is as long as the image

# CommonMark (https://spec.commonmark.org/0.31.2/) with tables and ~~strikethrough~~, as models write it. HTML is text
# here, since a terminal could only drop it. So are definitions of links ([1]: https://...), which would not be shown.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).disable("reference")
_PARSER.disable("text_join")  # so that `_prepare` sees what was escaped

# What has a meaning in LaTeX after a backslash, as in \( x \): Markdown's escapes would take that away.
_LATEX = frozenset("()[]{},;:!%&\\")


def split_blocks(text: str) -> tuple[list[str], str]:
    """Returns the blocks at the beginning of `text` that are complete, and the rest, which can still change.

    A block (a paragraph, a list, a table, fenced code) is complete once another one has begun after it. The rest is
    the last block, and what follows it.
    """
    starts = [token.map[0] for token in _PARSER.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    if len(starts) < 2:
        return [], text
    lines = [f"{line}\n" for line in text.split("\n")]  # as the parser counts them: not `splitlines`
    blocks = ["".join(lines[start:end]) for start, end in pairwise(starts)]
    return blocks, "".join(lines[starts[-1] :]).removesuffix("\n")


class AnswerMarkdown(Markdown):
    """Markdown as rich renders it, but for these: the addresses of links and images are written out, a line break stays
    one, and HTML is shown as it is."""

    def __init__(self, text: str) -> None:
        super().__init__("", code_theme=CODE_THEME, hyperlinks=False)
        self.parsed = [*map(_prepare, _PARSER.parse(text))]


def _prepare(token: Token) -> Token:
    """Makes each single line break a hard one, an escape of LaTeX what was written, a link that is its own text that
    text, and an image, which a terminal cannot show, its description and address."""
    children = token.children or []
    for index, child in enumerate(children):
        if child.type == "softbreak":
            child.type = "hardbreak"
        elif child.type == "link_open" and child.markup == "autolink":
            child.type = children[index + 2].type = "text"  # without content
        elif child.type == "text_special":
            child.type = "text"
            if child.markup[1:] in _LATEX and child.info == "escape":
                child.content = child.markup
        elif child.type == "image":
            url = str(child.attrs.get("src", ""))
            shown = url if len(url) <= MAX_SHOWN_URL else f"{url[:60]}..., {len(url)} characters"
            children[index] = Token("text", "", 0, content=f"[image: {child.content} ({shown})]")
    return token


class Harmless:
    """A renderable without the control characters of a site, without hyperlinks and blanks at the ends of lines.

    With `trim`, it has no empty lines around it; with `last_lines`, only that many lines at its end are shown.
    """

    def __init__(self, renderable: RenderableType, *, trim: bool = True, last_lines: int | None = None) -> None:
        self._renderable = renderable
        self._trim = trim
        self._last_lines = last_lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [_without_trailing_blanks(line) for line in console.render_lines(self._renderable, options, pad=False)]
        while self._trim and lines and not lines[-1]:
            lines.pop()
        while self._trim and lines and not lines[0]:
            lines.pop(0)
        if self._last_lines is not None:
            lines = lines[max(0, len(lines) - self._last_lines) :]
        for line in lines:
            yield from line
            yield Segment.line()


def _without_trailing_blanks(line: list[Segment]) -> list[Segment]:
    clean = list(_without_controls(line))
    while clean and not _shows_background(clean[-1].style):
        last = clean.pop()
        if text := last.text.rstrip(" "):
            return [*clean, Segment(text, last.style)]
    return clean


def _without_controls(line: list[Segment]) -> Iterator[Segment]:
    for segment in line:
        if not segment.control:
            style = segment.style.update_link(None) if segment.style and segment.style.link else segment.style
            yield Segment(printable(segment.text), style)


def _shows_background(style: Style | None) -> bool:
    return style is not None and bool(style.bgcolor or style.underline or style.reverse)

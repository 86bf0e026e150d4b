"""The README's picture of a terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.readme.picture import PICTURE, TITLE, draw, picture_lines, run_commands, screen_lines


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")
def test_the_picture_shows_what_the_commands_print(tmp_path: Path) -> None:
    """Today, on a terminal of that size. Else `python -m tests.readme.picture` draws it anew."""
    screen = run_commands(tmp_path)
    assert picture_lines(PICTURE.read_text(encoding="utf-8")) == screen_lines(screen)
    assert picture_lines(draw(screen)) == screen_lines(screen)


def test_the_picture_asks_no_server() -> None:
    """It has neither fonts nor scripts of the web, which pages that show it refuse."""
    picture = PICTURE.read_text(encoding="utf-8")
    assert f">{TITLE}</text>" in picture
    assert "url(http" not in picture.replace('"', "")
    assert "@font-face" not in picture
    assert "<script" not in picture

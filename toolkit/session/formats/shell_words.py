"""Splits a command line into words, as the shells do for which DevTools copy commands. Pure."""

from __future__ import annotations

import re
import shlex

# bash's quotes that know escapes (https://www.gnu.org/software/bash/manual/html_node/ANSI_002dC-Quoting.html)
ANSI_C_QUOTED = re.compile(r"(?<=\s)\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
FIRST_QUOTE = re.compile(r"[^'\"]*?(\^?)['\"]")
# In Windows' cmd, a caret takes the meaning from what follows it; one at the end of a line joins the next.
CARET = re.compile(r"\^(?:\r?\n)?(\r?\n|.)?", re.DOTALL)
# How programs for Windows read their command line: a backslash is special only before a quote
# (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments).
WINDOWS_PART = re.compile(r'(\\*)"|(\\+)|(\s+)|([^\\"\s]+)')


def split_words(command: str) -> list[str]:
    """The words of `command`, as bash or Windows' cmd split it, whichever it is for. No words if a quote is not closed.

    PowerShell's backtick at the end of a line is a word of its own.
    """
    first = FIRST_QUOTE.match(command)
    if first is not None and first[1]:
        return _split_windows_words(CARET.sub(lambda caret: caret[1] or "", command))
    try:
        return shlex.split(ANSI_C_QUOTED.sub(_requote, command))
    except ValueError:
        return []


def _requote(quoted: re.Match[str]) -> str:
    """bash's quotes with escapes as quotes that every shell has. Escapes of other kinds are in no cookie and no URL."""
    return shlex.quote(ESCAPE.sub(lambda one: chr(int(one[1] or one[2], 16)) if one[3] is None else one[3], quoted[1]))


def _split_windows_words(command: str) -> list[str]:
    words: list[str] = []
    word: str | None = None
    quoted = False
    for backslashes_before_quote, backslashes, blanks, other in WINDOWS_PART.findall(command):
        if blanks and not quoted:
            words += [] if word is None else [word]
            word = None
            continue
        word = word or ""
        if blanks or backslashes or other:
            word += blanks + backslashes + other
        else:
            pairs, odd = divmod(len(backslashes_before_quote), 2)
            word += "\\" * pairs + ('"' if odd else "")
            quoted ^= not odd
    if quoted:
        return []
    return words if word is None else [*words, word]

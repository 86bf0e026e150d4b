"""Commands for curl, as browsers' DevTools copy them: "Copy as cURL", for bash and for Windows' cmd, and "Copy all as
cURL". Pure, and only read."""

from __future__ import annotations

import itertools
import re

from toolkit.session.formats.copied_requests import CopiedRequest, read_requests
from toolkit.session.formats.parsed_session import ParsedSession
from toolkit.session.formats.shell_words import split_words

COMMAND = re.compile(r"\s*curl(\.exe)?\s")
PROGRAMS = ("curl", "curl.exe")
URL = re.compile(r"https?://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,4}|:[1-5]\d{4})?([/?#]|$)", re.ASCII)
# curl's options that carry what a session has (https://curl.se/docs/manpage.html), and the header that each stands for.
HEADER_OPTIONS = ("-H", "--header")
OPTIONS = {
    "-b": "cookie",
    "--cookie": "cookie",
    "-A": "user-agent",
    "--user-agent": "user-agent",
    "--oauth2-bearer": "authorization",
}


def detects(text: str) -> bool:
    return COMMAND.match(text) is not None


def read(text: str, provider: str, origin: str) -> ParsedSession:
    requests = [request for words in _commands(split_words(text)) if (request := _read_command(words)) is not None]
    return read_requests(
        requests,
        provider,
        origin,
        what="This curl command",
        hint='Copy it as "cURL" from a request of the page that its script makes, while you are signed in.',
    )


def _commands(words: list[str]) -> list[list[str]]:
    """The words of each command; several stand one after the other, with `;` or `&` in between."""
    commands: list[list[str]] = [[]]
    for previous, word in itertools.pairwise(["", *words]):
        if word in PROGRAMS and not previous.startswith("-"):
            commands.append([])
        commands[-1].append(word)
    return commands


def _read_command(words: list[str]) -> CopiedRequest | None:
    """The request of a command; None if there is no URL in it."""
    headers: dict[str, str] = {}
    for option, value in itertools.pairwise(words):
        if option in HEADER_OPTIONS:
            name, _, content = value.partition(":")
            headers[name.strip().lower()] = content.strip()
        elif option in OPTIONS:
            headers[OPTIONS[option]] = f"Bearer {value}" if option == "--oauth2-bearer" else value
    url = next((word for word in words if URL.match(word)), "")
    return CopiedRequest(url, headers) if url else None

"""Calls of PowerShell's `Invoke-WebRequest`, as browsers' DevTools copy them: "Copy as PowerShell". Pure, only read.

Such a text makes a `WebRequestSession` with the user agent and the cookies, and then calls with it and with a table of
headers (https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-webrequest).
"""

from __future__ import annotations

import itertools
import re

from toolkit.session.browser_session import Cookie
from toolkit.session.formats.copied_requests import CopiedRequest, read_requests
from toolkit.session.formats.parsed_session import ParsedSession

CALL = re.compile(r"\bInvoke-(?:WebRequest|RestMethod)\b", re.IGNORECASE)
STRING = r"""("(?:[^"`]|`.|"")*"|'(?:[^']|'')*')"""
URI = re.compile(rf"\s-Uri\s+{STRING}", re.IGNORECASE | re.DOTALL)
AGENT = re.compile(rf"(?:\.UserAgent\s*=|\s-UserAgent)\s*{STRING}", re.IGNORECASE | re.DOTALL)
HEADERS = re.compile(r"\s-Headers\s+@\{", re.IGNORECASE)
HEADER = re.compile(rf"[\s;]*{STRING}\s*=\s*{STRING}", re.DOTALL)
COOKIE = re.compile(
    rf"System\.Net\.Cookie\(\s*{STRING}\s*,\s*{STRING}(?:\s*,\s*{STRING}\s*,\s*{STRING})?\s*\)", re.IGNORECASE
)
ESCAPED = re.compile(r"`(.)|\"(\")|\$\(\[char\](\d{1,7})\)", re.DOTALL)


def detects(text: str) -> bool:
    return CALL.search(text) is not None


def read(text: str, provider: str, origin: str) -> ParsedSession:
    starts = [0, *(call.start() for call in CALL.finditer(text)), len(text)]
    parts = [text[start:end] for start, end in itertools.pairwise(starts)]
    requests = [_read_call(before, call) for before, call in itertools.pairwise(parts)]
    return read_requests(
        requests,
        provider,
        origin,
        what="This PowerShell command",
        hint='Copy it as "PowerShell" from a request of the page that its script makes, while you are signed in.',
    )


def _read_call(before: str, call: str) -> CopiedRequest:
    """The request of a `call`, with what stands `before` it."""
    headers: dict[str, str] = {}
    if (agent := AGENT.search(before) or AGENT.search(call)) is not None:
        headers["user-agent"] = _unquote(agent[1])
    if (table := HEADERS.search(call)) is not None:
        position = table.end()
        while (header := HEADER.match(call, position)) is not None:
            headers[_unquote(header[1]).lower()] = _unquote(header[2])
            position = header.end()
    uri = URI.search(call)
    url = _unquote(uri[1]) if uri is not None else ""
    return CopiedRequest(url, headers, tuple(_read_cookie(found, url) for found in COOKIE.finditer(before)))


def _read_cookie(found: re.Match[str], url: str) -> Cookie:
    name, value, path, domain = (_unquote(part) if part else "" for part in found.groups())
    return Cookie(
        name=name,
        value=value,
        domain=domain.removeprefix(".").lower(),
        host_only=not domain.startswith("."),
        path=path or "/",
        secure=url.startswith("https:"),
    )


def _unquote(string: str) -> str:
    """What the string literal `string` is. Of backtick's escapes only those are read that keep their letter: the others
    are control characters, which neither a URL nor a cookie has."""
    if string.startswith("'"):
        return string[1:-1].replace("''", "'")
    return ESCAPED.sub(lambda one: one[1] or one[2] or chr(min(int(one[3]), 0x10FFFF)), string[1:-1])

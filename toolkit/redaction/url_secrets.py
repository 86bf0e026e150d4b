"""Finds secrets in URLs: the user and password, path parameters, the query and the fragment. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote, unquote_plus

from toolkit.redaction.body_secrets import find_in_letters
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.occurrences import Occurrence, Part, Secret, encoded_text, shifted
from toolkit.redaction.sensitivity import is_distinctive, is_secret, sensitivity

PASSWORD = re.compile(r"\w+://[^/@:]*:([^/@]+)@")
USER = re.compile(r"\w+://([^/@:]+)@")
QUOTED = re.compile(r"%[0-9A-Fa-f]{2}")
PARAMETER = re.compile(r"[?&#;]\s*([\w.%-]{1,64})=\"?([^&#\s\"'<>;,]+)")
PATH_PARAMETER = re.compile(r"(?<=;)([^;/=]+)=([^;/]+)")  # RFC 3986, section 3.3


def find_in_url(url: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in `url`."""
    head, _, fragment = url.partition("#")
    path, _, query = head.partition("?")
    parts = list(_find_user_data(path))
    if ";" in path and not path.startswith("data:"):
        for match in PATH_PARAMETER.finditer(path):
            parts += _find_in_quoted(match[1], match[2], match.start(2), unquote, criteria)
    parts += find_in_parameters(query, len(head) - len(query), criteria)
    parts += find_in_parameters(fragment, len(url) - len(fragment), criteria)
    return parts


def find_in_parameters(query: str, offset: int, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the parameters `query`, `a=1&b=2`, which start at `offset` of the whole text."""
    parts: list[Part] = []
    if "=" in query:
        for piece in re.split(r"([&;])", query):
            name, equals, value = piece.partition("=")
            if value:
                start = offset + len(name) + len(equals)
                parts += _find_in_quoted(unquote_plus(name), value, start, unquote_plus, criteria)
            offset += len(piece)
    return parts


def find_in_parameter(name: str, value: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the decoded `value` of one parameter."""
    lower = name.lower()
    if not value:
        return []
    if name in criteria.random_query:
        return _whole("random", name, value, is_distinctive(value, "sure"))
    if lower in criteria.rules.names_to_keep:
        return []
    if lower in criteria.rules.query_names:
        return _whole("query", name, value, is_distinctive(value, "sure"))
    level = sensitivity(name, query=True)
    if level and is_secret(value, level):
        return _whole("query", name, value, is_distinctive(value, level))
    if "=" in value and ("://" in value or value[0] in "/?#"):
        return find_in_url(value, criteria)
    if QUOTED.search(value) and (plain := unquote(value)) != value:  # encoded twice
        return encoded_text(0, len(value), plain, find_in_parameter(name, plain, criteria), _quoted)
    return find_in_letters(value, criteria)


def find_parameters_in_text(text: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the parameters that stand anywhere in `text`: `0;url=/?token=...`, `text/x; token=...`."""
    if "=" not in text:
        return []
    return [
        part
        for match in PARAMETER.finditer(text)
        for part in _find_in_quoted(unquote_plus(match[1]), match[2], match.start(2), unquote_plus, criteria)
    ]


def find_urls_in_text(text: str, pattern: re.Pattern[str], criteria: Criteria) -> list[Part]:
    """Returns the secrets in the URLs that `pattern` matches in `text`."""
    return [
        part for match in pattern.finditer(text) for part in shifted(find_in_url(match[0], criteria), match.start())
    ]


def _find_user_data(path: str) -> Iterator[Part]:
    """The password, or a user without one that looks like a token (RFC 3986, section 3.2.1)."""
    if match := PASSWORD.match(path):
        password = unquote(match[1])
        yield Occurrence(*match.span(1), Secret("url", "password", password, True), _quoted)
    elif (match := USER.match(path)) and is_secret(user := unquote(match[1]), None):
        yield Occurrence(*match.span(1), Secret("url", "user", user, is_distinctive(user, None)), _quoted)


def _find_in_quoted(name: str, raw: str, start: int, decode: Callable[[str], str], criteria: Criteria) -> list[Part]:
    """Returns the secrets in the percent-encoded value `raw`, which starts at `start` of the whole text."""
    value = decode(raw)
    parts = find_in_parameter(name, value, criteria)
    return encoded_text(start, start + len(raw), value, parts, _quoted)


def _whole(kind: str, name: str, value: str, everywhere: bool) -> list[Part]:
    return [Occurrence(0, len(value), Secret(kind, name, value, everywhere))]


def _quoted(text: str) -> str:
    return quote(text, safe="")

"""Finds secrets in headers and cookies. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from toolkit.redaction.body_secrets import find_in_body
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.occurrences import (
    Encoded,
    Occurrence,
    Part,
    Placeholders,
    Secret,
    only_collected,
    shifted,
)
from toolkit.redaction.placeholders import is_jwt
from toolkit.redaction.sensitivity import (
    CHALLENGE_SECRETS,
    CHALLENGES,
    header_sensitivity,
    is_address_or_date,
    is_cookie_secret,
    is_distinctive,
    is_secret,
    is_wordy,
    sensitivity,
)
from toolkit.redaction.url_secrets import find_parameters_in_text, find_urls_in_text

AUTHORIZATION = ("authorization", "proxy-authorization")
SET_COOKIE = ("set-cookie", "set-cookie2")
CHALLENGE_PARAMETER = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"\\]+)\"|([^\s\",;]+))")
URL_OR_PATH = re.compile(r"[a-z]+://[^\s<>\"',]+|^[/?#][^\s]*")


def find_in_header(name: str, value: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the `value` of the header `name`."""
    lower = name.lower()
    if lower in criteria.rules.names_to_keep or not value:
        return []
    if lower in SET_COOKIE:
        return _find_in_set_cookie(value, criteria)
    if lower == "cookie":
        return _find_in_cookie_header(value, criteria)
    if lower in AUTHORIZATION:
        return _find_credentials(name, value)
    if lower in criteria.rules.header_names:
        return [_header_secret(name, value, 0, is_distinctive(value, "sure"))]
    if (level := header_sensitivity(lower)) and is_secret(value, level):
        return [_header_secret(name, value, 0, is_distinctive(value, level))]
    if lower in CHALLENGES:
        return list(_find_in_challenge(value, criteria))
    if lower == "sec-websocket-protocol":  # RFC 6455, section 1.9: names, among which pages also put tokens
        return [
            _header_secret("protocol", match[0], match.start(), is_distinctive(match[0], None))
            for match in re.finditer(r"[^\s,]+", value)
            if is_secret(match[0], None)
        ]
    parts = find_urls_in_text(value, URL_OR_PATH, criteria) if "://" in value or value[0] in "/?#" else []
    return parts or find_parameters_in_text(value, criteria)


def find_in_cookie(name: str, value: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the `value` of the cookie `name`: the whole value, and what is inside it."""
    secret = value.strip().strip('"')
    if name.lower() in criteria.rules.names_to_keep or not is_cookie_secret(name, secret):
        return []
    start = value.index(secret)
    everywhere = is_distinctive(secret, sensitivity(name))
    parts: list[Part] = [Occurrence(start, start + len(secret), Secret("cookie", name, secret, everywhere))]
    if not is_address_or_date(secret):
        parts += only_collected(_find_inside_cookie(name, secret, criteria))
    return parts


def _header_secret(name: str, value: str, start: int, everywhere: bool) -> Occurrence:
    return Occurrence(start, start + len(value), Secret("header", name, value, everywhere))


def _find_in_set_cookie(value: str, criteria: Criteria) -> list[Part]:
    parts: list[Part] = []
    start = 0
    for line in value.split("\n"):  # browsers join several Set-Cookie headers by line feeds
        parts += shifted(_find_in_cookie_pair(line.partition(";")[0], criteria), start)
        start += len(line) + 1
    return parts


def _find_in_cookie_header(value: str, criteria: Criteria) -> list[Part]:
    parts: list[Part] = []
    start = 0
    for piece in re.split(r"(;\s*)", value):
        parts += shifted(_find_in_cookie_pair(piece, criteria), start)
        start += len(piece)
    return parts


def _find_in_cookie_pair(pair: str, criteria: Criteria) -> list[Part]:
    """Reads one `name=value`. A cookie without a name is all value (RFC 6265bis, section 5.6)."""
    if not pair.strip("; \t"):
        return []
    name, equals, value = pair.partition("=")
    if not equals:
        return find_in_cookie("", pair, criteria)
    return shifted(find_in_cookie(name.strip(), value, criteria), len(name) + 1)


def _find_inside_cookie(name: str, value: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets within a cookie's value, which may stand by themselves elsewhere."""
    plain = unquote(value)
    if plain[:1] in ("{", "["):
        return find_in_body(plain.encode(), "application/json", criteria)
    pieces = re.split(r"[|\s]", plain)
    return [
        Occurrence(0, 0, Secret("cookie", name, piece, True))
        for piece in dict.fromkeys((plain, *pieces) if len(pieces) > 1 else (plain,))
        if piece != value and (is_jwt(piece) or (is_distinctive(piece, None) and not is_wordy(piece)))
    ]


def _find_credentials(name: str, value: str) -> list[Part]:
    """Reads a scheme and its credentials (RFC 9110, section 11.4)."""
    scheme, space, credentials = value.partition(" ")
    if not space:
        return [_header_secret(name, value, 0, is_distinctive(value, "sure"))]
    if scheme.lower() == "basic" and (basic := _basic_credentials(name, credentials)):
        return shifted([basic], len(scheme) + 1)
    if not credentials:
        return []
    return [_header_secret(name, credentials, len(scheme) + 1, is_distinctive(credentials, "sure"))]


def _basic_credentials(name: str, credentials: str) -> Encoded | None:
    """Reads a user and a password as base64 (RFC 7617); None where `credentials` are not that."""
    try:
        user, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not colon:
        return None
    parts: list[Part] = []
    if user:
        parts.append(Occurrence(0, 0, Secret("header", f"{name}_user", user, is_distinctive(user, None))))
    if password:
        everywhere = is_distinctive(password, "sure")
        parts.append(Occurrence(0, 0, Secret("header", f"{name}_password", password, everywhere)))

    def rewrite(placeholders: Placeholders) -> str:
        new = f"{placeholders.get(user, user)}:{placeholders.get(password, password)}"
        return base64.b64encode(new.encode()).decode()

    return Encoded(0, len(credentials), parts, rewrite)


def _find_in_challenge(value: str, criteria: Criteria) -> Iterator[Part]:
    """Reads the parameters of a challenge (RFC 9110, section 11.3)."""
    for match in CHALLENGE_PARAMETER.finditer(value):
        name, group = match[1], 2 if match[2] else 3
        level = "sure" if name.lower() in CHALLENGE_SECRETS else sensitivity(name, query=True)
        if level is None or name.lower() in criteria.rules.names_to_keep or not is_secret(match[group], level):
            continue
        yield _header_secret(name, match[group], match.start(group), is_distinctive(match[group], level))

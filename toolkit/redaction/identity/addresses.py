"""Finds e-mail addresses in bytes, however they are encoded there. Pure.

An address is looked for at each `@`, so that the time grows with the text alone. Addresses at domains that are reserved
for examples (RFC 2606; `localhost` among them) are nobody's, and those of a function (RFC 2142: `support`, `info`) are
the site's own; neither is told.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from toolkit.session.encodings.alphabets import BASE64

LOCAL = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"
IS_LOCAL = bytes(byte in LOCAL for byte in range(256))
LONGEST_LOCAL, LONGEST_DOMAIN = 64, 255  # bytes (RFC 5321, section 4.5.3.1)
DOMAIN = re.compile(rb"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])")
ADDRESS = re.compile(r"[^\s@<>\"'(),:;\\/]{1,64}@[^\s@<>\"'(),:;\\/]{1,255}")
# What a letter before an address may be a part of: an escape of JSON, or of a URL.
ESCAPE = re.compile(rb"(?<=\\)(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf])|(?<=%)[0-9A-Fa-f]{2}")
USER_OF_URL = re.compile(rb"://[^\s/?#\"'<>@]{0,128}\Z")  # RFC 3986, section 3.2.1: `//user@host`
RESERVED = re.compile(r"(?i)(?:.*\.)?(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)")
# The ends of file names such as `icon@2x.png`.
FILES = {
    *("avif", "cjs", "css", "esm", "gif", "git", "html", "ico", "jpeg", "jpg", "js", "json", "jsx", "map", "md"),
    *("min", "mjs", "mov", "mp", "png", "py", "scss", "svelte", "svg", "ts", "tsx", "ttf", "umd", "vue", "wasm"),
    *("webp", "woff"),
}
FUNCTIONS = {
    *("abuse", "admin", "administrator", "billing", "business", "careers", "compliance", "contact", "copyright"),
    *("dmca", "do-not-reply", "donotreply", "dpo", "enquiries", "feedback", "gdpr", "git", "hello", "help"),
    *("helpdesk", "hostmaster", "info", "inquiries", "jobs", "legal", "mail", "mailer-daemon", "marketing"),
    *("media", "news", "newsletter", "no-reply", "noc", "noreply", "notifications", "office", "partners"),
    *("postmaster", "press", "privacy", "root", "sales", "security", "service", "support", "team", "webmaster"),
}
MARKS = ((rb"\u0040", b"@"), (rb"\x40", b"@"), (b"&#64;", b"@"), (b"&#x40;", b"@"), (b"&commat;", b"@"))
MIN_BASE64 = 16  # letters
LONG_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % MIN_BASE64)
STANDARD = bytes.maketrans(b"-_", b"+/")


def is_address(value: str) -> bool:
    """Decides whether the whole `value` has the form of an e-mail address."""
    return "@" in value and bool(ADDRESS.fullmatch(value))


def is_reserved(address: str) -> bool:
    """Decides whether `address` is at a domain that is nobody's."""
    return bool(RESERVED.fullmatch(address.rpartition("@")[2]))


def is_personal(address: str) -> bool:
    """Decides whether `address` may be that of a person."""
    local, _, domain = address.lower().rpartition("@")
    return (
        local.partition("+")[0] not in FUNCTIONS and domain.rpartition(".")[2] not in FILES and not is_reserved(address)
    )


def personal_addresses(data: bytes) -> Iterator[str]:
    """Yields the e-mail addresses of people in `data`, decoded, one as often as it is there."""
    for text in _readings(data):
        for address in _addresses(text):
            if is_personal(address):
                yield address


def _readings(data: bytes) -> Iterator[bytes]:
    """Yields `data`, and what its escapes and its base64 decode to where an address may be in that."""
    yield data
    if b"%40" in data:
        yield unquote_to_bytes(data)
    if b"%2540" in data:
        yield unquote_to_bytes(unquote_to_bytes(data))
    for mark, sign in MARKS:
        if mark in data:
            yield data.replace(mark, sign)
    if BASE64.has_run(data, MIN_BASE64):
        for run in LONG_BASE64.findall(data):
            letters = run.translate(STANDARD)[: len(run) - (len(run) % 4 == 1)]
            inside = base64.b64decode(letters + b"=" * (-len(letters) % 4))
            if b"@" in inside and _is_text(inside):
                yield inside


def _is_text(data: bytes) -> bool:
    try:
        return data.decode().rstrip("\0").isprintable() or b"{" in data
    except UnicodeDecodeError:
        return False


def _addresses(data: bytes) -> Iterator[str]:
    at = data.find(b"@")
    while at >= 0:
        if domain := DOMAIN.match(data, at + 1, at + 1 + LONGEST_DOMAIN):
            before = data[max(0, at - LONGEST_LOCAL) : at]
            start = at - len(before) + before.translate(IS_LOCAL).rfind(b"\0") + 1
            if escape := ESCAPE.match(data, start):
                start = escape.end()
            if start < at and not USER_OF_URL.search(data[max(0, start - 131) : start]):
                yield data[start : domain.end()].decode().lstrip(".-+")
        at = data.find(b"@", at + 1)

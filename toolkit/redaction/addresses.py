"""Finds secrets that are parts of the addresses of a recording, and so cannot be replaced wherever they stand. Pure.

A page may store where it was under a name that tells of a secret: `/c/chat-12` or `localhost:3000`. Replaced in a URL,
its host or the start of its path, that URL would be another one, or none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeAlias

from toolkit.session.encodings.multi_pattern_search import MultiSearch

ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#]*@)?([^/?#]*)")
ADDRESSES = {"location", "content-location", "referer", "origin"}  # headers


Address: TypeAlias = tuple[str, int]
"""A URL without user and password, and where its path starts, in bytes."""


def parts_of_addresses(addresses: Iterable[Address], secrets: Collection[str]) -> set[str]:
    """Returns those of `secrets` that have a part in the scheme, the host or the start of the path of a URL."""
    search = MultiSearch(secret.encode("utf-8", "surrogatepass") for secret in secrets)
    found: set[str] = set()
    for address, path_start in addresses:
        for start, word in search.find(address.encode("utf-8", "surrogatepass")):
            if start <= path_start:
                found.add(word.decode("utf-8", "surrogatepass"))
    return found


def addresses_in(entry: dict[str, Any]) -> Iterator[Address]:
    """Yields the addresses that `entry` has."""
    yield _without_user(entry["request"]["url"])
    if redirect := entry["response"].get("redirectURL"):
        yield _without_user(redirect)
    for half in (entry["request"], entry["response"]):
        for header in half.get("headers", ()):
            if header["name"].lower() in ADDRESSES:
                yield _without_user(header.get("value", ""))


def _without_user(address: str) -> Address:
    origin = ORIGIN.match(address)
    if origin is None:
        return address, 0 if address.startswith("/") else -1
    return f"{origin[1]}{origin[2]}{address[origin.end() :]}", len(origin[1].encode()) + len(origin[2].encode())

"""Takes the pictures of who is signed in out of the answers of a HAR log. Pure.

A picture cannot be searched for names. It is taken for one of a person if its address tells who is signed in, or if it
is what a value tells as a whole (`data:image/png;base64,...`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from toolkit.har.encoded_entries import EncodedEntries
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.identity.shapes import PICTURE
from toolkit.session.encodings.edits import Edit
from toolkit.session.encodings.multi_pattern_search import MultiSearch

PIXEL, PIXEL_TYPE = base64.b64decode(PICTURE.partition(",")[2]), "image/gif"


def picture_addresses(entries: EncodedEntries) -> dict[int, str]:
    """Returns the URLs of `entries` that were answered with a picture, by their numbers."""
    numbers = (number for number in range(len(entries)) if entries.may_have(number, b"image/"))
    return {number: entry["request"]["url"] for number in numbers if _is_picture(entry := entries[number])}


def replace_pictures(
    entries: EncodedEntries, addresses: Mapping[int, str], values: Iterable[str], search: MultiSearch
) -> None:
    """Replaces those of `entries` that are pictures of a person by one transparent pixel.

    `addresses` are what `picture_addresses` gave before anything was replaced. `values` tell of a person, and `search`
    finds what tells it in any text.
    """
    whole = set(_pictures_in(values))
    for number, address in addresses.items():
        entry = entries[number]
        url = entry["request"]["url"]
        tells = url != address or any(True for _ in search.spans(unquote(url).encode("utf-8", "replace")))
        body = Body(entry["response"]["content"], "encoding")
        if body.data != PIXEL and (tells or body.data in whole):
            correct_lengths(entry["response"], body.edit([Edit(0, len(body.data), PIXEL)]))
            _set_type(entry["response"])
            entries[number] = entry


def _is_picture(entry: dict[str, Any]) -> bool:
    content = entry["response"].get("content") or {}
    return bool(content.get("text")) and str(content.get("mimeType")).lower().startswith("image/")


def _pictures_in(values: Iterable[str]) -> Iterator[bytes]:
    """Yields the pictures that `values` hold as a whole (RFC 2397)."""
    for value in values:
        head, comma, data = value.partition(",")
        if not comma or not head.startswith("data:"):
            continue
        try:
            yield base64.b64decode(unquote(data)) if head.endswith(";base64") else unquote_to_bytes(data)
        except (binascii.Error, ValueError):
            continue


def _set_type(response: dict[str, Any]) -> None:
    response["content"]["mimeType"] = PIXEL_TYPE
    for pair in response.get("headers", ()):
        if pair["name"].lower() == "content-type":
            pair["value"] = PIXEL_TYPE

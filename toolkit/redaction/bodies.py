"""Reads and edits the body of a HAR document, and corrects the lengths that the document states for it. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from toolkit.har.message_builders import encode_body
from toolkit.har.model import Content
from toolkit.har.text_walk import FRAME_KEY
from toolkit.har.websockets import BINARY
from toolkit.redaction.body_layers import BEGINNINGS, open_layers
from toolkit.redaction.text_batches import SHORT
from toolkit.session.encodings.edits import Edit, apply_edits, drop_overlaps, resize_chunks

OTHER_CHARSET = re.compile(r"charset=\"?(?!utf-?8\b)", re.IGNORECASE)


class Body:
    """The body in `holder`, a HAR `content` or `postData`, or the frame of a WebSocket that it is.

    `key` is the field that may say `base64`: `encoding` of a content, `_encoding` of a `postData`, and `opcode` of a
    frame, which does so by its number. `data` are the decoded bytes; of a body that is compressed, or UTF-16, its text
    in UTF-8. `size` is the size of the body in bytes.
    """

    def __init__(self, holder: dict[str, Any], key: str) -> None:
        self.mime_type: str = holder.get("mimeType", "")
        self._holder, self._key = holder, key
        self._text_key = "data" if key == FRAME_KEY else "text"
        content = Content(mime_type=self.mime_type if key == "encoding" else "", text=holder.get(self._text_key) or "")
        content.encoding = "base64" if self._is_base64 else msgspec.UNSET
        self._outside = content.body()
        self.data, self._pack = open_layers(self._outside)

    @property
    def _is_base64(self) -> bool:
        return bool(self._holder.get(self._key) == (BINARY if self._key == FRAME_KEY else "base64"))

    @property
    def size(self) -> int:
        return len(self._outside)

    def edit(self, edits: Sequence[Edit[bytes]]) -> int:
        """Applies `edits`, which may overlap, to the body and its chunk sizes. Returns the growth in bytes.

        In a binary frame each edit has the length of what it replaces, since lengths may stand before it."""
        edits = drop_overlaps(edits)
        if self._key == FRAME_KEY and self._is_base64 and self._outside is self.data:
            edits = [
                edit._replace(new=edit.new.ljust(edit.end - edit.start)[: edit.end - edit.start]) for edit in edits
            ]
        if not edits:
            return 0
        before, layered = self._outside, self._outside is not self.data
        self.data = apply_edits(self.data, edits)
        self._outside = self._pack(self.data) if layered else self.data
        if layered:
            edits = [Edit(0, len(before), self._outside)]
        if self._is_base64:
            self._holder[self._text_key] = base64.b64encode(self._outside).decode("ascii")
        elif self._key == FRAME_KEY:
            self._holder["data"] = self._outside.decode("utf-8", "surrogatepass")
        else:
            text, encoding = encode_body(self._outside, self.mime_type if self._key == "encoding" else "")
            self._holder["text"] = text
            if isinstance(encoding, str):
                self._holder[self._key] = encoding
        chunks = self._holder.get("_chunks")
        if chunks:
            sizes = resize_chunks([size for _, size in chunks], edits)
            self._holder["_chunks"] = [[ms, size] for (ms, _), size in zip(chunks, sizes, strict=True)]
        return len(self._outside) - len(before)


def plain_text(holder: dict[str, Any], key: str) -> str | None:
    """Returns the text of the body in `holder` (see `Body`) if the body is that text in UTF-8; else None."""
    if key == FRAME_KEY:
        text, as_it_is = holder.get("data"), holder.get(key) != BINARY
    else:
        text, as_it_is = holder.get("text"), holder.get(key) != "base64"
    if not as_it_is or not isinstance(text, str):
        return None
    if key == "encoding" and OTHER_CHARSET.search(holder.get("mimeType", "")):
        return None
    return None if text[:2].encode("utf-8", "surrogatepass")[:2] in BEGINNINGS else text


def short_text(holder: dict[str, Any], key: str) -> str | None:
    """Returns what `plain_text` does, if it is short; else None."""
    text = plain_text(holder, key)
    return text if text is not None and len(text) <= SHORT else None


def correct_lengths(half: dict[str, Any], grown: int) -> None:
    """Corrects the lengths that `half`, a request or a response, states after its body grew by `grown` bytes."""
    if not grown:
        return
    content = half.get("content", {})
    if content.get("size", -1) > 0:
        content["size"] += grown
    headers = [pair for pair in half.get("headers", ()) if pair["name"].lower() == "content-length"]
    if any(pair["name"].lower() == "content-encoding" for pair in half.get("headers", ())):
        return  # these lengths count the encoded bytes
    if half.get("bodySize", -1) > 0:
        half["bodySize"] += grown
    for pair in headers:
        if pair["value"].strip().isdecimal():
            pair["value"] = str(int(pair["value"]) + grown)

"""Decodes UTF-8 bytes to text."""

from __future__ import annotations

import codecs

BYTE_ORDER_MARK = "\ufeff"


class TextDecoder:
    """Decodes UTF-8 to pieces of text, none of them empty.

    A leading byte order mark is dropped, and bytes that are not UTF-8 become U+FFFD. This is "UTF-8 decode" of
    https://encoding.spec.whatwg.org/#utf-8-decode, which a page's own TextDecoder does.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._started = False  # the first character has been checked for a byte order mark

    def feed(self, data: bytes) -> list[str]:
        return self._decode(data, False)

    def flush(self) -> list[str]:
        return self._decode(b"", True)

    def _decode(self, data: bytes, final: bool) -> list[str]:
        text = self._decoder.decode(data, final)
        if text and not self._started:
            self._started = True
            text = text.removeprefix(BYTE_ORDER_MARK)
        return [text] if text else []

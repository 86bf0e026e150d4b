"""Decodes UTF-8 bytes to text."""

from __future__ import annotations

import codecs

MARK = "\ufeff"


class TextDecoder:
    """UTF-8 bytes to text: a leading byte order mark is dropped, what is not UTF-8 becomes U+FFFD.

    This is "UTF-8 decode" of https://encoding.spec.whatwg.org/#utf-8-decode, what a page's own TextDecoder does.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = False

    def feed(self, data: bytes) -> list[str]:
        return self._decode(data, False)

    def flush(self) -> list[str]:
        return self._decode(b"", True)

    def _decode(self, data: bytes, final: bool) -> list[str]:
        text = self._decoder.decode(data, final)
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix(MARK)
        return [text] if text else []

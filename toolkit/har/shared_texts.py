"""Keeps once in memory what most entries of a recording have in common: the names and values of their headers. Pure."""

from __future__ import annotations

from toolkit.har.model import Entry, HarCookie, Pair

MOST = 10_000  # texts that are known; so many that are all different are not worth it


class SharedTexts:
    """Texts of entries, each of which is one object for all of them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<SharedTexts {len(self._known)}>"

    def share(self, entry: Entry) -> Entry:
        """Returns `entry`, a new one that nobody else has, with those of its texts that were known before."""
        one = self._one
        for half in (entry.request, entry.response):
            half.http_version = one(half.http_version)
            pairs: list[Pair | HarCookie] = [*half.headers, *half.cookies]
            for pair in pairs:
                pair.name, pair.value = one(pair.name), one(pair.value)
        entry.request.method = one(entry.request.method)
        entry.response.content.mime_type = one(entry.response.content.mime_type)
        return entry

    def _one(self, text: str) -> str:
        if len(self._known) < MOST:
            return self._known.setdefault(text, text)
        return self._known.get(text, text)

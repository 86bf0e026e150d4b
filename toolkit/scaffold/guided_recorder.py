"""Records what the pages of a guided window exchange, for inference: with its secrets, in memory alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from toolkit.har.model import Entry
from toolkit.recording.foreign_har import ForeignEntry, ForeignHar
from toolkit.recording.page_recorder import PageTrafficRecorder


class GuidedRecorder:
    """The recorder (`toolkit.session.recipe.PageRecorder`) of one window. What it holds is never written as it is."""

    def __init__(self) -> None:
        self._pages: list[PageTrafficRecorder] = []

    def watch(self, context: Any, left_out: Collection[str] = ()) -> None:
        """Records the documents and calls of the pages of `context` from now on, without the headers `left_out`."""
        self._pages.append(PageTrafficRecorder(context, left_out, assets=False))

    async def ready(self) -> None:
        """Waits until the pages that are open are being recorded."""
        for pages in self._pages:
            await pages.ready()

    async def drain(self) -> None:
        """Waits until every exchange so far is read. Raises `RecordingError` if some could not be read."""
        for pages in self._pages:
            await pages.drain()

    async def aclose(self) -> None:
        """Stops recording."""
        for pages in self._pages:
            await pages.aclose()

    @property
    def entries(self) -> list[Entry]:
        """The exchanges so far, in the order of their start."""
        return [entry for pages in self._pages for entry in pages.entries]

    @property
    def pending(self) -> list[datetime]:
        """When the requests began that have not ended."""
        return [began for pages in self._pages for began in pages.pending]

    def har(self, left_out: Collection[tuple[datetime, str]] = ()) -> ForeignHar:
        """Returns what was recorded as what a file of another program holds, without the requests of the times and
        addresses in `left_out`."""
        kept = [one for one in self.entries if (one.started, one.request.url) not in left_out]
        return ForeignHar("toolkit", [ForeignEntry(number, one) for number, one in enumerate(kept)], [])

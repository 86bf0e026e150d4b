"""`Opened`, the context manager of what a transport opens."""

from __future__ import annotations

import gc
import weakref

from toolkit.http.opened import Opened


class Answer:
    """What is opened; it notes the error that it is closed with."""

    closed_with: BaseException | str | None = "open"

    async def aclose(self, error: BaseException | None = None) -> None:
        self.closed_with = error


class Question:
    """What it takes to open it."""

    async def open_it(self) -> Answer:
        return Answer()


async def test_how_it_was_opened_is_forgotten() -> None:
    """A request, which can be large, does not stay for as long as its answer takes."""
    question = Question()
    alive = weakref.ref(question)
    opened = Opened(question.open_it)
    del question
    assert alive() is not None
    async with opened as answer:
        gc.collect()
        assert alive() is None
        assert answer.closed_with == "open"
    assert answer.closed_with is None

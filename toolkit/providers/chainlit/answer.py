"""Makes text and events of what a Chainlit app tells about one question. Pure.

Measured on chainlit 2.12. The run of a question is a step whose parent is the question; messages and steps below it are
its answer. What is below another run, such as the one that begins a chat, is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urljoin

from msgspec import UNSET

from toolkit.chats.events import ChatSaved, Media, Piece, Status
from toolkit.errors import SiteError, ToolkitError
from toolkit.providers.chainlit.wire_shapes import AskSpec, Element, FirstInteraction, Step, StreamedToken
from toolkit.providers.reported_errors import reported_error
from toolkit.streams.socket_io import SocketEvent

MESSAGE, RUN, QUESTION = "assistant_message", "run", "user_message"
PARAGRAPH = "\n\n"  # between two messages of one answer


class ChainlitAnswer:
    """Reads the events after the question `question` (its id).

    `site` is the address of the app, `session` the id of ours there. With `saves`, the app keeps the conversation.
    """

    def __init__(self, question: str, site: str, session: str, *, saves: bool) -> None:
        self._done = False
        self._question = question
        self._site = site
        self._session = session
        self._saves = saves
        self._run: str | None = None  # the id of the question's run, once it has begun
        self._steps: dict[str, str] = {}  # the names of the steps below the run, by their ids
        self._messages: dict[str, str] = {}  # the text so far of each message of the answer, by its id
        self._failure: ToolkitError | None = None
        self._said = False
        self._readers: dict[str, tuple[Any, Callable[[Any], Iterator[Piece]]]] = {
            "new_message": (Step, self._new_step),
            "stream_start": (Step, self._new_step),
            "update_message": (Step, self._updated_step),
            "stream_token": (StreamedToken, self._token),
            "first_interaction": (FirstInteraction, self._first_interaction),
            "element": (Element, self._element),
            "ask": (AskSpec, self._ask),
        }

    def has_begun(self) -> bool:
        """Whether the app works on the question."""
        return self._run is not None

    def is_over(self) -> bool:
        """Whether the app has told the end of the answer, be it a failure."""
        return self._done

    def read(self, event: SocketEvent) -> Iterator[Piece]:
        """What `event` adds to the answer. Raises `SiteError` for a failure that it reports, and `ProtocolError` for an
        event of another shape."""
        if (reader := self._readers.get(event.name)) is not None:
            kind, read = reader
            yield from read(event.argument(kind))
        elif event.name == "task_end" and self._failure is not None and self._run is None:
            self._done = True
            raise self._failure

    def _new_step(self, step: Step) -> Iterator[Piece]:
        if step.type == RUN and step.parent_id == self._question:
            self._run = step.id
        elif step.type == MESSAGE and step.is_error:
            if step.parent_id is None or self._is_below_run(step):
                self._failure = reported_error(step.text, self._site)
        elif self._is_below_run(step):
            yield from self._step_below(step)

    def _step_below(self, step: Step) -> Iterator[Piece]:
        """What a new step of the answer, or the present state of one, says."""
        if step.type == MESSAGE:
            yield from self._message(step.id, step.text)
        elif step.type != QUESTION and step.id not in self._steps:
            self._steps[step.id] = step.name
            yield Status(step.name)

    def _updated_step(self, step: Step) -> Iterator[Piece]:
        if step.id == self._run:
            self._done = bool(step.is_error) or step.end is not None  # also for one that is told without its times
            if step.is_error:
                raise reported_error(step.text, self._site)
            if self._done and self._failure is not None:
                raise self._failure
        elif step.id in self._steps:
            if step.end is not None and step.end is not UNSET:
                yield Status(self._steps[step.id], done=True)
        elif self._is_below_run(step) or step.id in self._messages:
            yield from self._step_below(step)

    def _is_below_run(self, step: Step) -> bool:
        if self._run is None:
            return False
        return step.parent_id in (None, self._run) or step.parent_id in self._steps or step.parent_id in self._messages

    def _token(self, token: StreamedToken) -> Iterator[Piece]:
        if token.id in self._messages and not token.is_input:
            before = self._messages[token.id]
            yield from self._message(token.id, token.token if token.is_sequence else before + token.token)

    def _message(self, id: str, text: str) -> Iterator[Piece]:
        """Take the whole text so far of a message. What was said before cannot be taken back, so where it does not
        begin the text, all of that is a new paragraph."""
        before = self._messages.get(id, "")
        self._messages[id] = text
        piece = text[len(before) :] if text.startswith(before) else text
        if not piece:
            return
        separate = self._said and (not before or piece is text)
        self._said = True
        yield PARAGRAPH + piece if separate else piece

    def _first_interaction(self, first: FirstInteraction) -> Iterator[Piece]:
        if self._saves and first.thread_id:
            yield ChatSaved(first.thread_id, f"{self._site}/thread/{quote(first.thread_id, safe='')}")

    def _element(self, element: Element) -> Iterator[Piece]:
        if element.for_id not in self._messages:
            return
        url = element.url or ""
        if not url and element.chainlit_key:
            url = f"/project/file/{quote(element.chainlit_key, safe='')}?session_id={quote(self._session, safe='')}"
        if url:
            yield Media(url=urljoin(f"{self._site}/", url), mime_type=element.mime or "", name=element.name)

    def _ask(self, ask: AskSpec) -> Iterator[Piece]:
        yield from self._message(ask.msg.id, ask.msg.text)
        raise SiteError(
            "The app asks back and waits for the answer, which a call cannot give.",
            url=self._site,
            hint="Put into the question what it asks for.",
        )

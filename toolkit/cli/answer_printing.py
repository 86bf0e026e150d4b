"""Asks a question, and prints the answer while it arrives."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from toolkit.cli.answer_options import AnswerOptions
from toolkit.cli.output import echo
from toolkit.cli.status_line import clear_status, notify, show_status, status_below

if TYPE_CHECKING:
    from toolkit.chats.events import ChatEvent, Media
    from toolkit.chats.stream import ChatStream
    from toolkit.cli.status_line import StatusDisplay
    from toolkit.client.client import Client
    from toolkit.errors import ToolkitError

Messages = list[dict[str, Any]]

REFRESH_SECONDS = 0.1


class AnswerWriter(Protocol):
    """Writes an answer to stdout: `PlainAnswer`, `JSONAnswer`, or `AnswerDisplay`, which renders Markdown and draws the
    status line itself."""

    @property
    def status_display(self) -> StatusDisplay | None: ...

    @property
    def has_room_for_status(self) -> bool: ...

    def write(self, event: ChatEvent) -> None: ...

    def refresh(self) -> None: ...

    def end(self, *, complete: bool) -> None: ...


class AnswerPrinter:
    """Asks a client's provider, and prints the answers as the options say.

    `text` is that of the last answer, so far; `chat_id` the conversation at the site that it is saved in, None if it is
    not. `in_conversation` leaves out what names options, which cannot be given there.
    """

    def __init__(self, client: Client, output: AnswerOptions, *, in_conversation: bool = False) -> None:
        self.text = ""
        self.chat_id: str | None = None
        self._client = client
        self._output = output
        self._name = client.provider.name
        self._thinking = False
        self._saved_at = ""  # the page of the conversation at the site
        self._in_conversation = in_conversation

    async def ask(self, messages: Messages, arguments: dict[str, Any]) -> str:
        """Asks `messages`, prints the answer to stdout while it arrives, and returns its text.

        `arguments` are further ones of `Client.chat`. What is waited for is shown on the terminal. Raises what the call
        raises, and after the end `AnswerTruncated` for an answer that the site has cut.
        """
        self.text, self.chat_id, self._thinking, self._saved_at = "", None, False, ""
        writer = _choose_writer(self._output)
        complete = False
        with status_below(writer.status_display):
            show_status(self._waiting)
            try:
                async with self._client.chat(messages, **arguments) as stream, _redrawing(writer):
                    async for event in stream.events():
                        self._take(event, writer)
                complete = True
            finally:
                clear_status()
                writer.end(complete=complete)
        self.chat_id = getattr(stream, "chat_id", None)  # a stream has one where its site has a history
        await self._print_details(stream)
        if (error := stream.truncation()) is not None:
            raise error
        if stream.finish_reason == "length" and not self._output.as_json:
            notify("note: the answer ends where --max-tokens cuts it")
        return self.text

    def _take(self, event: ChatEvent, writer: AnswerWriter) -> None:
        from toolkit.chats.events import ChatSaved, Reasoning, Text

        if isinstance(event, ChatSaved):
            self._saved_at = event.url
        if isinstance(event, Text):
            self.text += event.text
        status = self._status_after(event)
        if not (isinstance(event, Reasoning) and self._output.no_reasoning and not self._output.as_json):
            writer.write(event)
        if status == "":
            clear_status()
        elif status is not None and writer.has_room_for_status:
            show_status(status)

    @property
    def _waiting(self) -> str:
        return f"{self._name} is thinking" if self._thinking else f"waiting for {self._name}"

    def _status_after(self, event: ChatEvent) -> str | None:
        """Returns what is waited for after `event`: an empty text for nothing but more text, None for the same."""
        from toolkit.chats.events import Finished, Queued, Reasoning, Status, Text

        if isinstance(event, Text | Finished):
            return ""
        if isinstance(event, Queued):
            return f"{self._waiting}: place {event.position} of {event.size} in its queue"
        if isinstance(event, Status) and event.text.strip() and not event.done:
            return f"{self._name}: {event.text}"
        if isinstance(event, Reasoning):
            self._thinking = True
        if isinstance(event, Reasoning | Status):
            return self._waiting if isinstance(event, Reasoning) or not self.text else ""
        return None

    async def _print_details(self, stream: ChatStream) -> None:
        """Prints what the answer holds besides its text, and saves its files if that is asked for.

        On a terminal it is listed below the answer, in a pipe on stderr. Raises the first error of a file that cannot
        be fetched or saved, once all have been tried.
        """
        from toolkit.cli.answer_details import source_lines, tool_call_line, usage_line

        lines = [*source_lines(stream.sources), *map(tool_call_line, stream.tool_calls)]
        errors: list[ToolkitError] = []
        for media in stream.media:
            lines.append(await self._describe_or_save(media, errors))
        if self._saved_at:
            lines.append(f"saved at {self._saved_at}")
        if not self._output.as_json:
            _print_below(lines, gap=bool(self.text))
        if self._output.usage:
            echo(usage_line(stream.usage, stream.model), err=True)
        if errors:
            raise errors[0]

    async def _describe_or_save(self, media: Media, errors: list[ToolkitError]) -> str:
        """Returns the line about an image or a file of the answer. An error is added to `errors`."""
        from toolkit.cli.answer_details import media_line
        from toolkit.cli.media_files import save_media
        from toolkit.errors import ToolkitError

        if (folder := self._output.save_media) is None:
            held = media.data or media.url.startswith("data:")
            return media_line(media) + (" (--save-media DIR saves it)" if held and not self._in_conversation else "")
        show_status(f"saving {media.name or 'a file'}")
        try:
            path = save_media(await self._client.download(media), folder)
        except ToolkitError as error:
            errors.append(error)
            return media_line(media)
        finally:
            clear_status()
        return f"{media.name or media.mime_type or 'file'}: saved as {os.fspath(path)}"


def _choose_writer(output: AnswerOptions) -> AnswerWriter:
    if output.as_json:
        from toolkit.cli.json_answer import JSONAnswer

        return JSONAnswer()
    if sys.stdout.isatty() and not output.plain:
        from rich.console import Console

        console = Console(highlight=False)
        if console.is_interactive:  # a dumb terminal cannot take a line back
            from toolkit.cli.answer_display import AnswerDisplay

            return AnswerDisplay(console)
    from toolkit.cli.plain_answer import PlainAnswer

    return PlainAnswer()


@asynccontextmanager
async def _redrawing(writer: AnswerWriter) -> AsyncIterator[None]:
    """Has `writer` draw what has come, several times a second, during the block."""
    if writer.status_display is None:
        yield
        return

    async def redraw() -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            writer.refresh()

    task = asyncio.create_task(redraw())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _print_below(lines: list[str], *, gap: bool) -> None:
    """Prints `lines` dim below an answer, after an empty line; to stderr if stdout is no terminal."""
    to_terminal = sys.stdout.isatty()
    if lines and gap and to_terminal:
        echo()
    if lines:
        echo(*lines, dim=True, err=not to_terminal)

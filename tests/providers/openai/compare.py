"""`python -m tests.providers.openai.compare`: what OpenAI's own client makes of the same bytes as ours, case by case.

It needs the extra `bench`. A line is marked where the two differ: `stricter` where we raise an error and it does not,
`laxer` where it is the other way round, `other` where both give something, and not the same.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

from tests.providers.openai.asking import DOCUMENT, DONE, EVENTS, STOP, answering, ask
from tests.providers.openai.test_dialects import BROKEN, DOCUMENTS, EMPTY, REPORTED, TOOL_CALLS, WHOLE, A
from tests.providers.openai.test_dialects import EVENTS as TOLD
from toolkit.chats.events import Finished, Text

SECONDS = 20.0


class Case(NamedTuple):
    name: str
    parts: list[bytes]
    content_type: str = EVENTS


class Seen(NamedTuple):
    """What a client gave: the text, what else there was, and the kind of error that it ended with."""

    text: str
    more: str
    error: str

    def __str__(self) -> str:
        return " ".join(filter(None, (repr(self.text), self.more, self.error)))


def cases() -> Iterator[Case]:
    """Those of the tests."""
    for name, (parts, _) in WHOLE.items():
        yield Case(f"whole: {name}", parts)
    for name, (document, _) in DOCUMENTS.items():
        yield Case(f"a document: {name}", [json.dumps(document).encode()], DOCUMENT)
    for name, (told, _) in TOLD.items():
        yield Case(f"told: {name}", [*told, STOP, DONE])
    for name, (call, _) in TOOL_CALLS.items():
        yield Case(f"a tool, {name}", [call, STOP, DONE])
    for name, (report, _, _) in REPORTED.items():
        yield Case(f"reported: {name}", [A, report, DONE])
    for name, (empty, _) in EMPTY.items():
        yield Case(f"empty: {name}", empty)
    for name, (broken, _, _) in BROKEN.items():
        yield Case(f"broken: {name}", broken)


async def ours(case: Case) -> Seen:
    tools = [{"type": "function", "function": {"name": "f"}}] if case.name.startswith("a tool") else []
    outcome = await ask(case.parts, content_type=case.content_type, tools=tools)
    kinds = dict.fromkeys(type(one).__name__ for one in outcome.events if not isinstance(one, Text | Finished))
    return Seen(outcome.text, "+".join(kinds), type(outcome.error).__name__ if outcome.error else "")


async def theirs(case: Case) -> Seen:
    """Read as its documentation shows it: the content of the first choice's delta of each chunk that has choices."""
    text, more, error = "", dict[str, None](), ""
    async with (
        answering(*case.parts, content_type=case.content_type) as url,
        import_module("openai").AsyncOpenAI(api_key="none", base_url=url, max_retries=0) as client,
    ):
        try:
            messages = [{"role": "user", "content": "Hi"}]
            chunks: Any = await client.chat.completions.create(model="m", messages=messages, stream=True)
            async for chunk in chunks:
                if chunk.usage:
                    more["Usage"] = None
                if not chunk.choices:
                    continue
                delta = chunk.choices[0].delta
                if delta.content:
                    text += delta.content
                if delta.tool_calls:
                    more["tool_calls"] = None
                if delta.refusal:
                    more["refusal"] = None
                if delta.model_extra:
                    more |= dict.fromkeys(delta.model_extra)
        except Exception as caught:  # noqa: BLE001 - of which kinds they are is what is looked at
            error = type(caught).__name__
    return Seen(text, "+".join(more), error)


def judged(we: Seen, they: Seen) -> str:
    if bool(we.error) != bool(they.error):
        return "stricter" if we.error else "laxer"
    return "" if we.error or we.text == they.text else "other"


async def main() -> None:
    logging.getLogger("toolkit").setLevel(logging.CRITICAL)
    for case in cases():
        async with asyncio.timeout(SECONDS):
            we, they = await ours(case), await theirs(case)
        print(f"{judged(we, they):9}{case.name:58.58} {we!s:48.48} {they}")


if __name__ == "__main__":
    asyncio.run(main())

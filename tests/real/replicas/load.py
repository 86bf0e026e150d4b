"""Clients, and what becomes of their calls."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp

from tests.real.replicas.site import pieces_of

CALL_SECONDS = 120  # for one call, after which it counts as stuck
WHOLE, SHORT, STUCK = "whole", "SHORT", "STUCK"


async def ask(http: aiohttp.ClientSession, url: str, model: str, question: str, *, stream: bool) -> str:
    """Ask the server at `url`. Returns `WHOLE`, the kind of an error, or what must not be: `SHORT`, `STUCK`."""
    body = {"model": model, "messages": [{"role": "user", "content": question}], "stream": stream}
    try:
        async with asyncio.timeout(CALL_SECONDS), http.post(f"{url}/v1/chat/completions", json=body) as response:
            text = await response.text()
            if response.status != 200:
                return f"{response.status} {_code(text)}"
    except TimeoutError:
        return STUCK
    except aiohttp.ClientError:
        return "connection broken"
    return _verdict(text, "".join(pieces_of(question)), stream=stream)


def _verdict(text: str, expected: str, *, stream: bool) -> str:
    if not stream:
        return WHOLE if json.loads(text)["choices"][0]["message"]["content"] == expected else SHORT
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line.startswith("data: ")]
    if events and events[-1] != "[DONE]" and "error" in (last := json.loads(events[-1])):
        return f"error event {last['error']['code']}"
    pieces = [_piece(json.loads(event)) for event in events[:-1]]
    return WHOLE if events and events[-1] == "[DONE]" and "".join(pieces) == expected else SHORT


def _piece(event: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event["choices"])


def _code(text: str) -> str:
    try:
        code: str = json.loads(text)["error"]["code"]
    except ValueError:
        return "of the load balancer"
    return code


async def load(url: str, key: str, models: Sequence[str], clients: int, stop: asyncio.Event) -> Counter[str]:
    """Have so many clients ask without a pause until `stop` is set. Returns how many calls ended in which way."""
    results: Counter[str] = Counter()
    headers, connector = {"Authorization": f"Bearer {key}"}, aiohttp.TCPConnector(limit=0)

    async def client(number: int) -> None:
        chance, count = random.Random(number), 0
        while not stop.is_set():
            count += 1
            question = f"q{number}-{count} {chance.randrange(5, 40)}"
            result = await ask(http, url, chance.choice(models), question, stream=chance.random() < 0.6)
            results[result] += 1
            if result != WHOLE:
                await asyncio.sleep(0.2)

    async with aiohttp.ClientSession(headers=headers, connector=connector) as http:
        await asyncio.gather(*(client(number) for number in range(clients)))
    return results

"""Recorded exchanges with the real servers, asked again of a stand-in, and what is compared of the two answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "captures"
OWN_HEADERS = ("host", "content-length", "cookie")  # made anew: they belong to the place or the session
VOLATILE = re.compile(
    r'("(?:created_at|modified_at|expires|title)": ?)"[^"]*"'  # times
    r'|("seed": ?)\d+'
    r'|("name": ?)"cap-[^"]*"|("name": ?)"ada"'  # who is signed in
    r'|("isNew": ?)(?:true|false)'
)


def scenarios(folder: str) -> list[Any]:
    """The captures in `folder` as test parameters; one that skips where they are not there."""
    files = sorted((FOLDER / folder).glob("*.har"))
    if not files:
        absent = pytest.mark.skip(reason="The recorded exchanges are not kept with this package.")
        return [pytest.param(Path("absent"), marks=absent)]
    return [pytest.param(file, id=file.stem) for file in files]


def entries(file: Path) -> list[dict[str, Any]]:
    log: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["log"]
    return list(log["entries"])


@dataclass
class Answer:
    """One answer, real or from a stand-in. `ended` is whether the body came to its end."""

    status: int
    reason: str
    headers: dict[str, str]
    cookies: list[str]
    chunks: list[bytes] = field(default_factory=list)
    ended: bool = True

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode()

    def comparable(self, ids: dict[str, str]) -> dict[str, Any]:
        """Everything about it that has to agree. `ids` replaces one server's ids by the other's."""
        text = self.text
        for mine, theirs in ids.items():
            text = text.replace(mine, theirs)
        text = VOLATILE.sub(lambda found: f"{next(filter(None, found.groups()))}*", text)
        changing = ("date", "etag", "content-length", "set-cookie")
        return {
            "status": self.status,
            "reason": self.reason,
            "headers": {key: "*" if key in changing else value for key, value in self.headers.items()},
            "cookies": [_attributes(cookie) for cookie in self.cookies],
            "text": text,
            "chunks": len(self.chunks),
            "ended": self.ended,
        }


def recorded(entry: dict[str, Any]) -> Answer:
    """The answer in a HAR entry, cut into the chunks in which it came."""
    response = entry["response"]
    body, chunks, start = response["content"].get("text", "").encode(), [], 0
    for _, size in response["content"].get("_chunks", ()):
        chunks.append(body[start : start + size])
        start += size
    headers = {item["name"].lower(): item["value"] for item in response["headers"]}
    cookies = [item["value"] for item in response["headers"] if item["name"].lower() == "set-cookie"]
    return Answer(response["status"], response["statusText"], headers, cookies, chunks, entry["_error"] is None)


async def ask(
    client: aiohttp.ClientSession,
    origin: str,
    entry: dict[str, Any],
    *,
    cookie: str | None = None,
    ids: dict[str, str] | None = None,
) -> aiohttp.ClientResponse:
    """The request of `entry`, made to `origin`. `ids` are the server's ids by those in the recording."""
    request = entry["request"]
    parts = urlsplit(request["url"])
    recorded_origin = f"{parts.scheme}://{parts.netloc}"

    def here(text: str) -> str:
        text = text.replace(recorded_origin, origin)
        for theirs, mine in (ids or {}).items():
            text = text.replace(theirs, mine)
        return text

    sent = {item["name"]: here(item["value"]) for item in request["headers"]}
    headers = {name: value for name, value in sent.items() if name.lower() not in OWN_HEADERS}
    if cookie is not None and "Cookie" in sent:
        headers["Cookie"] = cookie
    body = request.get("postData", {}).get("text")
    return await client.request(
        request["method"],
        here(request["url"]),
        headers=headers,
        data=None if body is None else here(body).encode(),
        allow_redirects=False,
    )


async def read(response: aiohttp.ClientResponse, *, chunks: int | None = None) -> Answer:
    """The whole answer; with `chunks`, the first so many, of an answer that has no end."""
    headers = {key.lower(): value for key, value in response.headers.items()}
    cookies = response.headers.getall("Set-Cookie", [])
    answer = Answer(response.status, response.reason or "", headers, cookies)
    part = b""
    try:
        while chunks is None or len(answer.chunks) < chunks:
            data, whole = await response.content.readchunk()
            part += data
            if whole and part:
                answer.chunks.append(part)
                part = b""
            if not data and not whole:
                answer.chunks += [part] if part else []  # a body without chunks
                return answer
        answer.ended = response.content.at_eof()
        return answer
    finally:
        response.close()


def _attributes(cookie: str) -> str:
    """A Set-Cookie without its value and time."""
    name, *rest = cookie.split("; ")
    return "; ".join([name.split("=")[0], *(item if "Expires" not in item else "Expires" for item in rest)])

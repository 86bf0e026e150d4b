"""A stand-in for a site that counts what nobody should do to it: two calls at once on an account that may have one,
renewals of a session that was good, calls in a pause that it has asked for."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.real.replicas.plugin import REPLICA
from tests.sites.codelinkava import data

PAUSE_SECONDS = 5
LATE_SECONDS = 3.0  # after the beginning of a pause, by when all servers have to know of it
RENEWAL_SECONDS = 0.1
LASTS_SECONDS = 10.0  # a session, at least
LIMITED = "limited"  # the model that is asked too often


def pieces_of(question: str) -> list[str]:
    """The answer to `question`, in pieces: how many is its last word."""
    return [f"{question.split()[0]}.{number} " for number in range(int(question.split()[1]))]


class Account:
    """One account at the site. The cookie of its session has the `generation` in it; `renewers` are the processes that
    have renewed the session since the one before was ended; `used` tells that a call was made with it."""

    def __init__(self) -> None:
        self.generation = 1
        self.expired = self.used = False
        self.calls = 0
        self.renewers: list[str] = []
        self.renewed_at = self.paused_at = 0.0
        self.limited = 0


class CountingSite:
    """`accounts` by name; those that begin with `turns` may have one call at a time."""

    def __init__(self, accounts: Collection[str]) -> None:
        self.accounts = {name: Account() for name in accounts}
        self.counts: Counter[str] = Counter()
        self.gap = 0.03  # seconds between pieces
        self.repeated: list[tuple[str, str]] = []  # renewals of one session: by whom first, and by whom again

    def app(self) -> web.Application:
        application = web.Application()
        application.add_routes([web.post("/api/chat", self._chat), web.post("/renew", self._renew)])
        return application

    def cookie(self, name: str) -> str:
        """The cookie of the account's present session."""
        return f"{name}.{self.accounts[name].generation}"

    def expire(self, name: str) -> None:
        """End the account's session, where it was used and is not new: no call meets two that have ended."""
        account = self.accounts[name]
        if account.used and time.monotonic() - account.renewed_at > LASTS_SECONDS:
            account.expired, account.used, account.renewers = True, False, []
            self.counts["sessions ended"] += 1

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        name, _, generation = request.cookies.get("sid", "").partition(".")
        account = self.accounts[name]
        if account.expired or int(generation) != account.generation:
            self.counts["refused sessions"] += 1
            return web.json_response({"detail": "expired"}, status=401)
        account.used = True
        body = await request.json()
        if body.get("model") == LIMITED and (refusal := self._limit(account)):
            return refusal
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with self._counted(name, account):
            await response.prepare(request)
            for piece in pieces_of(body["messages"][-1]["content"]):
                await asyncio.sleep(self.gap)
                await response.write(data({"choices": [{"delta": {"content": piece}}]}))
        await response.write(data({"choices": [{"delta": {}, "finish_reason": "stop"}]}) + b"data: [DONE]\n\n")
        await response.write_eof()
        self.counts["calls answered"] += 1
        return response

    @contextmanager
    def _counted(self, name: str, account: Account) -> Iterator[None]:
        account.calls += 1
        self.counts["double calls"] += account.calls > 1 and name.startswith("turns")
        try:
            yield
        finally:
            account.calls -= 1

    def _limit(self, account: Account) -> web.Response | None:
        """Refuse each tenth call, and all that come within a while after it."""
        since = time.monotonic() - account.paused_at
        account.limited += 1
        if since < PAUSE_SECONDS:
            self.counts["calls in a pause"] += since > LATE_SECONDS
        elif account.limited % 10:
            return None
        else:
            self.counts["pauses"] += 1
            account.paused_at, since = time.monotonic(), 0.0
        return web.json_response({}, status=429, headers={"Retry-After": f"{PAUSE_SECONDS - since:.2f}"})

    async def _renew(self, request: web.Request) -> web.Response:
        name, _, _ = request.cookies.get("sid", "").partition(".")
        account, renewer = self.accounts[name], request.headers[REPLICA]
        if account.renewers or not account.expired:
            self.repeated.append((account.renewers[-1] if account.renewers else "nobody", renewer))
        else:
            account.generation += 1
            account.expired, account.renewed_at = False, time.monotonic()
            self.counts["renewals"] += 1
        account.renewers.append(renewer)
        await asyncio.sleep(RENEWAL_SECONDS)
        response = web.json_response({})
        response.set_cookie("sid", self.cookie(name), path="/", httponly=True)
        return response

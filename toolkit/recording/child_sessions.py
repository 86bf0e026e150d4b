"""Reaches the workers and the frames of other sites within a page, which the Chrome DevTools Protocol has as targets of
their own (https://chromedevtools.github.io/devtools-protocol/tot/Target/). Playwright is not imported here.

A message to such a target is an argument of a message to the target that it belongs to: Playwright's session hands out
no messages of sessions that are not its own.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from itertools import count
from typing import Any

import msgspec

# It waits until we listen, where Playwright does not have it go on before.
ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": False}
SHARED = "shared_worker"
GO_ON = "Runtime.runIfWaitingForDebugger"


class ChildSession:
    """The session `id` within `parent`, with the methods of Playwright's `CDPSession` that are used here. `kind` is
    that of its target: `worker`, `shared_worker`, `service_worker` or `iframe`."""

    def __init__(self, parent: Any, id: str, kind: str) -> None:
        self.kind = kind
        self._parent = parent
        self._id = id
        self._listeners: defaultdict[str, list[Callable[[dict[str, Any]], None]]] = defaultdict(list)
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    def on(self, event: str, listener: Callable[[dict[str, Any]], None]) -> None:
        """Calls `listener` with each event of that name."""
        self._listeners[event].append(listener)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Sends a command and returns its result. Raises `ConnectionError` where the target refuses it, or has gone."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message = msgspec.json.encode({"id": number, "method": method, "params": params or {}}).decode()
        try:
            await self._parent.send("Target.sendMessageToTarget", {"sessionId": self._id, "message": message})
            result: dict[str, Any] = await answer
            return result
        finally:
            del self._answers[number]

    def take(self, message: str) -> None:
        """Takes a message of the target."""
        told = msgspec.json.decode(message)
        if "method" in told:
            for listener in self._listeners[told["method"]]:
                listener(told.get("params", {}))
        elif (answer := self._answers.get(told.get("id"))) is not None and not answer.done():
            if "error" in told:
                answer.set_exception(ConnectionError("The target refuses the command."))
            else:
                answer.set_result(told.get("result", {}))

    def end(self) -> None:
        """Notes that the target has gone."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("The target has gone."))


class ChildSessions:
    """Gives each target that begins within `session` to `inspect`, and has it go on when that has returned."""

    def __init__(self, session: Any, inspect: Callable[[ChildSession], Awaitable[None]]) -> None:
        self._session = session
        self._inspect = inspect
        self._children: dict[str, ChildSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._context = ""  # the browser's id of the context
        session.on("Target.targetCreated", self._on_created)
        session.on("Target.attachedToTarget", self._on_attached)
        session.on("Target.detachedFromTarget", self._on_detached)
        session.on("Target.receivedMessageFromTarget", self._on_message)

    async def start(self) -> None:
        """Attaches to the targets that there are, and from now on to each new one."""
        await self._session.send("Target.setAutoAttach", ATTACH)

    async def start_with_shared(self) -> None:
        """As `start`; also to shared workers, which belong to no page, of the same context."""
        own = await self._session.send("Target.getTargetInfo")
        self._context = own["targetInfo"].get("browserContextId", "")
        await self._session.send("Target.setDiscoverTargets", {"discover": True})
        await self.start()

    async def aclose(self) -> None:
        """Stops what is being done for targets."""
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_created(self, event: dict[str, Any]) -> None:
        info = event["targetInfo"]
        if info["type"] == SHARED and info.get("browserContextId") == self._context:
            self._do(self._attach(info["targetId"]))

    async def _attach(self, target: str) -> None:
        with suppress(Exception):  # as in `_begin`
            await self._session.send("Target.attachToTarget", {"targetId": target, "flatten": False})

    def _on_attached(self, event: dict[str, Any]) -> None:
        child = ChildSession(self._session, event["sessionId"], event["targetInfo"]["type"])
        self._children[event["sessionId"]] = child
        self._do(self._begin(child))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin(self, child: ChildSession) -> None:
        # Playwright's errors cannot be named here: the target has gone, or does not know a command.
        with suppress(Exception):
            await self._inspect(child)
        with suppress(Exception):
            await child.send(GO_ON)

    def _on_detached(self, event: dict[str, Any]) -> None:
        if (child := self._children.pop(event["sessionId"], None)) is not None:
            child.end()

    def _on_message(self, event: dict[str, Any]) -> None:
        if (child := self._children.get(event["sessionId"])) is not None:
            child.take(event["message"])

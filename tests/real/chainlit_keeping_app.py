# mypy: disable-error-code="untyped-decorator,no-any-return,misc"
"""A Chainlit app that keeps chats, in memory, takes files, and has settings; by `chainlit run`. It wants a login."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import chainlit
from chainlit.data.base import BaseDataLayer
from chainlit.input_widget import Select, Slider, Tab

USER, PASSWORD = "ada", "correct horse battery"


class Memory(BaseDataLayer):
    """Keeps the threads with their steps."""

    def __init__(self) -> None:
        self.threads: dict[str, dict[str, Any]] = {}

    async def get_user(self, identifier: str) -> Any:
        return chainlit.PersistedUser(id=f"id of {identifier}", createdAt="2026-01-01T00:00:00Z", identifier=identifier)

    async def create_user(self, user: Any) -> Any:
        return await self.get_user(user.identifier)

    async def update_thread(self, thread_id: str, **changes: Any) -> None:
        empty = {"id": thread_id, "createdAt": "2026-01-01T00:00:00Z", "userIdentifier": USER, "steps": []}
        thread = self.threads.setdefault(thread_id, empty)
        thread.update({name: value for name, value in changes.items() if value is not None})

    async def get_thread(self, thread_id: str) -> Any:
        return self.threads.get(thread_id)

    async def get_thread_author(self, thread_id: str) -> str:
        return USER

    async def create_step(self, step_dict: Any) -> None:
        await self.update_thread(step_dict["threadId"])
        steps = self.threads[step_dict["threadId"]]["steps"]
        steps[:] = [*(step for step in steps if step["id"] != step_dict["id"]), dict(step_dict)]

    update_step = create_step

    async def list_threads(self, pagination: Any, filters: Any) -> Any:
        page = chainlit.types.PageInfo(hasNextPage=False, startCursor=None, endCursor=None)
        return chainlit.types.PaginatedResponse(pageInfo=page, data=list(self.threads.values()))

    async def get_favorite_steps(self, user_id: str) -> list[Any]:
        return []

    async def _nothing(self, *_: Any, **__: Any) -> None: ...

    create_element = get_element = delete_element = delete_step = delete_thread = _nothing
    delete_feedback = upsert_feedback = build_debug_url = close = _nothing


chainlit.data_layer(Memory)


@chainlit.password_auth_callback
def log_in(username: str, password: str) -> chainlit.User | None:
    return chainlit.User(identifier=username) if (username, password) == (USER, PASSWORD) else None


async def offer_settings() -> None:
    tone = Select(id="tone", label="Tone", values=["plain", "loud"], initial_index=0)
    tabs = [Tab(id="more", label="More", inputs=[tone, Slider(id="times", label="x", initial=1)])]
    await chainlit.ChatSettings(tabs).send()


@chainlit.on_chat_start
async def start() -> None:
    await offer_settings()


@chainlit.on_chat_resume
async def resume(thread: Any) -> None:
    questions = [step["output"] for step in thread["steps"] if step["type"] == "user_message"]
    chainlit.user_session.set("before", ", ".join(questions))
    await offer_settings()


@chainlit.on_settings_update
def change(settings: dict[str, Any]) -> None:
    chainlit.user_session.set("settings", settings)


def size_of(path: str) -> int:
    return Path(path).stat().st_size


@chainlit.on_message
async def reply(message: chainlit.Message) -> None:
    """Says what it got, what was asked before in this chat, and which files came."""
    settings = chainlit.user_session.get("settings") or {}
    said = message.content.upper() if settings.get("tone") == "loud" else message.content
    said = " ".join([said] * int(settings.get("times", 1)))
    if before := chainlit.user_session.get("before"):
        said += f" (after {before})"
    for element in message.elements:
        said += f" [{element.name} {element.mime}: {size_of(element.path)} bytes]"
    await chainlit.Message(said).send()

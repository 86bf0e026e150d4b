"""A conversation: what was asked and answered, and what the next question goes with. Pure."""

from __future__ import annotations

from typing import Any

from toolkit.chats.contents import File, Image, TextPart

Messages = list[dict[str, Any]]

SHOWN = 60  # characters of a question that stands for a conversation


class Conversation:
    """The turns of a conversation. Only questions with an answer are among its `messages`.

    `system` is the system message, "" for none. `attachments` go with the next question. `model` is the model to ask,
    None for the provider's default. `chat_id` is the conversation at the site, where the site saves it.
    """

    def __init__(self, system: str = "", model: str | None = None) -> None:
        self.system = system
        self.model = model
        self.chat_id: str | None = None
        self.messages: Messages = []
        self.attachments: list[Image | File] = []
        self._question: dict[str, Any] | None = None  # the last one, whether or not it has an answer
        self._before: Messages = []  # the turns before it

    def ask(self, text: str) -> Messages:
        """Returns the messages that ask `text`, with what is attached."""
        self._before, self._question = self.messages, user_message(text, self.attachments)
        self.attachments = []
        return self._asked()

    def retry(self) -> Messages | None:
        """Returns the messages that ask the last question again, in place of its answer; None if there is none."""
        return self._asked() if self._question is not None else None

    def call_arguments(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Returns `arguments` of `Client.chat` with those that depend on the conversation."""
        chat_id = {"chat_id": self.chat_id} if self.chat_id is not None else {}
        return {**arguments, "model": self.model, **chat_id}

    def answer(self, text: str, chat_id: str | None = None) -> None:
        """Takes in the answer to the last question, if there is any text in it. The site has saved it as `chat_id`."""
        self.chat_id = chat_id or self.chat_id
        if self._question is not None and text:
            self.messages = [*self._before, self._question, {"role": "assistant", "content": text}]

    def resume(self, messages: Messages) -> None:
        """Goes on with `messages` from an earlier conversation. Their system message counts if there is no other."""
        if messages and messages[0]["role"] == "system":
            self.system = self.system or str(messages[0]["content"])
            messages = messages[1:]
        self.messages = messages
        if len(messages) > 1 and messages[-1]["role"] == "assistant":
            self._before, self._question = messages[:-2], messages[-2]

    def describe(self) -> str:
        """Returns how long the conversation is, and its last question, as part of a sentence."""
        questions = [message["content"] for message in self.messages if message["role"] == "user"]
        last = questions[-1] if questions else ""
        if not isinstance(last, str):
            last = " ".join(part.get("text", "") for part in last if isinstance(part, dict))
        last = " ".join(last.split())
        shown = last if len(last) <= SHOWN else f"{last[:SHOWN]}..."
        count = f"{len(questions)} question{'' if len(questions) == 1 else 's'}"
        return f"a conversation of {count}, the last of which is: {shown}" if shown else f"a conversation of {count}"

    @property
    def all_messages(self) -> Messages:
        """The messages so far, the system message first."""
        return [*self._system_message(), *self.messages]

    def _asked(self) -> Messages:
        return [*self._system_message(), *self._before, *([self._question] if self._question else [])]

    def _system_message(self) -> Messages:
        return [{"role": "system", "content": self.system}] if self.system else []


def user_message(text: str, attachments: list[Image | File]) -> dict[str, Any]:
    """Returns a question as a message: plain text, or parts where images or files go with it."""
    if not attachments:
        return {"role": "user", "content": text}
    return {"role": "user", "content": [*([TextPart(text)] if text else []), *attachments]}

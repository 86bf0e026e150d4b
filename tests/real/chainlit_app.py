# mypy: disable-error-code="untyped-decorator,no-any-return,misc"
"""The Chainlit app that the tests run, by `chainlit run`. It wants a login, and has two profiles."""

from __future__ import annotations

import asyncio
from pathlib import Path

import chainlit

SKY = "Sunlight is every colour at once, and the air scatters its blue most: so blue is all over the sky 🌍☀️."
USER, PASSWORD = "ada", "correct horse battery"


@chainlit.password_auth_callback
def log_in(username: str, password: str) -> chainlit.User | None:
    return chainlit.User(identifier=username) if (username, password) == (USER, PASSWORD) else None


@chainlit.set_chat_profiles
async def profiles(user: chainlit.User | None) -> list[chainlit.ChatProfile]:
    return [
        chainlit.ChatProfile(name="Quick", markdown_description="says it at once"),
        chainlit.ChatProfile(name="In words", markdown_description="says it in words", default=True),
    ]


@chainlit.on_chat_start
async def start() -> None:
    await chainlit.Message("Welcome!").send()
    await asyncio.sleep(0.05)  # as an app that loads something: it is not ready before
    chainlit.user_session.set("ready", True)


@chainlit.on_stop
def stopped() -> None:
    Path("stopped").touch()


@chainlit.on_message
async def reply(message: chainlit.Message) -> None:
    """Says what it got, or what the message asks for."""
    asked = message.content
    if asked == "fail":
        raise RuntimeError("The model is asleep.")
    if asked == "ask":
        await chainlit.AskUserMessage("Which city?", timeout=30).send()
        return
    if asked == "look up":
        async with chainlit.Step(name="Search", type="tool") as step:
            step.output = "found"
    said = SKY if asked.startswith("Why is the sky blue?") else f"🌍 to {asked}"
    if not chainlit.user_session.get("ready"):
        said = "not ready"
    answer = chainlit.Message("" if asked == "nothing" else said)
    if chainlit.user_session.get("chat_profile") == "In words" and asked != "nothing":
        answer.content = ""
        for word in said.split(" "):
            await answer.stream_token(word if not answer.content else f" {word}")
            await asyncio.sleep(0.02)
        while asked == "endless":
            await answer.stream_token(" more")
            await asyncio.sleep(0.02)
    await answer.send()

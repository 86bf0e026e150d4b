"""Chat apps of each kind that people make with Gradio, as a program: `python chat_apps.py KIND=PORT ...`. It ends with
its stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import gradio

Turns = list[dict[str, Any]]


def blocks() -> gradio.Blocks:
    """A function that empties the box and answers in the chatbot."""
    with gradio.Blocks() as app:
        bot, box = gradio.Chatbot(), gradio.Textbox()

        def respond(message: str, history: Turns) -> Iterator[tuple[str, Turns]]:
            history = [*history, {"role": "user", "content": message}, {"role": "assistant", "content": ""}]
            for word in (f"{len(history) // 2}: ", "to ", "be ", "fair"):
                history[-1]["content"] += word
                yield "", history

        box.submit(respond, [box, bot], [box, bot])
        gradio.ClearButton([box, bot])
    return app


def then() -> gradio.Blocks:
    """One function that adds the question, and after it another that answers."""
    with gradio.Blocks() as app:
        bot, box, button = gradio.Chatbot(), gradio.Textbox(), gradio.Button("Send")

        def add(message: str, history: Turns) -> tuple[str, Turns]:
            return "", [*history, {"role": "user", "content": message}]

        def answer(history: Turns) -> Iterator[Turns]:
            asked = history[-1]["content"][0]["text"]
            history.append({"role": "assistant", "content": ""})
            for word in ("you ", "said ", asked):
                history[-1]["content"] += word
                yield history

        for event in (box.submit, button.click):
            event(add, [box, bot], [box, bot], queue=False).then(answer, bot, bot).then(lambda: "", None, box)
    return app


def multimodal() -> gradio.Blocks:
    """Gives back the files that it is given."""

    def reply(message: dict[str, Any], history: Turns) -> Iterator[Any]:
        yield "look"
        files = message["files"]
        yield [
            f"look at {len(files)}",
            *(gradio.Image(one) if one.endswith("png") else gradio.File(one) for one in files),
        ]

    return gradio.ChatInterface(reply, multimodal=True)


def thoughts() -> gradio.Blocks:
    """Thinks aloud, uses a tool, and answers."""

    def reply(message: str, history: Turns) -> Iterator[Any]:
        thought = gradio.ChatMessage("let me", metadata={"title": "Thinking", "status": "pending"})
        yield [thought]
        thought.content, thought.metadata["status"] = "let me see", "done"
        tool = gradio.ChatMessage("sunny", metadata={"title": "Weather", "status": "done"})
        yield [thought, tool]
        yield [thought, tool, gradio.ChatMessage("the answer")]

    return gradio.ChatInterface(reply)


def error() -> gradio.Blocks:
    """Fails in the middle of its answer."""

    def reply(message: str, history: Turns) -> Iterator[str]:
        yield "the beginning"
        yield "the beginning of"
        raise gradio.Error("The model is asleep.")

    return gradio.ChatInterface(reply)


def adder() -> gradio.Blocks:
    """No chat at all."""
    with gradio.Blocks() as app:
        numbers = gradio.Number(), gradio.Number()
        gradio.Button("add").click(lambda one, other: one + other, list(numbers), gradio.Number(), api_name="add")
    return app


APPS = {one.__name__: one for one in (blocks, then, multimodal, thoughts, error, adder)}


def main(*wanted: str) -> None:
    for kind, _, port in (one.partition("=") for one in wanted):
        APPS[kind]().launch(
            server_name="127.0.0.1", server_port=int(port), prevent_thread_lock=True, ssr_mode=False, quiet=True
        )
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])

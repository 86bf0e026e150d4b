"""The Gradio app that the tests run, as a program: `python app.py PORT [USER PASSWORD]`. It ends with its stdin."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio

SKY = "Sunlight is every colour at once, and the air scatters its blue most: so blue is all over the sky 🌍☀️."


def reply(message: str, history: list[dict[str, Any]], tone: str = "plain") -> Iterator[object]:
    """Says what it got, a word more each time, with a cursor behind it; or what the message asks for."""
    if message == "fail":
        raise ValueError("which nobody is told")
    if message == "explain":
        raise gradio.Error("The model is asleep.")
    if message.startswith("Why is the sky blue?"):
        for end in range(0, len(SKY) + 5, 5):
            yield SKY[:end]
            time.sleep(0.04)  # this is recorded, and watched
        return
    if message == "endless":
        said = ""
        try:
            while True:
                yield (said := f"{said}more ")
                time.sleep(0.05)
        finally:
            Path("left").touch()
    if message == "think":
        yield "Thinking..."
    said = f"{tone} 🌍 to {message}"
    if history:
        said += " after " + " | ".join(f"{turn['role']}: {_text(turn['content'])}" for turn in history)
    words = said.split(" ")
    for number in range(1, len(words) + 1):
        yield " ".join(words[:number]) + " ▌"
    yield [{"role": "assistant", "content": said}] if message == "dict" else said


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def main(port: str, *user: str) -> None:
    chat = gradio.ChatInterface(reply, additional_inputs=[gradio.Textbox("plain", label="How")], title="Real")
    chat.launch(
        server_name="127.0.0.1",
        server_port=int(port),
        auth=[(user[0], user[1])] if user else None,
        prevent_thread_lock=True,
        ssr_mode=False,
        quiet=True,
    )
    print("ready", flush=True)
    sys.stdin.read()
    chat.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

# mypy: disable-error-code="untyped-decorator,no-any-return,misc"
"""The Streamlit app that the tests run, by `streamlit run`."""

from __future__ import annotations

import time
from collections.abc import Iterator

import streamlit

SKY = "Sunlight is every colour at once, and the air scatters its blue most: so blue is all over the sky 🌍☀️."


def words(text: str) -> Iterator[str]:
    for word in text.split(" "):
        yield f"{word} "
        time.sleep(0.02)


streamlit.title("Chat")
if "said" not in streamlit.session_state:
    streamlit.session_state.said = [("assistant", "Welcome!")]
for who, text in streamlit.session_state.said:
    streamlit.chat_message(who).markdown(text)
if asked := streamlit.chat_input("Ask"):
    streamlit.session_state.said.append(("user", asked))
    streamlit.chat_message("user").markdown(asked)
    with streamlit.chat_message("assistant"):
        if asked == "fail":
            raise ValueError("The model is asleep.")
        answer = SKY if asked.startswith("Why is the sky blue?") else f"🌍 to {asked}"
        if asked != "nothing":
            streamlit.write_stream(words(answer))
    streamlit.session_state.said.append(("assistant", answer))
    if asked == "again":
        streamlit.rerun()

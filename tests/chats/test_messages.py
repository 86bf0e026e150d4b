"""Messages are checked before anything is sent, and the prompt form is the one that the sites know."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit import Message, format_prompt
from toolkit.chats.messages import ChatRequest, read_messages
from toolkit.errors import UsageError


def test_one_message_is_its_own_prompt() -> None:
    """A lone message is sent as it is."""
    assert format_prompt([{"role": "user", "content": "Hi\nthere"}]) == "Hi\nthere"


def test_several_messages_are_lines_with_their_roles() -> None:
    """One `Role: content` line each, and a last line that leaves the word to the assistant."""
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Привет"},
        {"role": "assistant", "content": "你好"},
        Message("user", "😀?"),
    ]
    assert format_prompt(messages) == "System: Be brief.\nUser: Привет\nAssistant: 你好\nUser: 😀?\nAssistant:"


def test_a_string_is_one_user_message() -> None:
    """The short form."""
    assert read_messages("Hi") == (Message("user", "Hi"),)


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([], "no messages"),
        ("", "nothing to send"),
        ([{"role": "user", "content": "  "}], "nothing to send"),
        ([{"role": "robot", "content": "Hi"}], r"messages\[0\]\.role is 'robot'; it is one of system, user, assistant"),
        ([{"content": "Hi"}], r"messages\[0\]\.role is None"),
        ([{"role": "user", "content": {"text": "Hi"}}], r"messages\[0\]\.content is dict, not text or a list of parts"),
        ([{"role": "user", "content": "Hi"}, {"role": "user"}], r"messages\[1\]\.content is NoneType"),
        (["Hi"], r"messages\[0\] is str"),
        ({"role": "user", "content": "Hi"}, "list of messages, not dict"),
        (None, "list of messages, not NoneType"),
    ],
)
def test_what_cannot_be_sent_is_refused(messages: Any, told: str) -> None:
    """The refusal says where the fault is; it is a `ValueError` too."""
    with pytest.raises(UsageError, match=told) as caught:
        read_messages(messages)
    assert isinstance(caught.value, ValueError)


def test_settings_go_under_the_names_of_the_protocol() -> None:
    """What was not asked for is not sent, and options come last."""
    request = ChatRequest(messages=read_messages("Hi"), temperature=0.0, options={"top_k": 3})
    assert request.settings(temperature="heat", max_tokens="limit") == {"heat": 0.0, "top_k": 3}

"""A conversation as it is put together from the pieces of a protocol."""

from __future__ import annotations

import pytest

from toolkit.chats.contents import Image, TextPart
from toolkit.chats.messages import Message
from toolkit.gateway.conversation import Conversation
from toolkit.gateway.error_answers import Refused

PICTURE = Image("data:image/png;base64,eA==")


def roles(messages: tuple[Message, ...]) -> list[str]:
    return [message.role for message in messages]


def test_calls_belong_to_the_turn_that_they_follow() -> None:
    """Also where that turn says nothing."""
    conversation = Conversation("input")
    conversation.say("user", [TextPart("Hi")])
    conversation.call("1", "sky", "{}")
    conversation.result("1", [TextPart("blue")])
    conversation.say("assistant", [TextPart("Let me see.")])
    conversation.call("2", "sky", "{}")
    conversation.call("3", "sea", "{}")
    messages = conversation.messages()
    assert roles(messages) == ["user", "assistant", "tool", "assistant"]
    assert [[call.id for call in message.tool_calls] for message in messages] == [[], ["1"], [], ["2", "3"]]
    assert [call.index for call in messages[-1].tool_calls] == [0, 1]
    assert (messages[-1].text, messages[2].tool_call_id) == ("Let me see.", "1")


def test_pictures_that_only_a_user_can_show() -> None:
    """Those of results and of the assistant stand before what the user says next, so that results stay together."""
    conversation = Conversation("input")
    conversation.call("1", "look", "{}")
    conversation.call("2", "look", "{}")
    conversation.result("1", [TextPart("here"), PICTURE])
    conversation.result("2", [])
    conversation.say("user", [TextPart("And?")])
    conversation.say("assistant", [PICTURE])
    messages = conversation.messages()
    assert roles(messages) == ["assistant", "tool", "tool", "user", "user"]
    assert messages[3].content == (PICTURE, TextPart("And?"))
    assert messages[4].content == (PICTURE,)


def test_nothing_to_ask() -> None:
    """In the words of the request."""
    with pytest.raises(Refused) as caught:
        Conversation("input").messages()
    assert caught.value.error.param == "input"

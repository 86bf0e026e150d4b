"""What requests of OpenAI's Responses API ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.chats.contents import File, Image, TextPart
from toolkit.gateway.error_answers import Refused
from toolkit.gateway.question import Question
from toolkit.gateway.responses_request import read_request

SKY = {"type": "function", "name": "sky", "parameters": {"type": "object"}, "strict": False}
SKY_OF_CHATS = {"type": "function", "function": {"name": "sky", "parameters": {"type": "object"}, "strict": False}}


def request(**fields: Any) -> bytes:
    return json.dumps({"model": "aura", "input": "Hi", **fields}).encode()


def question(**fields: Any) -> Question:
    return read_request(request(**fields))[1]


def test_a_text() -> None:
    """Is what the user says, after the instructions."""
    model, asked = read_request(request(instructions="Be brief.", max_output_tokens=9, temperature=0.2, store=True))
    assert (model, asked.stream, asked.max_tokens, asked.temperature) == ("aura", False, 9, 0.2)
    assert [(message.role, message.content) for message in asked.messages] == [("system", "Be brief."), ("user", "Hi")]
    assert question(stream=True).stream
    assert question(reasoning={"effort": "low"}).fields["reasoning_effort"] == "low"


def test_items() -> None:
    """A conversation as clients send it back: what was thought is passed over, calls and results are kept."""
    asked = question(
        input=[
            {"role": "developer", "content": "Be brief."},
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "See"},
                    {"type": "input_image", "image_url": "data:image/png;base64,eA==", "detail": "low"},
                    {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,eA=="},
                ],
            },
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
            {"type": "function_call", "call_id": "1", "name": "sky", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "blue"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
            {"type": "image_generation_call", "id": "ig_1", "result": "eA==", "status": "completed"},
            {"role": "user", "content": "And now?"},
        ]
    )
    roles = [message.role for message in asked.messages]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert asked.messages[1].content == (
        TextPart("See"),
        Image("data:image/png;base64,eA==", "low"),
        File("a.txt", b"x", "text/plain"),
    )
    assert (asked.messages[2].text, asked.messages[2].tool_calls[0].name) == ("Let me see.", "sky")
    assert (asked.messages[3].content, asked.messages[3].tool_call_id) == ("blue", "1")
    assert asked.messages[4].content == "No."
    assert asked.messages[5].content == (Image("data:image/png;base64,eA=="), TextPart("And now?"))


def test_tools() -> None:
    """Functions are a site's to call; what OpenAI runs itself is left out, and a wish that is about none of them."""
    asked = question(tools=[SKY, {"type": "web_search"}], tool_choice={"type": "function", "name": "sky"})
    assert asked.tools == (SKY_OF_CHATS,)
    assert asked.tool_choice == {"type": "function", "function": {"name": "sky"}}
    assert question(tools=[SKY], tool_choice="required").tool_choice == "required"
    asked = question(tools=[{"type": "web_search"}], tool_choice="auto")
    assert (asked.tools, asked.tool_choice) == ((), None)
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "sky"}]}
    asked = question(tools=[SKY, {"type": "function", "name": "sea"}], tool_choice=allowed)
    assert (asked.tools, asked.tool_choice) == ((SKY_OF_CHATS,), "required")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": " "}, "input"),
        ({"input": 1}, "input"),
        ({"input": [1]}, "input[0]"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].type"),
        ({"input": [{"role": "nobody", "content": "Hi"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 1}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input[0].content[0]"),
        ({"input": [{"type": "function_call", "name": "sky"}]}, "input[0].call_id"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [SKY], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ],
)
def test_what_cannot_be_kept_is_refused(fields: dict[str, Any], param: str) -> None:
    """With the field's name, before any site is asked."""
    with pytest.raises(Refused) as caught:
        question(**fields)
    assert (caught.value.error.status, caught.value.error.param) == (400, param)


def test_what_means_nothing_here() -> None:
    """Is passed over: clients send the defaults of much, and no site is asked for it."""
    question(background=False, previous_response_id=None, text={"format": {"type": "text"}, "verbosity": "low"}, new=1)

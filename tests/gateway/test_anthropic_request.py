"""What requests of Anthropic's Messages API ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.chats.contents import File, Image, Part, TextPart
from toolkit.gateway.anthropic_request import read_request
from toolkit.gateway.error_answers import Refused
from toolkit.gateway.question import Question
from toolkit.providers import registry

SKY = {"name": "sky", "description": "Its colour.", "input_schema": {"type": "object"}}
SKY_OF_CHATS = {
    "type": "function",
    "function": {"name": "sky", "parameters": {"type": "object"}, "description": "Its colour."},
}
USED = {"type": "tool_use", "id": "1", "name": "sky", "input": {"of": "Earth"}}


def request(**fields: Any) -> bytes:
    return json.dumps(
        {"model": "aura", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}
    ).encode()


def question(**fields: Any) -> Question:
    return read_request(request(**fields))[1]


def shown(block: dict[str, Any]) -> Any:
    """What the user's message holds that has `block`."""
    return question(messages=[{"role": "user", "content": [block]}]).messages[0].content


def test_a_request() -> None:
    """What is not known is passed over, as agents send much."""
    model, asked = read_request(
        request(stream=True, temperature=0.2, thinking={"type": "adaptive"}, context_management={}, metadata={})
    )
    assert (model, asked.stream, asked.max_tokens, asked.temperature) == ("aura", True, 9, 0.2)
    assert [(message.role, message.content) for message in asked.messages] == [("user", "Hi")]


@pytest.mark.parametrize("system", ["Be brief.", [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]])
def test_the_system_s_part(system: Any) -> None:
    """A text or blocks, before everything."""
    first, _ = question(system=system).messages
    assert (first.role, first.content) == ("system", "Be brief.")


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}},
            Image("data:image/png;base64,eA=="),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://s.example.org/p.png"}},
            Image("https://s.example.org/p.png"),
        ),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "eA=="}},
            File("document.pdf", b"x", "application/pdf"),
        ),
        (
            {"type": "document", "title": "a.pdf", "source": {"type": "file", "file_id": "f1"}},
            File("a.pdf", id="f1"),
        ),
    ],
)
def test_pictures_and_files(block: dict[str, Any], part: Part) -> None:
    """As the values that providers know."""
    assert shown(block) == (part,)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "blue"}}, "blue"),
        ({"type": "document", "title": "Sky", "source": {"type": "text", "data": "blue"}}, "Sky\nblue\n"),
        ({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "blue"}]}}, "blue"),
        (
            {
                "type": "search_result",
                "title": "Sky",
                "source": "https://s.example.org",
                "content": [{"type": "text", "text": "blue"}],
            },
            "Sky (https://s.example.org)\nblue",
        ),
    ],
)
def test_documents_that_are_text(block: dict[str, Any], text: str) -> None:
    """Are text, which every site takes."""
    assert shown(block) == text


def test_tools_and_their_results() -> None:
    """What was thought is passed over; a result that is an error says so, and its pictures are the user's to show."""
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}}
    asked = question(
        messages=[
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "text", "text": "Let me see."},
                    USED,
                    {**USED, "id": "2", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "blue"}, picture]},
                    {"type": "tool_result", "tool_use_id": "2", "content": "no sky", "is_error": True},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
        tools=[SKY, {"type": "web_search_20250305", "name": "web_search"}],
    )
    assert [message.role for message in asked.messages] == ["user", "assistant", "tool", "tool", "user"]
    assert asked.messages[1].text == "Let me see."
    assert [(call.id, call.arguments) for call in asked.messages[1].tool_calls] == [
        ("1", '{"of":"Earth"}'),
        ("2", "{}"),
    ]
    assert [message.content for message in asked.messages[2:4]] == ["blue", "Error: no sky"]
    assert asked.messages[4].content == (Image("data:image/png;base64,eA=="), TextPart("And now?"))
    assert asked.tools == (SKY_OF_CHATS,)


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, None),
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "sky"}, {"type": "function", "function": {"name": "sky"}}),
    ],
)
def test_which_tool_to_call(choice: Any, told: Any) -> None:
    """In the words of chat completions; without tools there is no choice to tell a site."""
    assert question(tools=[SKY], tool_choice=choice).tool_choice == told
    if choice is None or choice["type"] in ("auto", "none"):
        assert question(tool_choice=choice).tool_choice is None


def test_options_of_a_site() -> None:
    """What another protocol has too goes to the sites that know it, by the name that it has there."""
    arguments = question(stop_sequences=["."], top_k=3, service_tier="standard_only").arguments(
        registry.find("openwebui")
    )
    assert (arguments["stop"], arguments["top_k"]) == (["."], 3)
    assert "service_tier" not in arguments


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["Hi"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages[0].content[0].source"),
        (
            {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "url", "url": "u"}}]}]},
            "messages[0].content[0].source.type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "é"}}
                        ],
                    }
                ]
            },
            "messages[0].content[0].source.data",
        ),
        ({"system": [{"type": "text"}]}, "system[0].text"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"container": "c1"}, "container"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [SKY], "tool_choice": {"type": "odd"}}, "tool_choice.type"),
        ({"tools": [{}]}, "tools[0].name"),
    ],
)
def test_what_cannot_be_kept_is_refused(fields: dict[str, Any], param: str) -> None:
    """With the field's name, before any site is asked."""
    with pytest.raises(Refused) as caught:
        question(**fields)
    assert (caught.value.error.status, caught.value.error.param) == (400, param)

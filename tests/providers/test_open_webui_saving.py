"""Open WebUI: turns that are saved in the person's history, and conversations that go on there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.conftest import Chatting
from tests.sites.base import PIECES, Refusal
from tests.sites.openwebui import OpenWebUISite
from toolkit.chats.contents import File, Image
from toolkit.chats.events import ChatSaved, Finished
from toolkit.errors import BadRequest, ServiceUnavailable, SiteError, UsageError

TEXT = "".join(PIECES)
CHAT, NEW = "/api/chat/completions", "/api/v1/chats/new"
MODEL = "mistral-small"
USAGE = {"prompt_tokens": 11, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 2}}
PNG = Image.from_bytes(b"\x89PNG\r\n\x1a\n", "image/png")


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def shown(site: OpenWebUISite, chat_id: str | None) -> list[tuple[str, str]]:
    """Role and text of what the page shows of a chat: the branch down to its current message."""
    history = site.history.chats[chat_id or ""]["chat"]["history"]
    messages, id, branch = history["messages"], history["currentId"], list[tuple[str, str]]()
    while id is not None:
        branch.insert(0, (messages[id]["role"], messages[id]["content"]))
        id = messages[id]["parentId"]
    return branch


async def test_a_saved_turn_is_in_the_history(chatting: Chatting) -> None:
    """With all that its page shows of it; where it is is told before the end, and by the stream."""
    site = OpenWebUISite()
    site.reasoning, site.usage, site.selected_model = ["Hm."], USAGE, "mistral-7b"
    site.sources = [{"source": {"name": "fact.txt", "id": "f1", "type": "file"}, "document": ["4711"], "metadata": []}]
    site.after = [{"images": [PNG.as_dict()]}]
    talk = [{"role": "system", "content": "Be brief."}, user(["What is\n it? " + "x" * 80, PNG, File("a", id="f1")])]
    async with chatting("openwebui", site) as client:
        stream = client.chat(talk, model=MODEL, save=True)
        events = [event async for event in stream.events()]
    ((id, stored),) = site.history.chats.items()
    assert events[-2:] == [ChatSaved(id, f"{client.provider.site}/c/{id}"), Finished("stop")]
    assert stream.chat_id == id
    chat = stored["chat"]
    assert (stored["folder_id"], chat["models"], chat["params"]) == (None, [MODEL], {"system": "Be brief."})
    assert chat["title"] == "What is it? " + "x" * 47 + "…"
    assert [(file["type"], file["id"]) for file in chat["files"]] == [("file", "f1")]
    question, answer = chat["history"]["messages"].values()
    assert (question["role"], question["content"]) == ("user", "What is\n it? " + "x" * 80)
    assert [file["type"] for file in question["files"]] == ["image", "file"]
    assert question["files"][0]["url"] == PNG.url
    assert (answer["role"], answer["content"], answer["model"], answer["done"]) == ("assistant", TEXT, MODEL, True)
    assert answer["selectedModelId"] == "mistral-7b"
    assert answer["usage"] == USAGE | {"total_tokens": 15}
    assert answer["output"][0]["content"] == [{"type": "output_text", "text": "Hm."}]
    assert answer["sources"][0]["document"] == ["4711"]
    assert answer["sources"][0]["source"] == {"name": "fact.txt", "type": "file", "id": "f1"}
    assert answer["files"] == [{"type": "image", "url": PNG.url}]
    assert site.problems == []


async def test_nothing_is_saved_unasked(chatting: Chatting) -> None:
    """Nor do options of ours go into the body."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        for options in ({}, {"save": False}, {"save": None, "folder": None}):
            stream = client.chat("Hi", model=MODEL, **options)
            await stream.text()
            assert stream.chat_id is None
        await client.chat("Hi", model=MODEL, save=True).text()
    assert {frozenset(call.body) for call in site.calls(CHAT)} == {
        frozenset(("model", "messages", "stream", "stream_options"))
    }
    assert len(site.history.chats) == 1


async def test_a_conversation_goes_on_in_the_same_chat(chatting: Chatting) -> None:
    """By its messages as they grow; what is there already is not saved again."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        talk = [{"role": "system", "content": "Be brief."}, user("One?")]
        chat_id = None
        for following in ("Two?", "Three?", ""):
            stream = client.chat(talk, model=MODEL, save=True, chat_id=chat_id)
            talk += [assistant(await stream.text()), user(following)]
            assert chat_id in (None, stream.chat_id)
            chat_id = stream.chat_id
    assert list(site.history.chats) == [chat_id]
    said = [(role, text) for text in ("One?", "Two?", "Three?") for role, text in (("user", text), ("assistant", TEXT))]
    assert shown(site, chat_id) == said
    assert len(site.history.chats[chat_id or ""]["chat"]["history"]["messages"]) == 6
    assert site.calls(CHAT)[-1].body["messages"] == talk[:-2]
    assert site.problems == []


async def test_an_answer_that_was_not_saved_is_of_the_model_before(chatting: Chatting) -> None:
    """One that was interrupted, after which another model is asked; the chat knows whom it was asked before."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        first = client.chat("One", model=MODEL, save=True)
        talk = [user("One"), assistant(await first.text()), user("Two"), assistant("half"), user("Three")]
        await client.chat(talk, model="llama3.1:8b", chat_id=first.chat_id).text()
    nodes = site.history.chats[first.chat_id or ""]["chat"]["history"]["messages"].values()
    assert [node.get("model") or node["models"][0] for node in nodes] == [MODEL] * 4 + ["llama3.1:8b"] * 2
    assert shown(site, first.chat_id)[3] == ("assistant", "half")


async def test_an_interrupted_answer_is_of_the_model_that_gave_it(chatting: Chatting) -> None:
    """Though no chat is saved yet, and another model is asked next; the site's default where none was named."""
    site = OpenWebUISite()
    site.hold_after = 3
    async with chatting("openwebui", site) as client, client:
        async with client.chat("One", save=True) as stream:
            half = await anext(stream)
        site.hold_after = None
        talk = [user("One"), assistant(half), user("Two")]
        second = client.chat(talk, model=MODEL, save=True)
        await second.text()
    nodes = site.history.chats[second.chat_id or ""]["chat"]["history"]["messages"].values()
    assert [node.get("model") or node["models"][0] for node in nodes] == ["llama3.1:8b"] * 2 + [MODEL] * 2


@pytest.mark.parametrize("as_address", [False, True])
async def test_a_question_alone_goes_on_with_the_chat(as_address: bool, chatting: Chatting) -> None:
    """What was said at the site stands before it, with system prompt, images and files; the chat is named by its id or
    by its page's address."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        first = client.chat(
            [{"role": "system", "content": "Be brief."}, user(["What?", PNG, File("a.txt", id="f1")])],
            model=MODEL,
            save=True,
        )
        await first.text()
        name = f"{client.provider.site}/c/{first.chat_id}/" if as_address else first.chat_id
        again = client.chat("And then?", model=MODEL, chat_id=name)
        await again.text()
        await client.chat([{"role": "system", "content": "Sing."}, user("Why?")], model=MODEL, chat_id=name).text()
    bodies = [call.body for call in site.calls(CHAT)]
    asked = {"type": "text", "text": "What?"}
    assert bodies[1]["messages"] == [
        {"role": "system", "content": "Be brief."}, user([asked, PNG.as_dict()]), assistant(TEXT), user("And then?")
    ]  # fmt: skip
    assert [(file["type"], file["id"]) for file in bodies[1]["files"]] == [("file", "f1")]
    assert bodies[2]["messages"][0] == {"role": "system", "content": "Sing."}
    assert [message["role"] for message in bodies[2]["messages"]].count("system") == 1
    assert shown(site, first.chat_id)[2:] == [
        ("user", "And then?"), ("assistant", TEXT), ("user", "Why?"), ("assistant", TEXT)
    ]  # fmt: skip
    assert again.chat_id == first.chat_id
    assert site.problems == []


async def test_another_try_stands_beside_the_first(chatting: Chatting) -> None:
    """The same question again gets an answer beside the first, another question in its place begins a branch."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        first = client.chat("One?", model=MODEL, save=True)
        await first.text()
        site.answer = ["Better."]
        await client.chat("One?", model=MODEL, chat_id=first.chat_id).text()
        assert shown(site, first.chat_id) == [("user", "One?"), ("assistant", "Better.")]
        talk = [user("One?"), assistant(TEXT), user("Two?")]
        await client.chat(talk, model=MODEL, chat_id=first.chat_id).text()
    assert shown(site, first.chat_id) == [
        ("user", "One?"), ("assistant", TEXT), ("user", "Two?"), ("assistant", "Better.")
    ]  # fmt: skip
    assert len(site.history.chats[first.chat_id or ""]["chat"]["history"]["messages"]) == 5
    assert site.problems == []


async def test_a_conversation_from_elsewhere_goes_on_at_the_end(chatting: Chatting) -> None:
    """One whose beginning the chat does not have, such as one that was shortened: only what is new is saved."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        first = client.chat("One?", model=MODEL, save=True)
        await first.text()
        talk = [user("In short: one?"), assistant("Yes."), user("Two?")]
        await client.chat(talk, model=MODEL, chat_id=first.chat_id).text()
    assert site.calls(CHAT)[-1].body["messages"] == talk
    assert shown(site, first.chat_id) == [
        ("user", "One?"), ("assistant", TEXT), ("user", "Two?"), ("assistant", TEXT)
    ]  # fmt: skip
    assert site.problems == []


async def test_a_folder_is_found_or_created(chatting: Chatting) -> None:
    """Once; it means that the turn is saved, and a chat that goes on is moved into it."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        plain = client.chat("Hi", model=MODEL, save=True)
        await plain.text()
        for chat_id in (None, plain.chat_id):
            await client.chat("Ho", model=MODEL, folder="Scripts", chat_id=chat_id).text()
        await client.chat("Ho", model=MODEL, folder=2024).text()
    scripts, year = site.history.folders
    assert list(site.history.folders.values()) == ["Scripts", "2024"]
    assert [chat["folder_id"] for chat in site.history.chats.values()] == [scripts, scripts, year]
    assert site.problems == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"save": "yes"}, "`save` is true or false"),
        ({"save": False, "folder": "a"}, "With `save` false, nothing goes into a `folder`"),
        ({"save": False, "chat_id": "a"}, "nothing goes into .* a chat"),
        ({"folder": " "}, "`folder` is a text that is not empty"),
        ({"chat_id": True}, "`chat_id` is a text"),
        ({"chat_id": "temporary:1"}, "temporary chat is not kept"),
    ],
)
async def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any], told: str, chatting: Chatting) -> None:
    """Before anything is sent."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        with pytest.raises(UsageError, match=told):
            await client.chat("Hi", model=MODEL, **options).text()
    assert site.requests == []


async def test_a_chat_that_there_is_not_is_told_before_the_question(chatting: Chatting) -> None:
    """The site calls it unauthorized, which has nothing to do with the login."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        with pytest.raises(BadRequest, match=r"This account has no chat 'a/b'\. .*`stream\.chat_id`"):
            await client.chat("Hi", model=MODEL, chat_id="a/b").text()
    assert site.calls(CHAT) == []


async def test_an_answer_that_cannot_be_saved_is_not_lost(chatting: Chatting) -> None:
    """The error has it, and says that it is whole; that saving is not allowed is no matter of the login."""
    site = OpenWebUISite()
    async with chatting("openwebui", site) as client:
        site.history.saves = False
        with pytest.raises(BadRequest, match=r"The answer is whole, but .* not saved .* You do not have") as refused:
            await client.chat("Hi", model=MODEL, save=True).text()
        site.refusals[NEW] = Refusal(500, '{"detail": "database is locked"}')
        with pytest.raises(ServiceUnavailable, match=r"The answer is whole, .* database is locked") as failed:
            await client.chat("Hi", model=MODEL, save=True).text()
    assert refused.value.text == failed.value.text == TEXT
    assert refused.value.status == 401


async def test_only_whole_turns_are_saved(chatting: Chatting) -> None:
    """Neither one that failed, nor one that calls the caller's tools, which is not over; the one after those is."""
    site = OpenWebUISite()
    site.error = "overloaded"
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    async with chatting("openwebui", site) as client:
        with pytest.raises(SiteError):
            await client.chat("Hi", model=MODEL, save=True).text()
        site.error, site.answer, site.after = None, [], [{"tool_calls": [{"index": 0, **call}]}]
        stream = client.chat("Hi", model=MODEL, save=True, tools=[{"type": "function"}])
        await stream.text()
        assert (stream.chat_id, site.history.chats) == (None, {})
        site.answer, site.after = ["Sunny."], []
        talk = [
            user("Hi"),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "sun"},
        ]
        stream = client.chat(talk, model=MODEL, save=True, tools=[{"type": "function"}])
        await stream.text()
    assert shown(site, stream.chat_id) == [("user", "Hi"), ("assistant", "Sunny.")]
    assert site.problems == []


async def test_chats_of_other_shapes_are_gone_on_with(chatting: Chatting) -> None:
    """One without a current message, with messages that are none, with an answer that failed, without a history."""
    site = OpenWebUISite()
    done = {"done": True, "model": MODEL}
    nodes = {
        "a": {"id": "a", "parentId": None, "childrenIds": ["b"], "role": "user", "content": "One?", "files": [1, {}]},
        "b": {"id": "b", "parentId": "a", "childrenIds": [], "role": "assistant", "content": "", **done},
    }  # fmt: skip
    site.history.chats["c1"] = {"id": "c1", "chat": {"history": {"messages": nodes}, "params": None, "files": None}}
    site.history.chats["c2"] = {"id": "c2", "chat": {"history": {"messages": {}}}}
    async with chatting("openwebui", site) as client:
        await client.chat("Two?", model=MODEL, chat_id="c1").text()
        await client.chat("Two?", model=MODEL, chat_id="c2").text()
    assert [call.body["messages"] for call in site.calls(CHAT)] == [[user("One?"), user("Two?")], [user("Two?")]]
    assert shown(site, "c1") == [("user", "One?"), ("assistant", ""), ("user", "Two?"), ("assistant", TEXT)]
    assert shown(site, "c2") == [("user", "Two?"), ("assistant", TEXT)]
    assert site.problems == []

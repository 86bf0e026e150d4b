"""What a message can hold besides text: every shape in which callers write it, and what cannot be sent."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from toolkit import File, Image, Message
from toolkit.chats.contents import LIMIT, TextPart, read_data_url
from toolkit.chats.events import ToolCall
from toolkit.chats.messages import ChatRequest, format_prompt, read_messages
from toolkit.client.client import Client
from toolkit.errors import UsageError

PNG = b"\x89PNG\r\n\x1a\n..."
URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
WEB = "https://a.example/a.png"
PDF = "data:application/pdf;base64,JVBERg=="


def content(*parts: Any) -> Any:
    """What a message of these parts holds."""
    return read_messages([{"role": "user", "content": list(parts)}])[0].content


@pytest.mark.parametrize(
    "parts",
    [
        ("Hi ", "there"),
        ({"type": "text", "text": "Hi "}, {"type": "text", "text": "there"}),
        ({"type": "input_text", "text": "Hi "}, TextPart("there")),
        ({"type": "output_text", "text": "Hi "}, "there"),
    ],
)
def test_texts_alone_are_one_text(parts: tuple[Any, ...]) -> None:
    """So a provider that takes only text takes them too."""
    assert content(*parts) == "Hi there"


IMAGES: dict[str, tuple[Any, Image]] = {
    "OpenAI's": ({"type": "image_url", "image_url": {"url": WEB}}, Image(WEB)),
    "with a detail": ({"type": "image_url", "image_url": {"url": URL, "detail": "low"}}, Image(URL, "low")),
    "a bare URL": ({"type": "image_url", "image_url": WEB}, Image(WEB)),
    "of the Responses API": ({"type": "input_image", "image_url": URL, "detail": "high"}, Image(URL, "high")),
    "ours": (Image(WEB), Image(WEB)),
}


@pytest.mark.parametrize(("part", "image"), IMAGES.values(), ids=IMAGES)
def test_an_image_is_one_in_every_shape(part: Any, image: Image) -> None:
    """It is sent in OpenAI's own."""
    assert content("Look: ", part) == (TextPart("Look: "), image)
    assert content(image.as_dict()) == (image,)


FILES: dict[str, tuple[Any, File]] = {
    "OpenAI's": (
        {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
        File("a.pdf", b"%PDF", "application/pdf"),
    ),
    "without a head": ({"type": "file", "file": {"filename": "a", "file_data": "JVBERg=="}}, File("a", b"%PDF")),
    "known to the site": ({"type": "file", "file": {"file_id": "f1"}}, File("", id="f1")),
    "of the Responses API": (
        {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
        File("a.pdf", b"%PDF", "application/pdf"),
    ),
    "ours": (File("a.txt", b"a", "text/plain"), File("a.txt", b"a", "text/plain")),
}


@pytest.mark.parametrize(("part", "file"), FILES.values(), ids=FILES)
def test_a_file_is_one_in_every_shape(part: Any, file: File) -> None:
    """And what we make of it is read as the same."""
    assert content("Read: ", part) == (TextPart("Read: "), file)
    assert (
        content(file.as_dict()) == (file._replace(mime_type=file.mime_type or "application/octet-stream"),) or file.id
    )


def test_a_content_can_be_one_part() -> None:
    """A list around it is not needed."""
    assert read_messages([{"role": "user", "content": Image(WEB)}])[0].content == (Image(WEB),)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (3, r"messages\[0\]\.content\[0\] is int, not a part"),
        (None, "is NoneType"),
        ({"type": "audio"}, "of the type 'audio'"),
        ({"text": "Hi"}, "of the type None"),
        ({"type": "text"}, "'text', or lacks what belongs to it"),
        ({"type": "text", "text": 3}, "'text', or lacks"),
        ({"type": "image_url"}, "'image_url', or lacks"),
        ({"type": "image_url", "image_url": {"url": ""}}, "'image_url', or lacks"),
        ({"type": "file", "file": {"filename": "a"}}, "a file without its content"),
        ({"type": "file", "file": {"file_data": "not base64!"}}, "a file without its content"),
    ],
)
def test_a_part_that_cannot_be_sent_is_refused(part: Any, words: str) -> None:
    """The refusal says which, and how parts are written."""
    with pytest.raises(UsageError, match=words) as caught:
        content(part)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_an_image_file_is_known_by_its_bytes(data: bytes, kind: str, tmp_path: Path) -> None:
    """Whatever it is called."""
    (tmp_path / "a.txt").write_bytes(data)
    image = Image.open(tmp_path / "a.txt")
    assert image.data == (data, kind)
    assert image.url.startswith(f"data:{kind};base64,")


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    """With its name, and the type that the name tells."""
    for name, kind in (("a.txt", "text/plain"), ("b.unknown", "application/octet-stream")):
        (tmp_path / name).write_bytes(b"It is so.")
        assert File.open(str(tmp_path / name)) == File(name, b"It is so.", kind)


@pytest.mark.parametrize("kind", [Image, File])
def test_a_path_that_cannot_be_read_is_refused(kind: type[Image | File], tmp_path: Path) -> None:
    """What is not there, a folder, more than sites take, and what is no path."""
    for wrong in (None, 0, b"name"):
        with pytest.raises(UsageError, match=f"is a text or a `Path`, and not {type(wrong).__name__}"):
            kind.open(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="There is no file"):
        kind.open(tmp_path / "none")
    with pytest.raises(UsageError, match="is no file"):
        kind.open(tmp_path)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LIMIT + 1)  # takes no room on the disk
    with pytest.raises(UsageError, match="too large to be sent: 64 MB"):
        kind.open(tmp_path / "large")


def test_a_file_that_is_no_image_is_refused(tmp_path: Path) -> None:
    """Before it is sent, with the kinds that there are."""
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(UsageError, match="no image that models are shown") as caught:
        Image.open(tmp_path / "a.png")
    assert "PNG, JPEG" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("data:text/plain;base64,SGk=", (b"Hi", "text/plain")),
        ("data:text/plain;base64,SGk", (b"Hi", "text/plain")),
        ("DATA:text/plain;charset=utf-8;BASE64,SGk=", (b"Hi", "text/plain")),
        ("data:text/plain,Hi%20there", (b"Hi there", "text/plain")),
        ("data:,Hi", (b"Hi", "text/plain")),
        ("data:image/png;base64,", (b"", "image/png")),
        ("https://a.example/,", None),
        ("data:text/plain", None),
        ("data:;base64,A", None),
        ("", None),
    ],
)
def test_a_data_url_is_read(url: str, found: tuple[bytes, str] | None) -> None:
    """As RFC 2397 has it; what is none has no bytes."""
    assert read_data_url(url) == found


def test_neither_bytes_nor_urls_are_shown() -> None:
    """Pages of them help nobody, and a URL can hold a token."""
    shown = repr([Image(URL), Image(WEB), File("a.pdf", b"secret")])
    assert "base64" not in shown
    assert "a.example" not in shown
    assert "secret" not in shown
    assert "a.pdf: 6 bytes" in shown


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
TURNS: list[Any] = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "done"}]},
]


def test_calls_of_tools_and_their_results_are_turns() -> None:
    """They go out as they came in, whether as mappings or as messages; `developer` is `system`."""
    messages = read_messages(TURNS)
    assert messages == (
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "", (ToolCall(0, "c1", "f", '{"a": 1}'),)),
        Message("tool", "done", (), "c1"),
    )
    assert [message.as_dict() for message in messages] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": "done", "tool_call_id": "c1"},
    ]
    assert read_messages(messages) == messages


@pytest.mark.parametrize("calls", [3, [3], [{"id": "c"}], [{"id": "c", "function": {"arguments": "{}"}}]])
def test_calls_that_are_none_are_refused(calls: Any) -> None:
    """The refusal says where."""
    with pytest.raises(UsageError, match=r"messages\[0\]\.tool_calls is not what OpenAI's API has"):
        read_messages([{"role": "assistant", "content": "a", "tool_calls": calls}])


def test_a_message_of_an_image_alone_is_not_empty() -> None:
    """There is something to send."""
    assert content(Image(WEB)) == (Image(WEB),)
    with pytest.raises(UsageError, match="nothing to send"):
        content("", " ")
    with pytest.raises(UsageError, match="nothing to send"):
        content()


def test_a_prompt_is_the_text_of_what_holds_more() -> None:
    """Sites that take a prompt take no images, and are asked before."""
    assert format_prompt([{"role": "user", "content": ["Look: ", Image(WEB), "there"]}]) == "Look: there"


NEEDS: dict[str, tuple[Any, dict[str, Any], frozenset[str]]] = {
    "text": ("Hi", {}, frozenset()),
    "an image": ([Message("user", (Image(WEB),))], {}, frozenset({"images"})),
    "a file": ([Message("user", (File("a"),))], {}, frozenset({"files"})),
    "both": ([Message("user", (File("a"), Image(WEB)))], {}, frozenset({"files", "images"})),
    "the result of a tool": (TURNS, {}, frozenset({"tools"})),
    "tools": ("Hi", {"tools": ({"type": "function"},)}, frozenset({"tools"})),
}


@pytest.mark.parametrize(("messages", "more", "needs"), NEEDS.values(), ids=NEEDS)
def test_a_provider_is_asked_only_for_what_it_takes(messages: Any, more: dict[str, Any], needs: frozenset[str]) -> None:
    """Anything else is refused before a call, by the provider's name and with what it does take."""
    assert ChatRequest(messages=read_messages(messages), **more).needs == needs
    client = Client("aura", cookies={})
    if not needs:
        assert client.chat(messages, **more)
        return
    with pytest.raises(UsageError, match=f"aura: It takes text, and no {' and no '.join(sorted(needs))}"):
        client.chat(messages, **more)

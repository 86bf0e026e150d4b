"""What `toolkit chat` prints of an answer besides its text, where it prints it, and how it ends."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import Toolkit
from tests.sites.openwebui import OpenWebUISite
from tests.sites.scripted import PICTURE, ScriptedSite, delta

Scripted = tuple[ScriptedSite, str]
USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 34,
    "completion_tokens_details": {"reasoning_tokens": 20},
}
SOURCE = {"source": {"name": "Rayleigh"}, "document": ["text"], "metadata": [{"source": "https://example.org/r"}]}


def chat(origin: str, *options: str) -> tuple[str, ...]:
    return ("chat", "codelinkava", "Hi", "--base-url", origin, *options)


async def test_a_pipe_gets_the_text_alone(toolkit: Toolkit, scripted: Scripted) -> None:
    """Neither reasoning nor sources are on stdout, Markdown stays as it is; the sources are told on stderr."""
    site, origin = scripted
    site.says("# Yes\n", "**No** \x1b", reasoning="Hm.", sources=[SOURCE])
    result = await toolkit.run(*chat(origin))
    assert (result.code, result.out) == (0, "# Yes\n**No** \x1b\n")
    assert result.err == "[1] Rayleigh - https://example.org/r\n"


async def test_usage_is_one_line_on_stderr(toolkit: Toolkit, scripted: Scripted) -> None:
    """With `--usage`: what the site says, or that it says nothing."""
    site, origin = scripted
    site.says("Yes.", usage=USAGE, choices=[])
    result = await toolkit.run(*chat(origin, "--usage"))
    assert result == (0, "Yes.\n", "usage: 12 tokens in the prompt, 34 in the answer (20 of them to think)\n")
    site.says("Yes.")
    assert (await toolkit.run(*chat(origin, "--usage"))).err == "usage: the site does not tell\n"


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "at its limit of tokens. Set `--max-tokens`"), ("content_filter", "content filter")]
)
async def test_a_cut_answer_is_told(toolkit: Toolkit, scripted: Scripted, reason: str, told: str) -> None:
    """Its text, one line on stderr, and an exit code of its own, unless the caller has limited its length."""
    site, origin = scripted
    site.says("The three steps are: first", reason=reason)
    result = await toolkit.run(*chat(origin))
    assert (result.code, result.out) == (5, "The three steps are: first\n")
    (line,) = result.err.splitlines()
    assert line.startswith("error: codelinkava: The site")
    assert told in line
    limited = await toolkit.run(*chat(origin, "--max-tokens", "5"))
    assert limited.code == (0 if reason == "length" else 5)


async def test_an_answer_without_text_is_an_error(toolkit: Toolkit, scripted: Scripted) -> None:
    """It says what there was instead; the exit code is 1."""
    site, origin = scripted
    site.says(reasoning="Hm.")
    result = await toolkit.run(*chat(origin))
    assert (result.code, result.out) == (1, "")
    assert "The answer has no text, only 3 characters of reasoning" in result.err


@pytest.mark.parametrize(
    ("failing", "code", "kind", "text"),
    [
        ({"choices": [{"delta": {}, "finish_reason": "length"}]}, 5, "AnswerTruncated", "half"),
        ({"error": {"message": "too fast", "code": 429}}, 4, "RateLimited", "half"),
    ],
)
async def test_json_ends_with_the_error(
    toolkit: Toolkit, scripted: Scripted, failing: dict[str, object], code: int, kind: str, text: str
) -> None:
    """With `--json` the last line is the error's class, what it says and the text so far; stderr and exit code are as
    without."""
    site, origin = scripted
    site.frames = [delta(content="half"), failing]
    result = await toolkit.run(*chat(origin, "--json"))
    *_, last = map(json.loads, result.out.splitlines())
    assert (result.code, last["type"], last["error"], last["text"]) == (code, "error", kind, text)
    assert result.err == f"error: {last['message']}\n"


async def test_json_tells_errors_before_the_call_too(toolkit: Toolkit) -> None:
    """The output of a question that could not be asked is an error event as well."""
    result = await toolkit.run("chat", "nobody", "Hi", "--json")
    (event,) = map(json.loads, result.out.splitlines())
    assert (result.code, event["error"], event["text"]) == (2, "UnknownProvider", "")


def pictures(origin: str) -> dict[str, object]:
    urls = ("data:image/png;base64,aGVsbG8=", f"{origin}/picture.png")
    return delta(images=[{"type": "image_url", "image_url": {"url": url}} for url in urls])


async def test_media_are_named(toolkit: Toolkit, scripted: Scripted) -> None:
    """An image at a URL by that, one whose bytes came by its size; in a pipe on stderr."""
    site, origin = scripted
    site.frames = [delta(content="Look:"), pictures(origin)]
    result = await toolkit.run(*chat(origin))
    assert (result.code, result.out) == (0, "Look:\n")
    first, second = result.err.splitlines()
    assert first == "image/png: 5 bytes (--save-media DIR saves it)"
    assert second.endswith(f": {origin}/picture.png")


async def test_where_a_chat_is_saved_is_told(toolkit: Toolkit, webui: tuple[OpenWebUISite, str]) -> None:
    """With its page at the site, which a person can open."""
    site, origin = webui
    result = await toolkit.run("chat", "openwebui", "Hi", "--save", "--base-url", origin)
    assert (result.code, result.out) == (0, "".join(site.answer) + "\n")
    assert re.fullmatch(rf"saved at {origin}/c/\S+\n", result.err)


async def test_a_cut_that_was_asked_for_is_told(toolkit: Toolkit, scripted: Scripted) -> None:
    """It is no error, and nothing that looks whole."""
    site, origin = scripted
    site.says("half", reason="length")
    result = await toolkit.run(*chat(origin, "--max-tokens", "5"))
    assert result == (0, "half\n", "note: the answer ends where --max-tokens cuts it\n")


async def test_media_are_saved(toolkit: Toolkit, scripted: Scripted) -> None:
    """`--save-media` makes the folder, fetches with the session what has a URL, and never replaces a file."""
    site, origin = scripted
    site.frames = [delta(content="Look:"), pictures(origin)]
    folder = toolkit.folder / "new" / "media"
    for _ in range(2):
        result = await toolkit.run(*chat(origin, "--save-media", str(folder)))
        assert (result.code, result.out) == (0, "Look:\n"), result.err
    assert sorted(path.name for path in folder.iterdir()) == [
        *("image-2.png", "image.png", "picture-2.png", "picture.png")
    ]
    assert (folder / "picture.png").read_bytes() == PICTURE
    assert (folder / "image-2.png").read_bytes() == b"hello"


async def test_media_that_cannot_be_fetched_are_an_error(toolkit: Toolkit, scripted: Scripted) -> None:
    """The others are saved, the text is printed, and the exit code is 1."""
    site, origin = scripted
    site.frames = [delta(content="Look:"), pictures(f"{origin}/nowhere"), pictures(origin)]
    result = await toolkit.run(*chat(origin, "--save-media", "media"))
    assert (result.code, result.out) == (1, "Look:\n")
    assert "404" in result.errors[-1]
    assert len(list((toolkit.folder / "media").iterdir())) == 3


async def test_images_and_files_go_along(toolkit: Toolkit, scripted: Scripted) -> None:
    """`--image` and `--file`, each as often as wanted, are parts of the message after its text."""
    site, origin = scripted
    site.says("Yes.")
    (toolkit.folder / "a.png").write_bytes(PICTURE)
    (toolkit.folder / "notes.txt").write_text("notes")
    files = ("--image", "a.png", "--image", "a.png", "--file", "notes.txt")
    assert (await toolkit.run(*chat(origin, *files))).code == 0
    ((parts,),) = site.asked
    assert [part["type"] for part in parts] == ["text", "image_url", "image_url", "file"]
    assert parts[3]["file"]["filename"] == "notes.txt"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--image", "nowhere.png"), "There is no file nowhere.png."),
        (("--image", "no.png"), "no.png is no image that models are shown."),
        (("--save",), "aura: It cannot save a conversation in the history at the site (--save)."),
        (("--folder", "work"), "aura: It cannot save a conversation in the history at the site (--folder)."),
        (("--file", "no.png"), "aura: It takes text, and no files."),
        (("--continue",), "`--keep` keeps one"),
        (("--timeout", "last=1"), "'last' is none of first, between, total"),
        (("--timeout", "first=soon"), "'soon' is no number of seconds"),
        (("--timeout", "0"), "0 s is no time to wait."),
        (("--timeout", "first=-1"), "`first_piece` is a number of seconds"),
        (("--replay", "--keep"), "--replay goes with no --keep"),
    ],
)
async def test_what_cannot_be_done_is_a_usage_error(toolkit: Toolkit, options: tuple[str, ...], told: str) -> None:
    """One line that says what, and exit code 2."""
    (toolkit.folder / "no.png").write_text("no image")
    flags = options if "--replay" not in options else ("--keep", "--replay")
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", "http://127.0.0.1:47", *flags)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


async def test_the_wait_can_be_limited(toolkit: Toolkit, scripted: Scripted) -> None:
    """`--timeout` sets deadlines by their short names; the error names the one that has passed, and its option."""
    site, origin = scripted
    site.says("Yes.", " No.")
    site.hold_after = 1
    result = await toolkit.run(*chat(origin, "--timeout", "first=none,between=0.05"))
    assert (result.code, result.out) == (1, "Yes.")
    assert "within 0.05 s (deadline `between_pieces`)" in result.err
    assert "`--timeout between=SECONDS` gives it more time." in result.err

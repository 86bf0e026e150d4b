"""A conversation on a terminal: questions of many lines, commands, Ctrl-C, and what is kept of it."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import CTRL_C, CTRL_D, Terminal, terminal
from tests.providers.gradio_app import BOT, BOX, GradioApp, function, turn
from tests.sites.aura import AuraSite, error
from tests.sites.scripted import PICTURE, ScriptedSite, delta
from tests.sites.serving import serve
from toolkit.cli.conversation import Conversation
from toolkit.cli.conversation_commands import ConversationCommands, parse_command
from toolkit.cli.runner import Runner
from toolkit.client.client import Client
from toolkit.errors import UsageError
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.memory import MemoryStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")

Scripted = tuple[ScriptedSite, str]
PASTE = "\x1b[200~{}\x1b[201~"  # what a terminal makes of a paste where a program asks for it


def chat(origin: str, *options: str) -> tuple[str, ...]:
    return ("chat", "codelinkava", "--base-url", origin, *options)


async def prompt(screen: Terminal, number: int) -> None:
    """Wait for the prompt of that number."""
    await screen.shows("\n> ", times=number)


async def test_a_paste_is_one_question(toolkit: Toolkit, scripted: Scripted) -> None:
    """With all its lines, empty ones too; nothing is asked before Enter."""
    site, origin = scripted
    site.says("Yes.")
    async with terminal(toolkit, *chat(origin)) as screen:
        await prompt(screen, 1)
        screen.type(PASTE.format("first\n\nsecond\n"))
        await screen.shows("second")
        assert not site.asked
        screen.type("\n")
        await screen.shows("Yes.\n> ")
        screen.type("one \\\ntwo\n")
        await screen.shows("Yes.\n> ", times=2)
        screen.type('"""\nthree\n\nfour\n"""\n')
        await screen.shows("Yes.\n> ", times=3)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert [messages[-1] for messages in site.asked] == ["first\n\nsecond", "one \ntwo", "three\n\nfour"]


async def test_ctrl_c_ends_the_answer(toolkit: Toolkit, scripted: Scripted) -> None:
    """The conversation goes on with what had come, which belongs to it."""
    site, origin = scripted
    site.says("half", " whole")
    site.hold_after = 1
    async with terminal(toolkit, *chat(origin)) as screen:
        await prompt(screen, 1)
        screen.type("first\n")
        await screen.shows("half")
        screen.type(CTRL_C)
        await screen.shows(
            "interrupted: the conversation goes on with what there is of the answer; /retry asks again\n> "
        )
        site.hold_after = None
        screen.type("second\n")
        await screen.shows("half whole\n> ")
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert site.asked == [["first"], ["first", "half", "second"]]


async def test_a_cut_answer_can_be_asked_for_again(toolkit: Toolkit, scripted: Scripted) -> None:
    """What there is of it belongs to the conversation, and that is told with the way to try again."""
    site, origin = scripted
    site.says("half", reason="length")
    async with terminal(toolkit, *chat(origin)) as screen:
        await prompt(screen, 1)
        screen.type("first\n")
        await screen.shows("The conversation goes on with what there is of the answer; /retry asks again.\n> ")
        site.says("whole")
        screen.type("/retry\n")
        await screen.shows("whole\n> ")
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert site.asked == [["first"], ["first"]]
    assert "at its limit of tokens. Ask for the rest.\n" in screen.screen


async def test_no_option_is_named_where_none_can_be_given(toolkit: Toolkit, scripted: Scripted) -> None:
    """An image of an answer is told without the option that would have saved it."""
    site, origin = scripted
    site.frames = [delta(images=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}])]
    async with terminal(toolkit, *chat(origin)) as screen:
        await prompt(screen, 1)
        screen.type("first\n")
        await screen.shows("image/png: 5 bytes\n> ")
        screen.type(CTRL_D)
        assert await screen.end() == 0


async def test_ctrl_c_forgets_a_line_and_the_history_has_it(toolkit: Toolkit, scripted: Scripted) -> None:
    """What was typed is given back by the arrow keys; twice in an empty line ends the conversation with code 130."""
    site, origin = scripted
    site.says("Yes.")
    async with terminal(toolkit, *chat(origin)) as screen:
        await prompt(screen, 1)
        screen.type("half a question")
        await screen.shows("half a question")
        await screen.interrupts("\n> ", times=2)
        screen.type("\x1b[A")
        await screen.shows("half a question", times=2)
        screen.type("\n")
        await screen.shows("Yes.\n> ")
        await screen.interrupts("Ctrl-C once more, or Ctrl-D, ends the conversation.\n> ")
        assert await screen.end_by_interrupt() == 130
    assert site.asked == [["half a question"]]


async def test_retry_asks_again(toolkit: Toolkit, aura: tuple[AuraSite, str]) -> None:
    """A question that failed, with nothing to type anew; and one that was answered, in place of its answer."""
    site, origin = aura
    site.refusals = {"/api/chat": error("Upstream down")}
    async with terminal(toolkit, "chat", "aura", "--base-url", origin) as screen:
        await prompt(screen, 1)
        screen.type("/retry\n")
        await screen.shows("There is no question to ask again yet.\n> ")
        screen.type("long question\n")
        await screen.shows("Upstream down")
        await screen.shows("/retry asks again.\n> ")
        site.refusals, site.answer = {}, ["One."]
        screen.type("/retry\n")
        await screen.shows("One.\n> ")
        site.answer = ["Two."]
        screen.type("/retry\n")
        await screen.shows("Two.\n> ")
        screen.type("next\n")
        await screen.shows("Two.\n> ", times=2)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    asked = [[message["content"] for message in call.body["messages"]] for call in site.calls("/api/chat")]
    assert asked == [["long question"]] * 3 + [["long question", "Two.", "next"]]


async def test_a_model_can_be_taken_back(toolkit: Toolkit) -> None:
    """Where the site takes none of that name: the way back is told, and the next question is asked without one."""
    site = GradioApp([function(0, "respond", [BOX, BOT], [BOX, BOT], targets=[[BOX, "submit"]])], {})
    site.scripts["respond"] = [("complete", ["", [turn("user", "Hi"), turn("assistant", "Yes.")]])]
    async with serve(site.app()) as origin:
        await toolkit.keep(BrowserSession(provider="gradio", origin=origin))
        async with terminal(toolkit, "chat", "gradio", "--base-url", origin) as screen:
            await prompt(screen, 1)
            screen.type("/model foo\n")
            await screen.shows("The next question goes to foo.\n> ")
            screen.type("Hi\n")
            await screen.shows("The app does not take model.")
            await screen.shows("/model - goes back to the provider's own model.\n> ")
            screen.type("/model -\n")
            await screen.shows("The next question goes to the model that gradio chooses itself.\n> ")
            screen.type("/retry\n")
            await screen.shows("Yes.\n> ")
            screen.type(CTRL_D)
            assert await screen.end() == 0


def test_a_model_that_cannot_be_told_is_refused() -> None:
    """By a site that has only the one, before a question is asked of it."""
    conversation = Conversation()
    commands = ConversationCommands(conversation, Client("aichatonline", store=MemoryStore()), Runner())
    with pytest.raises(UsageError, match="cannot be told a model"):
        commands.run("model", "foo")
    assert conversation.model is None


async def test_commands(toolkit: Toolkit, scripted: Scripted) -> None:
    """Model, system message and image count from the next question on; the conversation is saved, privately, and no
    file of somebody else's is replaced."""
    site, origin = scripted
    site.says("**Yes.**")
    (toolkit.folder / "my pic.png").write_bytes(PICTURE)
    (toolkit.folder / "there.md").write_text("mine")
    typed = ("/model big-one", "/system Be brief.", r"/image my\ pic.png", "/image nowhere.png", "/etc")
    async with terminal(toolkit, *chat(origin)) as screen:
        await prompt(screen, 1)
        for number, line in enumerate(typed, 2):
            screen.type(f"{line}\n")
            await prompt(screen, number)
        screen.type("Is it?\n")
        await screen.shows("Yes.\n> ")
        for name in ("there.md", "new.md", "new.json", "new.md"):
            screen.type(f"/save {name}\n")
        await screen.shows("The conversation is in new.md.\n> ", times=2)
        screen.type("/help\n")
        await screen.shows("/retry          ask the last question again")
        screen.type("/exit\n")
        assert await screen.end() == 0
    assert "The next question goes to big-one." in screen.screen
    assert "The next question goes with it." in screen.screen
    assert "error: There is no file nowhere.png." in screen.screen
    assert "error: There is no command /etc. /help lists what there is" in screen.screen
    assert "error: there.md is there already." in screen.screen
    body = site.calls("/api/chat")[0].body
    assert body["model"] == "big-one"
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [part["type"] for part in body["messages"][1]["content"]] == ["text", "image_url"]
    saved = toolkit.folder / "new.md"
    assert saved.read_text().endswith("## You\n\nIs it?\n\n*(an image)*\n\n## codelinkava\n\n**Yes.**\n")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert (toolkit.folder / "there.md").read_text() == "mine"
    turns = json.loads((toolkit.folder / "new.json").read_text())
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant"]


async def test_nothing_that_is_typed_ends_a_conversation(toolkit: Toolkit, scripted: Scripted) -> None:
    """A name that no file can have, another person's home, bytes of another encoding: each is told, and the answers so
    far are still there."""
    site, origin = scripted
    site.says("Yes.")
    long = "a" * 300
    typed = (f"/save {long}", f"/image {long}", "/save ~nobody-of-that-name/x", os.fsdecode(b"caf\xed\xa0\x80"))
    async with terminal(toolkit, *chat(origin), env={"PYTHONIOENCODING": "utf-8:strict"}) as screen:
        await prompt(screen, 1)
        screen.type("first\n")
        await prompt(screen, 2)
        for number, line in enumerate(typed, 3):
            screen.type(f"{line}\n")
            await prompt(screen, number)
        screen.type("second\n")
        await screen.shows("Yes.\n> ", times=2)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert screen.screen.count("error: ") == len(typed)
    assert "This is a bug" not in screen.screen
    assert site.asked[-1] == ["first", "Yes.", "second"]


async def test_a_conversation_can_be_kept(toolkit: Toolkit, scripted: Scripted) -> None:
    """Only when asked; in private files; `--continue` goes on with it, for the same account alone, and keeps on."""
    site, origin = scripted
    site.says("Yes.")
    ask = ("chat", "codelinkava", "--base-url", origin)
    await toolkit.run(*ask, "unkept")
    assert not (toolkit.state / "conversations").exists()
    await toolkit.run(*ask, "first", "--keep", "--system", "Be brief.", "--model", "big-one")
    (path,) = (toolkit.state / "conversations").iterdir()
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]
    for number, (last, question) in enumerate((("first", "second"), ("second", "third")), 1):
        result = await toolkit.run(*ask, question, "--continue")
        told = f"a conversation of {number} question{'s' * (number > 1)}, the last of which is: {last}"
        assert (result.code, result.err) == (0, f"note: this goes on with {told}\n")
    begun = ["Be brief.", "first", "Yes.", "second", "Yes.", "third"]
    assert site.asked[1:] == [begun[:2], begun[:4], begun]
    assert site.calls("/api/chat")[-1].body["model"] == "big-one"
    other = await toolkit.run(*ask, "Hi", "--continue", "--account", "work")
    assert (other.code, other.out) == (2, "")
    assert "is kept for work. `--keep` keeps one, and so does TOOLKIT_KEEP=1" in other.err


async def test_what_is_kept_can_be_sealed(toolkit: Toolkit, scripted: Scripted) -> None:
    """With TOOLKIT_STORE_KEY nothing of it can be read in the file, nor with another key; and the setting keeps too."""
    site, origin = scripted
    site.says("Yes.")
    session = (await toolkit.store.sessions()).popitem()[1]
    env = {"TOOLKIT_KEEP": "1", "TOOLKIT_SESSION_CODELINKAVA": json.dumps(session.to_storage_state())}
    ask = ("chat", "codelinkava", "--base-url", origin)
    assert (await toolkit.run(*ask, "a secret", env={**env, "TOOLKIT_STORE_KEY": "one"})).code == 0
    (path,) = (toolkit.state / "conversations").iterdir()
    assert "secret" not in path.read_text()
    assert (await toolkit.run(*ask, "more", "--continue", env={**env, "TOOLKIT_STORE_KEY": "one"})).code == 0
    assert site.asked[-1] == ["a secret", "Yes.", "more"]
    for key, told in (("two", "sealed with another TOOLKIT_STORE_KEY"), ("", "is sealed. Set TOOLKIT_STORE_KEY")):
        result = await toolkit.run(*ask, "more", "--continue", env={**env, "TOOLKIT_STORE_KEY": key})
        assert (result.code, told in result.err) == (1, True), result.err


async def test_what_is_kept_and_cannot_be_read_is_told(toolkit: Toolkit, scripted: Scripted) -> None:
    """Nothing in it, nested too deeply, and a pipe in its place, which nobody ever writes to."""
    site, origin = scripted
    site.says("Yes.")
    ask = ("chat", "codelinkava", "--base-url", origin)
    await toolkit.run(*ask, "first", "--keep")
    (path,) = (toolkit.state / "conversations").iterdir()
    for content in ("{}", f'{{"format":1,"conversation":{{"messages":{"[" * 100_000}', None):
        path.unlink()
        path.write_text(content) if content is not None else os.mkfifo(path)
        result = await toolkit.run(*ask, "second", "--continue")
        assert (result.code, result.err.count("cannot be read")) == (1, 1), result.err


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/help", ("help", "")),
        ("/?", ("help", "")),
        ("/QUIT ", ("exit", "")),
        ("/system two\nlines ", ("system", "two\nlines")),
        ("/etc/hosts is what?", None),
        (" /help", None),
        ("a /help", None),
        ("/", None),
    ],
)
def test_what_is_a_command(text: str, command: tuple[str, str] | None) -> None:
    """A slash and a word at the very beginning, in any case; no path, and nothing after a blank."""
    assert parse_command(text) == command

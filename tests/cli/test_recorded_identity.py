"""Who is signed in: taken out of recordings, the same in all of one, and kept where that is asked for."""

from __future__ import annotations

import json
import os
import sys

from tests.cli.conftest import Toolkit
from tests.sites.openwebui import EMAIL, OpenWebUISite
from toolkit.recording.files import load

WebUI = tuple[OpenWebUISite, str]


async def recorded(toolkit: Toolkit, origin: str, *options: str) -> str:
    """Records a call, whose recording passes the check, and returns what the command says itself."""
    command = ("record", "openwebui", f"I am {EMAIL}, hello", "-o", "a.har", "--base-url", origin, *options)
    result = await toolkit.run(*command)
    assert result.code == 0, result.err
    checked = await toolkit.run("recording", "check", "a.har")
    assert (checked.code, checked.err) == (0, "")
    return result.err


async def who_is_signed_in(toolkit: Toolkit, origin: str) -> str:
    """What `toolkit session check` says in the recording, with its session and without the site."""
    session = load(toolkit.folder / "a.har").session
    assert session is not None
    state = json.dumps(session.to_session().to_storage_state())
    check = (sys.executable, "-m", "toolkit", "session", "check", "openwebui", "--base-url", origin)
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "TOOLKIT_SESSION_OPENWEBUI": state}
    kept = ("--keep-env", "TOOLKIT_SESSION_OPENWEBUI")
    result = await toolkit.run("replay", "--no-strict", *kept, "a.har", "--", *check, env=env)
    assert result.code == 0, result.err
    return result.out


async def test_a_recording_tells_nobodys_name(toolkit: Toolkit, webui: WebUI) -> None:
    """Neither address nor name nor id is in the file; in it, the session is that of the person who stands there."""
    site, origin = webui
    site.answer = ["You are", " ada", "@example", ".org", ", hello."]
    told = await recorded(toolkit, origin)
    assert told.splitlines()[-1] == 'answer="You are person1@example.com, hello."'
    replayed = await toolkit.run("chat", "openwebui", "--replay=a.har", "I am person1@example.com, hello")
    assert replayed.out == "You are person1@example.com, hello.\n", replayed.err
    text = (toolkit.folder / "a.har").read_text()
    assert EMAIL not in text
    assert '"user-1' not in text.replace("\\", "")
    assert '"Ada"' not in text.replace("\\", "")
    chat = load(toolkit.folder / "a.har").chat
    assert chat is not None
    assert chat.messages[0]["content"] == "I am person1@example.com, hello"
    assert ": ok, signed in as person1@example.com" in await who_is_signed_in(toolkit, origin)


async def test_who_is_signed_in_is_kept_if_wished(toolkit: Toolkit, webui: WebUI) -> None:
    """`--keep-identity` leaves it in, and the check of the file, which says so, does not mind."""
    _, origin = webui
    await recorded(toolkit, origin, "--keep-identity")
    assert load(toolkit.folder / "a.har").keep_identity
    assert f": ok, signed in as {EMAIL}" in await who_is_signed_in(toolkit, origin)


async def test_who_is_signed_in_is_taken_out_later(toolkit: Toolkit, webui: WebUI) -> None:
    """A file that was to tell it does so until `--no-keep-identity` says otherwise."""
    _, origin = webui
    await recorded(toolkit, origin, "--keep-identity")
    kept = (toolkit.folder / "a.har").read_bytes()
    again = await toolkit.run("recording", "redact", "a.har")
    assert again.out == "a.har: there is nothing to change\n"
    assert (toolkit.folder / "a.har").read_bytes() == kept
    taken = await toolkit.run("recording", "redact", "a.har", "--no-keep-identity")
    assert taken.code == 0, taken.err
    assert "in log._chat.messages[0].content\n" in taken.out
    assert "note: what the tokens alone told of who is signed in" in taken.err
    assert EMAIL not in (toolkit.folder / "a.har").read_text() + taken.out + taken.err
    assert not load(toolkit.folder / "a.har").keep_identity
    assert (await toolkit.run("recording", "check", "a.har")).code == 0
    assert ": ok, signed in as person1@example.com" in await who_is_signed_in(toolkit, origin)


async def test_the_check_tells_who_is_left(toolkit: Toolkit, webui: WebUI) -> None:
    """A file that tells who is signed in does not pass, though no e-mail address of a person is in it."""
    _, origin = webui
    await recorded(toolkit, origin, "--keep-identity")
    path = toolkit.folder / "a.har"
    document = json.loads(path.read_bytes().replace(EMAIL.encode(), b"ada-example.org"))
    del document["log"]["_keepIdentity"]
    path.write_text(json.dumps(document))
    checked = await toolkit.run("recording", "check", "a.har")
    assert checked.code == 1
    assert "who is signed in (email) in log.entries" in checked.err
    assert "ada-example" not in checked.err

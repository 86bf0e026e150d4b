"""`toolkit session export` and `import`: what one writes the other keeps, for its owner's eyes, and nothing foreign."""

from __future__ import annotations

import os
import re
import stat
import time

import msgspec
import pytest

from tests.cli.conftest import Call, Toolkit
from tests.cli.pseudo_terminal import terminal
from tests.cli.test_session import NAME, SECRET, SITE, session
from toolkit.session.browser_session import Cookie
from toolkit.session.formats import conversion
from toolkit.session.formats.format_table import WRITABLE
from toolkit.stores.base import Key

KEY = Key("openassistant", SITE)
AGENT = {"user-agent": "Kept/1"}
TITLE = "# Netscape HTTP Cookie File\n"
NO_AGENT = (
    "note: it tells no user agent: calls go out without a browser's until the session is renewed; "
    f"`toolkit session check openassistant --base-url {SITE}` asks the site whether it takes it so\n"
)
LINE = f"open-assistant.io\tFALSE\t/\tTRUE\t0\t{NAME}\t{SECRET}\n"


def test_the_help_names_the_formats_that_there_are(call: Call) -> None:
    """Each format of the table that can be written, with what it is for; `import` takes the same names."""
    text = call("session", "export", "--help").out
    assert all(re.search(rf"^  {re.escape(one.name)} +{re.escape(one.help)}$", text, re.MULTILINE) for one in WRITABLE)
    assert all(one.name in call("session", "import", "--help").out for one in WRITABLE)


# --- export


@pytest.mark.parametrize("form", ["storage-state", "json"])
async def test_what_is_exported_is_imported(toolkit: Toolkit, form: str) -> None:
    """Every fact comes back, on another machine too; without `--format` it is a storage state."""
    kept = await toolkit.keep(session("work", headers=AGENT))
    chosen = ("--format", form) if form != "storage-state" else ()
    exported = await toolkit.run("session", "export", "openassistant", "--account", "work", *chosen)
    assert (exported.code, exported.err) == (0, "")
    elsewhere = ("--store", f"file:{toolkit.folder / 'elsewhere'}")
    result = await toolkit.run("session", "import", "openassistant", *elsewhere, stdin=exported.out)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"openassistant: imported a session for {SITE}, account work, good until ")
    again = await toolkit.run("session", "export", "openassistant", "--account", "work", *chosen, *elsewhere)
    assert again.out == exported.out
    assert conversion.parse(exported.out).session == kept


async def test_what_has_no_place_in_a_format_is_told(toolkit: Toolkit) -> None:
    """By name, as a note; so is a session that has expired."""
    parted = Cookie(name="parted", value=SECRET, domain="open-assistant.io", secure=True, partition_key=SITE)
    await toolkit.keep(session(cookies=(*session().cookies, parted), expires_at=1.0))
    result = await toolkit.run("session", "export", "openassistant", "--format", "cookies.txt")
    assert result.out.startswith(TITLE)
    assert "parted" not in result.out
    left_out = "cookies (parted), headers, local storage, session storage, IndexedDB"
    note = f"note: left out, since cookies.txt has no place for it: {left_out}\n"
    assert result.err == f"{note}note: the session has expired\n"
    result = await toolkit.run("session", "export", "openassistant", "--format", "cookie-header")
    assert result.out == f"Cookie: {NAME}={SECRET}; parted={SECRET}\n"


async def test_what_a_page_has_stored_can_be_left_out(toolkit: Toolkit) -> None:
    """A secret of a CI system holds 48 KB; the size is told from near there on, and what makes it smaller."""
    storage = {SITE: {"draft": "draft " * 10_000}}
    await toolkit.keep(session(local_storage=storage, changed_at=5.0))
    whole = await toolkit.run("session", "export", "openassistant")
    told = r"note: it has [78]\d KB in base64, and GitHub takes 48 KB in a secret: `\| gzip \| base64` makes it smaller"
    assert re.search(told, whole.err)
    assert "if it takes only the latest, one copy alone will live" in whole.err
    slim = await toolkit.run("session", "export", "openassistant", "--slim")
    assert "KB" not in slim.err
    assert conversion.parse(slim.out).session == msgspec.structs.replace(
        conversion.parse(whole.out).session, local_storage={}, session_storage={}, indexed_db={}
    )


async def test_a_file_of_no_cookies_is_not_written(toolkit: Toolkit) -> None:
    """A session without cookies has nothing to put there."""
    await toolkit.keep(session(cookies=()))
    path = toolkit.folder / "cookies.txt"
    args = ("--format", "cookies.txt", "-o", str(path))
    result = await toolkit.run("session", "export", "openassistant", *args)
    assert (result.code, result.out) == (1, "")
    assert "The session has no cookie" in result.err
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
async def test_a_file_is_its_owners_alone(toolkit: Toolkit) -> None:
    """0600, also in the place of one that was open to all; and nothing is printed."""
    await toolkit.keep(session())
    path = toolkit.folder / "state.json"
    path.write_text("old")
    path.chmod(0o644)
    result = await toolkit.run("session", "export", "openassistant", "-o", str(path))
    assert result == (0, "", f"written to {path}, for you alone\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert conversion.parse(path.read_text()).session.provider == "openassistant"


@pytest.mark.parametrize("place", ["no/such/folder/file", ".", "/dev/null"])
async def test_a_place_that_is_no_file_is_told(toolkit: Toolkit, place: str) -> None:
    """A folder that is not there, a folder, a device: one line that names it, and nothing in its place."""
    await toolkit.keep(session())
    result = await toolkit.run("session", "export", "openassistant", "-o", place)
    assert (result.code, result.out) in ((1, ""), (2, ""))
    assert len(result.errors) == 1
    assert SECRET not in result.err


async def test_on_a_terminal_a_secret_is_called_one(toolkit: Toolkit) -> None:
    """Where a person looks on, the note says what that is."""
    await toolkit.keep(session())
    async with terminal(toolkit, "session", "export", "openassistant") as shown:
        assert await shown.end() == 0
    assert "note: this is a secret: who has it is signed in as you" in shown.screen
    assert SECRET in shown.screen


# --- import


@pytest.mark.parametrize(
    "text",
    [
        TITLE + LINE,
        f"Cookie: {NAME}={SECRET}",
        f'[{{"name": "{NAME}", "value": "{SECRET}", "domain": "open-assistant.io", "secure": true, "hostOnly": true}}]',
        f"curl '{SITE}/api/auth/session' -b '{NAME}={SECRET}'",
        f'{{"cookies": [{{"name": "{NAME}", "value": "{SECRET}", "domain": "open-assistant.io", "secure": true}}]}}',
    ],
    ids=["cookies.txt", "cookie-header", "extension", "curl", "storage-state"],
)
async def test_what_other_programs_write_is_imported(toolkit: Toolkit, text: str) -> None:
    """Each format is found out by itself, from a file too; the session is as new as the import."""
    path, begin = toolkit.folder / "given", time.time()
    path.write_text(text)
    result = await toolkit.run("session", "import", "openassistant", str(path), "--base-url", SITE)
    assert (result.code, result.err) == (0, NO_AGENT)
    assert result.out == f"openassistant: imported a session for {SITE}, account default, no expiry known\n"
    kept = await toolkit.store.load(KEY)
    assert kept is not None
    assert kept.cookies == (Cookie(name=NAME, value=SECRET, domain="open-assistant.io", secure=True),)
    assert kept.harvested_at >= begin


async def test_memory_keeps_nothing(toolkit: Toolkit) -> None:
    """A command that ends at once cannot keep a session in its memory, and says so."""
    text = conversion.serialize(session(), "json", now=0)
    result = await toolkit.run("session", "import", "openassistant", "--store", "memory", stdin=text)
    assert result.code == 0
    assert result.err.startswith("note: nothing in memory outlasts this command")


async def test_what_is_replaced_is_told(toolkit: Toolkit) -> None:
    """Whose it was, and how good; who uses that one now sees that the new one is newer, whatever its own age."""
    old = await toolkit.keep(session())
    given = session(harvested_at=5.0, identity="bob", headers=AGENT)
    text = conversion.serialize(given, "json", now=0)
    result = await toolkit.run("session", "import", "openassistant", stdin=text)
    assert result.code == 0
    assert result.err.startswith("note: it replaces the session of ada that was there (good until ")
    kept = await toolkit.store.load(KEY)
    assert kept is not None
    assert kept.harvested_at > old.harvested_at
    assert kept == msgspec.structs.replace(given, harvested_at=kept.harvested_at)


async def test_nothing_foreign_is_taken(toolkit: Toolkit) -> None:
    """Of a person's whole jar only the provider's own cookies are kept; of what sites the others are is told."""
    foreign = "".join(f".{host}\tTRUE\t/\tTRUE\t0\tsid\t{SECRET}2\n" for host in ("bank.example", "mail.example"))
    result = await toolkit.run("session", "import", "openassistant", "--base-url", SITE, stdin=TITLE + foreign + LINE)
    assert result.err == f"{NO_AGENT}note: left out, since it is of other sites: bank.example, mail.example\n"
    kept = await toolkit.store.load(KEY)
    assert kept is not None
    assert [cookie.name for cookie in kept.cookies] == [NAME]


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (TITLE, 1, f"stdin has no login of {SITE}. (looked for a cookie like next-auth.session-token)\n"),
        (
            TITLE + LINE.replace("open-", "shut-"),
            1,
            f"no login of {SITE}; its other cookies are of shut-assistant.io. (looked",
        ),
        (TITLE + LINE.replace("\t0\t", "\t5\t"), 3, "has expired; nothing is changed"),
        (TITLE + f"{SECRET}\n", 1, "None of the lines of the cookies.txt is a cookie: line 2"),
        (f'{{"cookies": {SECRET}', 1, "The JSON is malformed"),
        (SECRET, 1, "looks like none of the formats"),
        (b"\xff\xfe" + SECRET.encode() + b"x", 1, "This is not UTF-16 text (byte 6). Save it as UTF-8."),
        (b"sid=\xff" + SECRET.encode(), 1, "This is not UTF-8 text. Save it as UTF-8."),
        (conversion.serialize(session(provider="aura"), "json", now=0), 1, "holds a session of aura."),
        (
            conversion.serialize(session(origin="https://own.example"), "json", now=0),
            1,
            "of https://own.example, not of",
        ),
    ],
)
async def test_what_is_no_session_of_the_site_changes_nothing(
    toolkit: Toolkit, text: str | bytes, code: int, told: str
) -> None:
    """Malformed, foreign, expired, or without what the site needs: refused, told, not shown; the old one stays."""
    old = await toolkit.keep(session())
    result = await toolkit.run("session", "import", "openassistant", "--base-url", SITE, stdin=text)
    assert (result.code, result.out) == (code, "")
    assert told in result.err
    assert SECRET not in result.err
    assert await toolkit.store.load(KEY) == old


@pytest.mark.parametrize("text", [TITLE, f"{TITLE}elsewhere.example\tFALSE\t/\tTRUE\t0\ta\tb\n", "[]"])
async def test_what_holds_nothing_is_not_imported(toolkit: Toolkit, text: str) -> None:
    """Also for a site that needs no cookie, whose session could be as empty."""
    result = await toolkit.run("session", "import", "gradio", "--base-url", "https://app.example", stdin=text)
    assert (result.code, result.out) == (1, "")
    assert "stdin holds nothing of https://app.example, so there is nothing to import." in result.err
    assert await toolkit.store.sessions() == {}


async def test_a_wrong_format_is_told(toolkit: Toolkit) -> None:
    """One that is named but is another than what comes, and one that there is not."""
    result = await toolkit.run("session", "import", "openassistant", "--format", "json", stdin=TITLE + LINE)
    assert (result.code, result.out) == (1, "")
    assert "The JSON is malformed" in result.err
    result = await toolkit.run("session", "import", "openassistant", "--format", "yaml", stdin=TITLE + LINE)
    assert (result.code, result.out) == (2, "")
    assert "'storage-state', 'cookies.txt', 'cookie-header', 'json'" in result.err


def test_a_file_that_is_not_there_is_told(call: Call) -> None:
    """As a wrong use of the command."""
    result = call("session", "import", "openassistant", "no-such-file")
    assert result.code == 2
    assert "no-such-file" in result.err


async def test_a_person_is_told_what_to_import(toolkit: Toolkit) -> None:
    """On a terminal, where nothing is piped in, the command does not wait in silence."""
    async with terminal(toolkit, "session", "import", "openassistant") as shown:
        assert await shown.end() == 2
    assert "name a file, or pipe it in" in shown.screen

"""Several accounts at one site: who has no session there is told which accounts have one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.cli.conftest import Toolkit
from tests.sites.openwebui import OpenWebUISite
from toolkit.stores.base import Key

WebUI = tuple[OpenWebUISite, str]
USE_WORK = "se `--account work`, which has one."


@pytest.fixture
async def work(toolkit: Toolkit, webui: WebUI) -> WebUI:
    """Only the account `work` has a session."""
    site, origin = webui
    key = Key("openwebui", origin)
    session = await toolkit.store.load(key)
    assert session is not None
    await toolkit.store.delete(key)
    await toolkit.keep(replace(session, account="work"))
    return site, origin


@pytest.mark.parametrize("account", [(), ("--account", "wrok")], ids=["none", "another"])
async def test_the_account_that_has_a_session_is_named(toolkit: Toolkit, work: WebUI, account: tuple[str, ...]) -> None:
    """By each command that is about the session of one account, whether or not it names one; and the one that is named
    then works."""
    site, origin = work
    where = ("openwebui", "--base-url", origin)
    for command, code in (("check", 3), ("show", 3), ("export", 3), ("refresh", 3), ("rm", 1)):
        result = await toolkit.run("session", command, *where, *account)
        assert (result.code, result.out) == (code, "")
        assert USE_WORK in result.err, command
    assert (await toolkit.run("session", "check", *where, "--account", "work")).code == 0
    assert site.problems == []


async def test_no_account_is_mistaken_for_no_session(toolkit: Toolkit, work: WebUI) -> None:
    """Where a command is about all sessions, and the account that is named has none."""
    for command, code in (("list", 0), ("check", 3)):
        result = await toolkit.run("session", command, "--account", "wrok")
        assert (result.code, result.out) == (code, "")
        assert "of that account: use `--account work`, which has one." in result.err
    assert (await toolkit.run("session", "check", "--account", "work")).code == 0


async def test_calls_name_the_account_too(toolkit: Toolkit, work: WebUI) -> None:
    """`chat` after its visit, which finds that a person has to log in; lists of models and visits by hand fail in the
    same way."""
    _, origin = work
    result = await toolkit.run("chat", "openwebui", "Hi", "--base-url", origin)
    assert result.code == 3
    assert USE_WORK in result.err

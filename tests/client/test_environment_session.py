"""A session that a secret hands in is used as it is, for the account that the variable names."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.providers.conftest import session_for
from tests.sites.openassistant import OpenAssistantSite
from toolkit.client.client import Client
from toolkit.client.environment_session import read_variable, variable_name
from toolkit.errors import LoginRequired, SessionError, UsageError
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.formats import conversion


def test_each_account_has_a_variable() -> None:
    """Named after the provider, and after the account where that has a name."""
    assert variable_name("openassistant") == "TOOLKIT_SESSION_OPENASSISTANT"
    assert variable_name("my-site", "at work") == "TOOLKIT_SESSION_MY_SITE_AT_WORK"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OpenAssistantSite:
    """A site, and a session for it in the environment; no browser and no stored session."""
    made = OpenAssistantSite()
    state = session_for("openassistant", made).to_storage_state()
    monkeypatch.setenv("TOOLKIT_SESSION_OPENASSISTANT", json.dumps(state))
    monkeypatch.setenv("TOOLKIT_STORE", f"file:{tmp_path}/sessions")
    return made


async def test_another_account_does_not_get_it(site: OpenAssistantSite) -> None:
    """Who asks as somebody else is not answered as the one whose session it is."""
    async with LocalNetwork(apps=site.hosts()) as network:
        async with Client("openassistant", route=network.route, profile="none") as client:
            assert await client.chat("Hi").text() == "".join(site.answer)
        async with Client("openassistant", route=network.route, account="bob") as client:
            with pytest.raises(LoginRequired, match="There is no session"):
                await client.check()


async def test_nothing_is_renewed_or_stored(site: OpenAssistantSite, tmp_path: Path) -> None:
    """A login or a renewal would be for nothing, so it is refused before a browser starts; and a session that is not
    taken any more says where it came from."""
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", route=network.route, profile="none") as client,
    ):
        for attempt in (client.login, client.harvest, client.refresh):
            with pytest.raises(UsageError, match="TOOLKIT_SESSION_OPENASSISTANT is set"):
                await attempt()
        site.login.expire()
        with pytest.raises(LoginRequired, match="The session in TOOLKIT_SESSION_OPENASSISTANT is not taken any more"):
            await client.chat("Hi").text()
    assert not (tmp_path / "sessions").exists()


@pytest.mark.parametrize("form", ["gzip", "cookie-header", "cookies.txt", "file", "file://"])
async def test_a_secret_is_what_can_be_imported(
    site: OpenAssistantSite, form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Packed and in one word, the cookies alone, or a file of it, as container platforms hand secrets in."""
    session = session_for("openassistant", site)
    packed = base64.b64encode(gzip.compress(conversion.serialize(session, "storage-state", now=0.0).encode()))
    (tmp_path / "secret").write_bytes(packed)
    if form == "gzip":
        secret = packed.decode()
    elif form.startswith("file"):
        secret = f"{form.removesuffix('://')}:{'//' if '/' in form else ''}{tmp_path}/secret"
    else:
        secret = conversion.serialize(session, form, now=0.0)
    monkeypatch.setenv("TOOLKIT_SESSION_OPENASSISTANT", secret)
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client("openassistant", route=network.route, profile="none") as client,
    ):
        assert await client.chat("Hi").text() == "".join(site.answer)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("file:/no/such/file", r"SECRET: The file that it names cannot be read \(No such file or directory\)\."),
        ("file:a\0b", r"SECRET: The file that it names cannot be read \(it has no such name\)\."),
        ("/run/secrets/session", r"SECRET: This looks like none of the formats\..* file:PATH names a file of it\."),
    ],
)
def test_a_file_that_cannot_be_read_is_told(secret: str, told: str) -> None:
    """And how a file is named."""
    with pytest.raises(SessionError, match=told):
        read_variable(secret, "SECRET", "openassistant")


async def test_a_store_can_be_named_by_its_address(site: OpenAssistantSite, tmp_path: Path) -> None:
    """As `TOOLKIT_STORE` names it; then the environment's session is not used."""
    async with Client("openassistant", store=f"file:{tmp_path}/other") as client:
        with pytest.raises(LoginRequired, match="There is no session"):
            await client.check()
    with pytest.raises(UsageError, match="no such store"):
        Client("openassistant", store="elsewhere")

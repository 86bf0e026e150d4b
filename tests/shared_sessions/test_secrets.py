"""Where a store is sealed, no file on the disk shows a secret, at any time of a session's life."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.cli.conftest import Toolkit
from tests.listening import PLANTED
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

KEY = "a s3cr3t passphrase"


def shown(folders: list[Path], secrets: list[str]) -> list[str]:
    """Files below `folders` that hold one of `secrets`, or have it in their name."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files for secret in secrets
            if secret in str(path) or secret.encode() in path.read_bytes()]  # fmt: skip


async def test_a_sealed_store_shows_nothing(toolkit: Toolkit) -> None:
    """A session is stored, used, renewed by the site and shown; every file of the home and of the temp folder is
    searched for its tokens, the old and the new."""
    site, sealed = OpenAssistantSite(), {"TOOLKIT_STORE_KEY": KEY}
    async with serve(site.app()) as origin:
        session = BrowserSession.from_cookie_values(
            "openassistant", origin, {"next-auth.session-token": site.login.new_token()}
        )
        session = msgspec.structs.replace(session, harvested_at=1.0)
        store, key = FileStore(toolkit.state / "sessions", key=KEY), Key("openassistant", origin)
        await store.save(key, session)
        env, where = {**toolkit.without_browser(), **sealed}, ("--base-url", origin)
        assert (await toolkit.run("chat", "openassistant", "Hi", *where, env=env)).code == 0
        checked = await toolkit.run("session", "check", "openassistant", *where, env=env)  # which renews the token
        assert checked.code == 0, checked.err
        listed = await toolkit.run("session", "list", env=env)
        assert "openassistant" in listed.out
        renewed = await store.load(key)
        assert renewed is not None
        assert renewed.cookies != session.cookies
    secrets = [*PLANTED, KEY, *site.login.tokens]
    assert shown([toolkit.folder, toolkit.temp], secrets) == []
    assert not any(secret in listed.out + checked.out for secret in secrets)
    plain = FileStore(toolkit.folder / "plain", key="")
    await plain.save(key, renewed)
    assert shown([toolkit.folder], secrets) != []  # the search does find what is there

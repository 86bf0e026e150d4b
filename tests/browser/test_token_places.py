"""Logins that are no cookies: taken from the page, stored, put back into a new context, and sent by calls."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.places import HOME, TRUSTING, Place, html, network
from tests.conftest import OpenContext
from tests.sites.serving import serve
from tests.sites.token_pages import PAGES, TokenSite
from toolkit.browser.session_manager import SessionManager
from toolkit.session.formats.conversion import parse, serialize
from toolkit.session.json_paths import look_up
from toolkit.session.recipe import Harvest, Probe
from toolkit.session.recipe_tokens import StoredValue
from toolkit.session.stored_values import find_stored, replace_stored
from toolkit.session.token_expiry import write_time
from toolkit.session.tokens import token_headers


@pytest.mark.parametrize("kind", PAGES)
async def test_a_login_that_is_no_cookie_is_taken_and_put_back(kind: str, chromium: Browser) -> None:
    """The session has the token and its end, also after an export and an import. A renewal begins with it: the page is
    signed in at once. Once the token has ended, the page gets a new one before the session is taken, if it does."""
    page = PAGES[kind]
    site = TokenSite(page, time.time)
    probe = Probe(path="/api/me", identity=("email",))
    recipe = Harvest(token=page.token, signed_out="^/login", probe=probe)
    async with serve(site.app()) as origin, SessionManager(TRUSTING, browser=chromium) as manager:
        place = Place(site=origin, hosts=("127.0.0.1",), harvest=recipe)
        session = await manager.harvest(place, login=True)
        token = token_headers(session, recipe, 0)["authorization"].removeprefix("Bearer ")
        assert session.expires_at == site.tokens[token]
        assert session.cookies == ()

        stored = parse(serialize(session, "storage-state", now=time.time())).session
        assert stored == session
        site.signs_in, visits = False, len(site.seen)
        renewed = await manager.harvest(place, previous=stored)
        assert token_headers(renewed, recipe, 0) == token_headers(session, recipe, 0)
        assert [path for path, _ in site.seen[visits:]][:2] == ["/", "/api/me"]
        assert "toolkit-restored" not in str(renewed.session_storage)

        site.signs_in, site.tokens[token] = True, 0.0
        ended = replace(recipe, signed_out=None, probe=None)
        end = StoredValue(place=page.token.place, key=page.token.key, path=page.token.expires)
        like = next(look_up(found.document, end.path) for found in find_stored(stored, end))
        stored = replace_stored(stored, end, write_time(time.time() - 60, like))
        changed = await manager.harvest(replace(place, harvest=ended), previous=stored)
        assert token_headers(changed, recipe, 0) != token_headers(session, recipe, 0)

        if kind == "msal":  # a page that keeps one that has ended: as in a replay of long ago
            site.tokens[token] = time.time() + 3600
            kept = await manager.harvest(replace(place, harvest=ended), previous=stored)
            assert token_headers(kept, recipe, 0) == token_headers(session, recipe, 0)


async def test_of_storage_that_is_no_cookie_a_session_has_what_it_can_hold(open_context: OpenContext) -> None:
    """Databases and items of the tab of the provider's own frames, and none of another's. What is too large is left
    out, and so is a record that JSON cannot hold, and a store without one; what JSON can hold is as it was."""
    fill = """<script>
        sessionStorage.small = 'yes'; sessionStorage.large = 'x'.repeat(2 << 20)
        const made = (name, records) => new Promise(done => {
            const asked = indexedDB.open(name, 3)
            asked.onupgradeneeded = () => {
                const store = asked.result.createObjectStore('all', {autoIncrement: true})
                store.createIndex('of', 'kind', {unique: false})
                records.forEach(([value, key]) => store.put(value, key))
            }
            asked.onsuccess = () => (asked.result.close(), done())
        })
        ;(async () => {
            const key = await crypto.subtle.generateKey({name: 'AES-GCM', length: 128}, false, ['encrypt'])
            const kept = {kind: 'a', gone: undefined, n: [1.5, null, true]}
            await made('own', [[kept, 'k'], [key, 'crypto'], [new Date(), 2]])
            await made('large', [['x'.repeat(2 << 20), 1]])
            await made('crypto only', [[key, 1]])
            document.body.append(document.createElement('textarea'))
        })()
    </script>"""
    frame = "<iframe src='https://ads.example/'></iframe>"
    theirs = "<script>sessionStorage.theirs = 1; indexedDB.open('theirs', 1)</script>"
    async with (
        network(html(frame + fill), ads_example=html(theirs)) as local,
        SessionManager(TRUSTING, context=await open_context(local)) as manager,
    ):
        session = await manager.harvest(Place())
    assert session.session_storage == {HOME: {"small": "yes"}}
    assert session.indexed_db == {HOME: [{"name": "own", "version": 3, "stores": [{
        "name": "all", "autoIncrement": True,
        "indexes": [{"name": "of", "keyPath": "kind", "multiEntry": False, "unique": False}],
        "records": [{"key": "k", "value": {"kind": "a", "n": [1.5, None, True]}}],
    }]}]}  # fmt: skip

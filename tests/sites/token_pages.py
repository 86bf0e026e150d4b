"""Pages that keep their login in other places than a cookie, as the libraries for it do: what a page needs of each."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web

from toolkit.session.recipe_tokens import StoredValue, Token

# What the script of the page does: `keep(login)` stores {access, refresh, ends}, and `load()` gives the access token.
FIREBASE = """
const open = () => new Promise(done => {
    const asked = indexedDB.open('firebaseLocalStorageDb', 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore('firebaseLocalStorage', {keyPath: 'fbase_key'})
    asked.onsuccess = () => done(asked.result)
})
const key = 'firebase:authUser:AIzaOfTheProject:[DEFAULT]'
const keep = async ({access, refresh, ends}) => {
    const changing = (await open()).transaction('firebaseLocalStorage', 'readwrite')
    const manager = {refreshToken: refresh, accessToken: access, expirationTime: ends * 1000}
    changing.objectStore('firebaseLocalStorage').put(
        {fbase_key: key, value: {uid: '1', phoneNumber: undefined, stsTokenManager: manager}})
    await new Promise(done => changing.oncomplete = done)
}
const load = async () => new Promise(done => open().then(db => {
    const asked = db.transaction('firebaseLocalStorage').objectStore('firebaseLocalStorage').get(key)
    asked.onsuccess = () => done(asked.result?.value.stsTokenManager.accessToken)
}))
"""
SUPABASE = """
const keep = async ({access, refresh, ends}) => localStorage.setItem('sb-project-auth-token', JSON.stringify(
    {access_token: access, refresh_token: refresh, expires_at: ends, expires_in: 3600, token_type: 'bearer'}))
const load = async () => JSON.parse(localStorage.getItem('sb-project-auth-token') ?? '{}').access_token
"""
MSAL = """
const keep = async ({access, refresh, ends}) => {
    sessionStorage.setItem('me-login-accesstoken-app', JSON.stringify({secret: access, expiresOn: String(ends)}))
    sessionStorage.setItem('me-login-refreshtoken-app', JSON.stringify({secret: refresh}))
}
const load = async () => JSON.parse(sessionStorage.getItem('me-login-accesstoken-app') ?? '{}').secret
"""
PAGE = """<!doctype html><meta charset=utf-8><title>Chat</title><script>%s
const ask = async () => (await fetch('/api/me', {headers: {Authorization: 'Bearer ' + await load()}})).ok
;(async () => {
    if (location.pathname === '/login') {
        await keep(await (await fetch('/grant', {method: 'POST'})).json()); location = '/'
    } else if (!await load() || !await ask()) location = '/login'
    else document.body.innerHTML = '<textarea></textarea>'
})()</script><body>"""


class TokenPage(NamedTuple):
    """A library's way: the page's script, where a recipe finds the token, and where the refresh token."""

    script: str
    token: Token
    refresh: StoredValue


FIREBASE_RECORD = "firebaseLocalStorageDb/firebaseLocalStorage/firebase:authUser:.*"
PAGES = {
    "firebase": TokenPage(
        FIREBASE,
        Token(
            place="indexeddb",
            key=FIREBASE_RECORD,
            path="value.stsTokenManager.accessToken",
            expires="value.stsTokenManager.expirationTime",
        ),
        StoredValue(place="indexeddb", key=FIREBASE_RECORD, path="value.stsTokenManager.refreshToken"),
    ),
    "supabase": TokenPage(
        SUPABASE,
        Token(place="localstorage", key="sb-.*-auth-token", path="access_token", expires="expires_at"),
        StoredValue(place="localstorage", key="sb-.*-auth-token", path="refresh_token"),
    ),
    "msal": TokenPage(
        MSAL,
        Token(place="sessionstorage", key=".*-accesstoken-.*", path="secret", expires="expiresOn"),
        StoredValue(place="sessionstorage", key=".*-refreshtoken-.*", path="secret"),
    ),
}


def stored(kind: str, access: str, refresh: str, ends: float) -> dict[str, Any]:
    """What the page of that kind has stored, as the fields of a session by their origin's items."""
    if kind == "firebase":
        manager = {"refreshToken": refresh, "accessToken": access, "expirationTime": int(ends * 1000)}
        user = {"fbase_key": "firebase:authUser:AIzaOfTheProject:[DEFAULT]", "value": {"stsTokenManager": manager}}
        store = {"name": "firebaseLocalStorage", "keyPath": "fbase_key", "records": [{"value": user}]}
        return {"indexed_db": [{"name": "firebaseLocalStorageDb", "version": 1, "stores": [store]}]}
    if kind == "supabase":
        item = {"access_token": access, "refresh_token": refresh, "expires_at": int(ends)}
        return {"local_storage": {"sb-project-auth-token": json.dumps(item)}}
    return {
        "session_storage": {
            "me-login-accesstoken-app": json.dumps({"secret": access, "expiresOn": str(int(ends))}),
            "me-login-refreshtoken-app": json.dumps({"secret": refresh}),
        }
    }


class TokenSite:
    """A site whose page is one of `PAGES`.

    `signs_in` is whether its login page signs in by itself, as one does where the person is signed in at another site.
    """

    def __init__(self, page: TokenPage, now: Callable[[], float], life: float = 3600.0) -> None:
        self.page, self.life, self.now = page, life, now
        self.tokens: dict[str, float] = {}
        self.refresh_tokens: set[str] = set()
        self.signs_in = True
        self.seen: list[tuple[str, str]] = []

    def grant(self) -> dict[str, object]:
        access, refresh, ends = secrets.token_hex(16), secrets.token_hex(16), int(self.now() + self.life)
        self.tokens[access] = ends
        self.refresh_tokens.add(refresh)
        return {"access": access, "refresh": refresh, "ends": ends}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._document)
        app.router.add_get("/login", self._document)
        app.router.add_post("/grant", self._grant)
        app.router.add_get("/api/me", self._me)
        app.router.add_post("/token", self._token)
        return app

    async def _document(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, ""))
        signed_out = request.path == "/login" and not self.signs_in
        text = "<!doctype html><title>Sign in</title>" if signed_out else PAGE % self.page.script
        return web.Response(text=text, content_type="text/html")

    async def _grant(self, _: web.Request) -> web.Response:
        return web.json_response(self.grant())

    async def _me(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.seen.append((request.path, given))
        if self.tokens.get(given, 0) <= self.now():
            return web.json_response({}, status=401)
        return web.json_response({"email": "ada@example.org"})

    async def _token(self, request: web.Request) -> web.Response:
        """RFC 6749, section 6; each refresh token is good for once."""
        form = await request.post()
        self.seen.append((request.path, request.headers.get("Authorization", "")))
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") not in self.refresh_tokens:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.refresh_tokens.discard(str(form["refresh_token"]))
        new = self.grant()
        return web.json_response(
            {"access_token": new["access"], "refresh_token": new["refresh"], "expires_in": int(self.life)}
        )

"""A browser at a gate: it gives what the gate wants, and to nobody but the site behind it."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trustme
from aiohttp import web
from playwright.async_api import Browser

from tests.browser.places import BOX, Place
from tests.sites.serving import serve
from toolkit.browser.profiles import Credentials, Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import ConnectFailed, GateRefused, TLSFailed
from toolkit.http.gate import ClientCertificate
from toolkit.recording.recorder import Recorder

TOKEN = "planted-service-token"
DUE = f"Basic {b64encode(b'ann:planted-password').decode()}"


class GatedSite:
    """A site whose every answer has to be paid for, with a page that also loads something of `elsewhere`."""

    def __init__(self, elsewhere: str = "") -> None:
        self.elsewhere = elsewhere
        self.seen: list[tuple[str, str | None, str | None]] = []

    def app(self, *, free: bool = False) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            token, login = request.headers.get("x-gate"), request.headers.get("authorization")
            self.seen.append((request.path, token, login))
            if not free and login != DUE:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="gate"'})
            if not free and token != TOKEN:
                return web.Response(status=403, text="<h1>Forbidden</h1>", content_type="text/html")
            if request.path == "/":
                script = f"<script>fetch('/api'); new Image().src = '{self.elsewhere}/pixel'</script>"
                answer = web.Response(text=script + BOX, content_type="text/html")
                answer.set_cookie("sid", "1")
                return answer
            return web.json_response({})

        app = web.Application()
        app.router.add_get("/{path:.*}", handle)
        return app


def place(origin: str) -> Place:
    return Place(site=origin, hosts=("127.0.0.1",))


async def test_the_browser_gives_the_gate_its_due_and_nobody_else(chromium: Browser) -> None:
    """Login and headers reach the site's page and its calls; another host gets neither, and the recording neither."""
    elsewhere = GatedSite()
    recorder = Recorder(page=True)
    async with serve(elsewhere.app(free=True), "localhost") as other:
        site = GatedSite(other)
        async with serve(site.app()) as origin:
            profile = Profile(
                extra_http_headers={"X-Gate": TOKEN},
                http_credentials=Credentials(username="ann", password="planted-password"),
            )
            async with SessionManager(profile, browser=chromium, recorder=recorder) as manager:
                session = await manager.harvest(place(origin))
    assert [cookie.name for cookie in session.cookies] == ["sid"]
    assert ("/", TOKEN, DUE) in site.seen
    assert set(elsewhere.seen) == {("/pixel", None, None)}
    kept = msgspec.json.encode(recorder.recording("a test")).decode()
    assert TOKEN not in kept
    assert "planted" not in kept


async def test_a_gate_that_refuses_the_visit_is_told(chromium: Browser) -> None:
    """Where it asks for authentication, and where it answers with a page; both say where its due is told."""
    async with serve(GatedSite().app()) as origin:
        login = Credentials(username="ann", password="planted-password")
        for profile, told in (
            (Profile(), "wants HTTP authentication"),
            (Profile(http_credentials=login), "answered 403 with a web page"),
        ):
            async with SessionManager(profile, browser=chromium) as manager:
                with pytest.raises(GateRefused, match=rf"{told}.*browsers\.json"):
                    await manager.harvest(place(origin))


@asynccontextmanager
async def strict_site(authority: trustme.CA, *, certificates: bool) -> AsyncIterator[str]:
    """A free site with a certificate of `authority`, which may want one of it as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if certificates:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    async with serve(GatedSite().app(free=True), tls=context) as origin:
        yield origin


async def test_a_browser_of_ours_trusts_an_authority_of_the_site_s_own(chromium: Browser, tmp_path: Path) -> None:
    """Though Chromium takes no root: it is told the key that the root has vouched for. Without it the site is refused,
    and where the root does not vouch for it, nothing is visited."""
    authority, roots = trustme.CA(), tmp_path / "roots.pem"
    roots.write_bytes(authority.cert_pem.bytes())
    other = tmp_path / "other.pem"
    other.write_bytes(trustme.CA().cert_pem.bytes())
    async with strict_site(authority, certificates=False) as origin:
        async with SessionManager(Profile(ca_file=str(roots))) as manager:
            session = await manager.harvest(place(origin))
        assert [cookie.name for cookie in session.cookies] == ["sid"]
        for profile in (Profile(), Profile(ca_file=str(other))):
            async with SessionManager(profile) as manager:
                with pytest.raises(TLSFailed):
                    await manager.harvest(place(origin))


async def test_the_browser_shows_the_certificate_that_the_gate_wants(chromium: Browser, tmp_path: Path) -> None:
    """Also where the site has an authority of its own; without one the error says what it is that the site wants."""
    authority, roots = trustme.CA(), tmp_path / "roots.pem"
    roots.write_bytes(authority.cert_pem.bytes())
    issued = authority.issue_cert("ann@example.org")
    issued.private_key_pem.write_to_path(tmp_path / "ann.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "ann.pem")
    async with strict_site(authority, certificates=True) as origin:
        shown = ClientCertificate(
            origin=origin, cert_path=str(tmp_path / "ann.pem"), key_path=str(tmp_path / "ann.key")
        )
        profile = Profile(client_certificates=(shown,), ignore_https_errors=True)
        async with SessionManager(profile, browser=chromium) as manager:
            assert (await manager.harvest(place(origin))).cookies
        async with SessionManager(Profile(client_certificates=(shown,), ca_file=str(roots))) as manager:
            assert (await manager.harvest(place(origin))).cookies
        async with SessionManager(Profile(client_certificates=(shown,)), browser=chromium) as manager:
            with pytest.raises(TLSFailed, match="ca_file"):
                await manager.harvest(place(origin))
        async with SessionManager(Profile(ignore_https_errors=True), browser=chromium) as manager:
            with pytest.raises((ConnectFailed, TLSFailed), match="client_certificates"):
                await manager.harvest(place(origin))

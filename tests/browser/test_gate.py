"""A browser at a gate: it gives what the gate wants, and to nobody but the site behind it."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest
import trustme
from aiohttp import web
from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from tests.browser.places import BOX, Place
from tests.sites.asking import until
from tests.sites.serving import serve
from toolkit.browser.profiles import Credentials, Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import ConnectFailed, GateRefused, TLSFailed
from toolkit.http.gate import ClientCertificate
from toolkit.recording.recorder import Recorder

TOKEN = "planted-service-token"
DUE = f"Basic {b64encode(b'ann:planted-password').decode()}"


# Ways of a page to get at another site and back, and to ask its own: redirects, a form, workers, a frame, a socket.
WAYS = """<script>
fetch('/api'); fetch('/sent', {method: 'POST', body: 'text'}); fetch('/away').catch(() => 0);
for (const path of ['/pixel', '/back']) fetch('ELSEWHERE' + path, {mode: 'no-cors'});
new Worker('/worker.js'); new SharedWorker('/shared.js'); new WebSocket('ws://' + location.host + '/socket');
document.write('<iframe src=ELSEWHERE/framed></iframe>');
fetch('/all-seen').then(() => document.body.append(document.createElement('textarea')));
</script>"""
OWN_PATHS = {
    "/",
    "/api",
    "/sent",
    "/away",
    "/came-back",
    "/worker.js",
    "/shared.js",
    "/by-worker",
    "/by-shared",
    "/all-seen",
}
FOREIGN_PATHS = {"/pixel", "/back", "/framed", "/landed"}


class GatedSite:
    """A site whose every answer has to be paid for, with a page that also leads to `elsewhere`."""

    def __init__(self, elsewhere: str = "") -> None:
        self.elsewhere = elsewhere
        self.seen: list[tuple[str, str | None, str | None]] = []
        self.all_seen = asyncio.Event()
        self.wants_certificate = False

    def app(self, *, free: bool = False) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            token, login = request.headers.get("x-gate"), request.headers.get("authorization")
            self.seen.append((request.path, token, login))
            if self.wants_certificate:
                text = "<center>No required SSL certificate was sent</center>"
                return web.Response(status=400, text=text, content_type="text/html")
            if not free and login != DUE:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="gate"'})
            if not free and token != TOKEN:
                return web.Response(status=403, text="<h1>Forbidden</h1>", content_type="text/html")
            if request.path == "/":
                text = WAYS.replace("ELSEWHERE", self.elsewhere) if self.elsewhere else BOX
                answer = web.Response(text=text, content_type="text/html")
                answer.set_cookie("sid", "1")
                return answer
            if request.path == "/all-seen":
                await self.all_seen.wait()
            if request.path in ("/away", "/back"):
                raise web.HTTPFound(self.elsewhere + {"/away": "/landed", "/back": "/came-back"}[request.path])
            if request.path in ("/worker.js", "/shared.js"):
                name = request.path.removesuffix(".js").removeprefix("/")
                return web.Response(text=f"fetch('/by-{name}')", content_type="text/javascript")
            return web.json_response({})

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        return app

    def paths(self) -> set[str]:
        return {path for path, _, _ in self.seen} - {"/favicon.ico"}


def place(origin: str) -> Place:
    return Place(site=origin, hosts=("127.0.0.1",))


async def test_the_browser_gives_the_gate_its_due_and_nobody_else(chromium: Browser) -> None:
    """Login and headers reach all that the site's page asks of it, by workers and after a redirect from elsewhere too;
    another host gets neither, though a redirect leads there, and the recording neither. The handshake of a WebSocket
    has the login, and no header. What a context sends later has nothing."""
    elsewhere = GatedSite()
    recorder = Recorder(page=True)
    async with serve(elsewhere.app(free=True), "localhost") as other:
        site = GatedSite(other)
        async with serve(site.app()) as origin:
            elsewhere.elsewhere = origin
            profile = Profile(
                extra_http_headers={"X-Gate": TOKEN},
                http_credentials=Credentials(username="ann", password="planted-password"),
            )
            async with SessionManager(profile, browser=chromium, recorder=recorder) as manager:
                visit = asyncio.create_task(manager.harvest(place(origin)))
                await until(lambda: {*OWN_PATHS, "/socket"} <= site.paths() and elsewhere.paths() >= FOREIGN_PATHS)
                site.all_seen.set()
                session = await visit
            given = list(site.seen)
            context = await chromium.new_context()
            with suppress(PlaywrightError):  # a newer Chromium refuses to show what it has no login for
                await (await context.new_page()).goto(origin)
            await context.close()
            assert site.seen[len(given) :][0] == ("/", None, None)
    assert [cookie.name for cookie in session.cookies] == ["sid"]
    assert {path: token for path, token, _ in given if path != "/favicon.ico"} == {
        **dict.fromkeys(OWN_PATHS, TOKEN),
        "/socket": None,
    }
    assert ("/socket", None, DUE) in given
    assert {(token, login) for _, token, login in elsewhere.seen} == {(None, None)}
    kept = msgspec.json.encode(recorder.recording("a test")).decode()
    assert TOKEN not in kept
    assert "planted" not in kept


async def test_a_gate_that_refuses_the_visit_is_told(chromium: Browser) -> None:
    """Where it asks for authentication, and where it answers with a page, also for want of a certificate; all say where
    its due is told."""
    site = GatedSite()
    async with serve(site.app()) as origin:
        login = Credentials(username="ann", password="planted-password")
        for profile, told in (
            (Profile(), "wants HTTP authentication"),
            (Profile(http_credentials=login), "answered 403 with a web page"),
            (Profile(http_credentials=login), "wants a certificate of yours"),
        ):
            site.wants_certificate = "certificate" in told
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
    """Also where the site has an authority of its own; without one the error says what it is that the site wants. A
    site that is not there is told as such, and not as a proxy, which the driver is then."""
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
    async with SessionManager(Profile(client_certificates=(shown,)), browser=chromium) as manager:
        with pytest.raises(ConnectFailed, match="The site cannot be reached"):
            await manager.harvest(place(origin))

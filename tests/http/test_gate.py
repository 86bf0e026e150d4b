"""What the gate in front of a site wants is given to the provider's own hosts, and to nobody else."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from tests.sites.serving import serve
from toolkit.errors import (
    BadRequest,
    ConfigError,
    GateRefused,
    LoginRequired,
    SessionExpired,
    TLSFailed,
    ToolkitError,
)
from toolkit.http.gate import ClientCertificate, Gate
from toolkit.http.gate_answers import gate_refusal
from toolkit.http.public_key_pins import root_pins, verified_pin
from toolkit.http.route import Route
from toolkit.http.transport import Transport
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

HOME, AWAY = "chat.example.com", "elsewhere.test"
PAGE = f"https://{HOME}/"
TOKEN = "planted-service-token"
GATE = Gate(headers={"X-Gate": TOKEN}, login=("ann", "planted-password"))

Seen = list[tuple[str, dict[str, str]]]


def site(seen: Seen) -> web.Application:
    """Notes the headers of every request; `/to?URL` redirects there, `/echo` refuses and repeats all that it got."""

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen.append((f"{request.scheme}://{request.host}{request.path}", headers))
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query_string})
        if request.path == "/echo":
            return web.json_response({"detail": f"no: {headers}"}, status=400, reason=f"No {headers['x-gate']}")
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def session() -> BrowserSession:
    return BrowserSession(provider="p", origin=PAGE.rstrip("/"))


@asynccontextmanager
async def behind_gate(seen: Seen, **more: Any) -> AsyncIterator[Transport]:
    app = site(seen)
    async with (
        LocalNetwork(apps={HOME: app, AWAY: site(seen)}) as network,
        Transport(session(), page=PAGE, route=network.route, gate=GATE, **more) as http,
    ):
        yield http


async def call(http: Transport, url: str, **options: Any) -> None:
    async with http.get(url, **options) as response:
        await response.read()


async def test_headers_and_login_go_to_the_provider_s_hosts_only() -> None:
    """Not to where a redirect leads, and not to the same host over a connection that others can read."""
    seen: Seen = []
    async with behind_gate(seen) as http:
        for target in (f"{PAGE}to?https://{AWAY}/x", f"{PAGE}to?http://{HOME}/open"):
            await call(http, target)
    due = f"Basic {b64encode(b'ann:planted-password').decode()}"
    got = {url: (headers.get("x-gate"), headers.get("authorization")) for url, headers in seen}
    assert got[f"https://{HOME}/to"] == (TOKEN, due)
    assert got[f"https://{AWAY}/x"] == got[f"http://{HOME}/open"] == (None, None)


async def test_a_call_s_own_authorization_comes_first() -> None:
    """A site that wants a token of its own in that header gets it: a gate with a login cannot stand before it."""
    seen: Seen = []
    async with behind_gate(seen) as http:
        await call(http, PAGE, headers={"Authorization": "Bearer own"})
    assert seen[0][1]["authorization"] == "Bearer own"
    assert seen[0][1]["x-gate"] == TOKEN


async def test_no_error_and_no_recording_tells_what_the_gate_got() -> None:
    """Whatever the site repeats; and a replay needs nothing of the gate."""
    recorder = Recorder()
    async with behind_gate([], recorder=recorder) as http:
        with pytest.raises(BadRequest) as refused:
            await call(http, f"{PAGE}echo")
    recording = str([entry.request.headers for entry in recorder.recording("a test").entries])
    told = f"{refused.value} {refused.value.body} {refused.value.reason} {GATE!r} {recording}"
    for secret in (TOKEN, "planted-password", b64encode(b"ann:planted-password").decode()):
        assert secret not in told
    assert "x-gate" not in recording.lower()


# --- certificates ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def strict_site(authority: trustme.CA) -> AsyncIterator[str]:
    """A site with a certificate of `authority`, which it does not send along, and which wants one of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    async with serve(site([]), tls=context) as origin:
        yield origin


def certificate(authority: trustme.CA, folder: Path, origin: str) -> ClientCertificate:
    issued = authority.issue_cert("ann@example.org")
    issued.private_key_pem.write_to_path(folder / "ann.key")
    issued.cert_chain_pems[0].write_to_path(folder / "ann.pem")
    return ClientCertificate(origin=origin, cert_path=str(folder / "ann.pem"), key_path=str(folder / "ann.key"))


async def open_gate(origin: str, gate: Gate) -> None:
    async with Transport(session(), page=f"{origin}/", route=Route(), gate=gate) as http:
        await call(http, f"{origin}/")


async def test_a_site_with_an_authority_and_certificates_of_its_own(authority: trustme.CA, tmp_path: Path) -> None:
    """Both are needed, and each alone is told as what lacks; unchecked, the authority is not."""
    roots = authority.cert_pem.bytes()
    async with strict_site(authority) as origin:
        shown = (certificate(authority, tmp_path, origin),)
        await open_gate(origin, Gate(certificates=shown, ca_pem=roots))
        await open_gate(origin, Gate(certificates=shown, any_certificate=True))
        with pytest.raises(TLSFailed, match="ca_file"):
            await open_gate(origin, Gate(certificates=shown))
        with pytest.raises(ToolkitError):  # TLS 1.3 tells it as late as with the answer
            await open_gate(origin, Gate(ca_pem=roots))
        with pytest.raises(TLSFailed):  # another origin's certificates stay where they are
            await open_gate(origin, Gate(certificates=(certificate(authority, tmp_path, "https://a.test"),)))


async def test_files_that_are_no_certificates_are_told_by_name(authority: trustme.CA, tmp_path: Path) -> None:
    """Before anything is sent, with the file that lacks."""
    good = certificate(authority, tmp_path, "https://127.0.0.1:9")
    for wrong, why in (
        (ClientCertificate(origin=good.origin, cert_path="none.pem", key_path=good.key_path), "No such file"),
        (ClientCertificate(origin=good.origin, cert_path=good.key_path, key_path=good.key_path), "cannot be used"),
    ):
        with pytest.raises(ConfigError, match=why):
            await open_gate("https://127.0.0.1:9", Gate(certificates=(wrong,)))
    with pytest.raises(ConfigError, match="no certificates in PEM"):
        await open_gate("https://127.0.0.1:9", Gate(ca_pem=b"none"))


async def test_the_pin_of_a_site_is_that_of_a_certificate_that_was_verified(authority: trustme.CA) -> None:
    """So a browser can be told to trust that key, and nothing that the roots do not vouch for."""
    leaf = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(leaf)
    async with serve(site([]), tls=leaf) as origin:
        pin = await verified_pin(origin, Route(), Gate(ca_pem=authority.cert_pem.bytes()))
        with pytest.raises(TLSFailed):
            await verified_pin(origin, Route(), Gate(ca_pem=trustme.CA().cert_pem.bytes()))
    assert pin is not None
    assert len(pin) == len(root := root_pins(authority.cert_pem.bytes())[0]) == 44
    assert pin != root
    assert await verified_pin("http://127.0.0.1:9/", Route(), Gate(ca_pem=authority.cert_pem.bytes())) is None


# --- what a gate answers ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(own: web.Response, other: web.Response | None = None) -> AsyncIterator[Transport]:
    """A transport to a site that gives the answer `own` to everything, and another host that gives `other`."""

    def app(answer: web.Response | None) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            return answer or web.Response()

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        return app

    async with (
        LocalNetwork(apps={HOME: app(own), AWAY: app(other)}) as network,
        Transport(session(), page=PAGE, route=network.route) as http,
    ):
        yield http


def page(status: int = 200) -> web.Response:
    return web.Response(status=status, text="<h1>Hello</h1>", content_type="text/html")


@pytest.mark.parametrize("scheme", ['Basic realm="team"', "Negotiate", 'Digest realm="x", nonce="n"'])
async def test_a_gate_that_asks_for_authentication_is_told_with_its_host(scheme: str) -> None:
    """Not as a login of the site: a browser would ask the person, and the session has nothing to do with it."""
    async with answering(web.Response(status=401, headers={"WWW-Authenticate": scheme})) as http:
        with pytest.raises(GateRefused, match=rf"front of {HOME} wants HTTP authentication \({scheme.split()[0]}\)"):
            await call(http, PAGE)


async def test_a_site_that_wants_a_token_is_no_gate() -> None:
    """Nor one that refuses in JSON."""
    for answer, kind in (
        (web.Response(status=401, headers={"WWW-Authenticate": "Bearer"}), LoginRequired),
        (web.json_response({"detail": "no"}, status=403), BadRequest),
    ):
        async with answering(answer) as http:
            with pytest.raises(kind) as refused:
                await call(http, PAGE)
        assert not isinstance(refused.value, GateRefused)


async def test_a_refusal_with_a_web_page_is_a_gate_s() -> None:
    """The APIs of sites answer with documents; a page comes from what stands in front."""
    async with answering(page(403)) as http:
        with pytest.raises(GateRefused, match=f"{HOME} answered 403 with a web page") as refused:
            await call(http, PAGE)
    assert "browsers.json" in str(refused.value)


async def test_a_gate_that_wants_a_certificate_is_told() -> None:
    """nginx refuses with a page of 400, where none was shown and where it does not take the one that was. Another page
    of 400, or a document that speaks of certificates, is no such refusal."""
    refusal = web.Response(
        status=400, text="<title>400 The SSL certificate error</title>", content_type="text/html", charset="utf-8"
    )
    async with answering(refusal) as http:
        with pytest.raises(GateRefused, match=rf"front of {HOME} wants a certificate of yours.*client_certificates"):
            await call(http, PAGE)
    shown = Gate(certificates=(ClientCertificate(origin=PAGE, cert_path="a", key_path="b"),))
    told = gate_refusal(400, refusal.headers, PAGE, shown, "No required SSL certificate was sent")
    assert told is not None
    assert "does not take the certificate" in told.what
    assert gate_refusal(400, refusal.headers, PAGE, shown, "Request Header Or Cookie Too Large") is None
    assert gate_refusal(400, {"Content-Type": "application/json"}, PAGE, shown, "The SSL certificate error") is None


@pytest.mark.parametrize("answer", [page(), page(403), web.Response(status=401), web.Response(status=404)])
async def test_a_call_that_is_sent_to_another_host_to_log_in_says_where(answer: web.Response) -> None:
    """Its session can be renewed by a visit. What that host gives of itself, such as a file, is no login."""
    async with answering(web.Response(status=302, headers={"Location": f"https://{AWAY}/login"}), answer) as http:
        with pytest.raises(
            SessionExpired, match=f"{HOME} sent the call to {AWAY}: a gate in front of it wants a login"
        ):
            await call(http, PAGE)
    async with answering(web.Response(status=302, headers={"Location": f"https://{AWAY}/file"})) as http:
        await call(http, PAGE)


async def test_a_way_to_a_login_and_back_is_one_too() -> None:
    """A single sign-on that still knows the person sends them back to the site's page, which is no answer."""
    back = web.Response(status=302, headers={"Location": f"{PAGE}back"})

    async def handle(request: web.Request) -> web.Response:
        return page() if request.path == "/back" else web.Response(status=302, headers={"Location": f"https://{AWAY}/"})

    async def elsewhere(_: web.Request) -> web.Response:
        return back

    apps = {}
    for host, handler in ((HOME, handle), (AWAY, elsewhere)):
        apps[host] = web.Application()
        apps[host].router.add_route("*", "/{path:.*}", handler)
    async with (
        LocalNetwork(apps=apps) as network,
        Transport(session(), page=PAGE, route=network.route) as http,
    ):
        with pytest.raises(SessionExpired, match=f"{HOME} sent the call to {AWAY}"):
            await call(http, f"{PAGE}api/models")

"""A network on loopback that answers for the real host names: from recordings, or from small applications.

Its clients reach it as a proxy. TLS ends here, under a certificate authority made for the run, so that addresses,
redirects, domains and Secure cookies are what they are outside. A host that is not known is refused: nothing is ever
forwarded to the real network. This file puts the parts together (`site_server` answers, `proxy_server` listens) and
tells clients how to get in.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import TCPConnector, web
from yarl import URL

from toolkit.errors import ReplayMismatch, UsageError, one_line, redact_url
from toolkit.har.model import Recording
from toolkit.http.route import PROXY_VARIABLE, ROOT_VARIABLE, SPKI_VARIABLE, Route
from toolkit.replay.certificate_authority import CertificateAuthority, temporary_authority
from toolkit.replay.local_network_proxy import ProxyServer
from toolkit.replay.playback import ALL_PARTS, MatchPart
from toolkit.replay.replay_app import ReplayApp
from toolkit.replay.sibling_storage_state import sibling_state
from toolkit.replay.site_server import LoggedRequest, SiteServer

LISTED = 20  # differences that an error lists
# What Chromium asks by itself, for the meaning of form fields and for news of its own parts; of which version and which
# Playwright that is so changes. No page and no client can do anything about it.
ASKED_BY_BROWSERS = {
    *("content-autofill.googleapis.com", "update.googleapis.com", "optimizationguide-pa.googleapis.com"),
    *("clients2.google.com", "edgedl.me.gvt1.com"),
}


class LocalNetwork:
    """A local network, as an async context manager; its end closes everything that it opened.

    `apps` are stand-in sites by `host` or `host:port`, in any scheme; they come before `recording`. `pace` is the
    factor for recorded gaps (0 for none), `match` says on what recorded requests are matched (see
    `toolkit.replay.playback`), `uncompared` names places in the frames of WebSockets that are not compared, besides
    those that the recording names (see `toolkit.har.frames`). `strict` verifies at the end that the requests were the
    recorded ones (see `verify`), unless the body of the `async with` raised an error itself. `proxy_auth` is the user
    and password that the proxy asks for. `authority` issues the certificates, for several networks one after the other;
    without it, this one makes its own.

    `session` is the session that the recording's own calls began with, None where the recording has none: a client
    that visits no page starts from it, and a context may. `log` lists the requests that reached a site, `refused` the
    hosts (as `host:port`) that are not known here, but for those that a browser asks by itself, and `misses` the
    requests that no recorded exchange answers.
    """

    def __init__(
        self,
        *,
        apps: Mapping[str, web.Application] | None = None,
        recording: Recording | Sequence[Recording] | None = None,
        pace: float = 0.0,
        match: Sequence[MatchPart] = ALL_PARTS,
        uncompared: Collection[str] = (),
        strict: bool = False,
        proxy_auth: tuple[str, str] | None = None,
        authority: CertificateAuthority | None = None,
    ) -> None:
        recordings = [recording] if isinstance(recording, Recording) else list(recording or ())
        self.replay = ReplayApp(recordings, pace=pace, match=match, uncompared=uncompared)
        self.session = next((one.session.to_session() for one in recordings if one.session is not None), None)
        self._sites = SiteServer(apps or {}, self.replay)
        self._strict = strict
        self._proxy_auth = proxy_auth
        self._stack: AsyncExitStack | None = None
        self._given_authority = authority
        self._authority: CertificateAuthority
        self._proxy: ProxyServer
        self._port = 0

    @property
    def log(self) -> list[LoggedRequest]:
        return self._sites.log

    @property
    def refused(self) -> list[str]:
        return [host for host in self._sites.refused if host.rpartition(":")[0] not in ASKED_BY_BROWSERS]

    @property
    def misses(self) -> list[ReplayMismatch]:
        return self.replay.misses

    @property
    def answering(self) -> list[LoggedRequest]:
        """The requests that are being answered now; one whose client has gone is none of them."""
        return self._sites.answering

    # --- opening and closing

    async def __aenter__(self) -> LocalNetwork:
        async with AsyncExitStack() as stack:
            self._authority = self._given_authority or stack.enter_context(temporary_authority())
            await self._sites.start(stack)
            schemes = self.replay.playback.schemes
            plain_http = frozenset(address for address, scheme in schemes.items() if scheme == "http")
            self._proxy = ProxyServer(self._sites, self._authority, credentials=self._proxy_auth, plain_http=plain_http)
            self._port = await self._proxy.listen()
            stack.push_async_callback(self._close)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._strict and kind is None:
            await self.replay.settle()
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()
        if self._strict and kind is None:
            self.verify()

    def verify(self, *, pages_only: bool = False) -> None:
        """Raise `ReplayMismatch` if this replay differs from its recordings so far, with every difference: requests
        that no recording answers, refused hosts, exchanges that have to be played and were not (see
        `toolkit.replay.playback` for which these are), and frames of a client that were not sent.

        `pages_only` says that pages were visited, and no call of a client was to be made: then such calls need not be
        played, and what a page only reads at a URL of which nothing is recorded is no difference, since a page goes on
        to fetch for as long as it is open. A recording has that until it was left.
        """
        passed_over = self.replay.unknown if pages_only else []
        differences = [str(miss) for miss in self.misses if miss not in passed_over]
        differences += [f"{host} was refused: nothing of it is recorded." for host in dict.fromkeys(self.refused)]
        differences += [
            f"never played: {entry.request.method} {redact_url(entry.request.url)}"
            for entry in self.replay.playback.still_required(pages_only=pages_only)
            if self._sites.is_replayed(URL(entry.request.url))
        ]
        differences += self.replay.unplayed_frames()
        if differences:
            more = [f"and {len(differences) - LISTED} more"] if len(differences) > LISTED else []
            text = "\n".join(f"  - {one_line(one)}" for one in (*differences[:LISTED], *more))
            error = ReplayMismatch(f"What was asked differs from the recording:\n{text}")
            error.differences = tuple(differences)
            raise error

    async def _close(self) -> None:
        await self._proxy.abort_connections()
        await self._sites.cancel_handlers()
        await self._proxy.wait_closed()
        await self._sites.wait_for_connections()

    # --- how clients get in

    @property
    def address(self) -> str:
        """The proxy's URL, without user and password."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def route(self) -> Route:
        """The route into this network."""
        return Route(proxy=self._proxy_url(), ca_pem=self._authority.root_pem, spki=self._authority.spki, sealed=True)

    def launch_args(self) -> list[str]:
        """Command-line arguments for Chromium, so that it accepts this network's certificates."""
        return [f"--ignore-certificate-errors-spki-list={self._authority.spki}"]

    def context_options(self, *, trusted: bool = True) -> dict[str, Any]:
        """Arguments for Playwright's `browser.new_context()`: the proxy, also for hosts on loopback.

        `trusted` says that the browser accepts this network's certificates, by `launch_args()`. If not, the context
        accepts any certificate, but Chromium still runs no service worker of a host with one (see `trusted_by`).
        """
        proxy: dict[str, str] = {"server": self.address, "bypass": "<-loopback>"}
        if self._proxy_auth:
            proxy |= {"username": self._proxy_auth[0], "password": self._proxy_auth[1]}
        return {"proxy": proxy} if trusted else {"proxy": proxy, "ignore_https_errors": True}

    def sibling_options(self, state: Mapping[str, Any], *, trusted: bool = False) -> dict[str, Any]:
        """Arguments for a context in this network with the cookies and storage of an open one, whose storage state is
        `state`:

            context.browser.new_context(**network.sibling_options(context.storage_state()))

        It fits both APIs of Playwright. Values that the recording replaced by placeholders become the placeholders (see
        `toolkit.replay.sibling_storage_state`). Nothing else is copied, such as the user agent. `trusted` is that of
        `context_options`.
        """
        recorded = self.session.to_storage_state() if self.session is not None else {}
        state = sibling_state(state, recorded, self.replay.playback.http_only_cookies)
        return self.context_options(trusted=trusted) | {"storage_state": state}

    async def sibling(self, context: Any, *, trusted: bool = False) -> Any:
        """Open a context in this network that is a copy of `context`: in the same browser, with the same cookies and
        storage (see `sibling_options`). `context` is a `BrowserContext` of Playwright's async API that was opened
        outside of this network; it stays as it is. The caller closes the new one, or else its browser does.

        Raises `UsageError` if `context` has no browser that can open another.
        """
        if context.browser is None:
            raise UsageError(
                "This context has no browser of its own that could open a sibling.",
                hint="Open one in another browser, with `network.sibling_options(await context.storage_state())`.",
            )
        options = self.sibling_options(await context.storage_state(), trusted=trusted)
        return await context.browser.new_context(**options)

    @asynccontextmanager
    async def trusted_by(self, browser: Any) -> AsyncIterator[None]:
        """Make `browser` accept this network's certificates everywhere, service workers included, until the block ends.
        `browser` is a running Chromium of Playwright's async API that was launched without `launch_args()`.

        Meanwhile it accepts **any** certificate, in its other contexts too, so never use it on a person's browser.
        """
        session = await browser.new_browser_cdp_session()
        try:
            await session.send("Security.setIgnoreCertificateErrors", {"ignore": True})
            yield
        finally:
            if browser.is_connected():
                await session.detach()

    def ssl_context(self) -> ssl.SSLContext:
        """A TLS context for clients that trusts this network's certificate authority and no other."""
        return ssl.create_default_context(cadata=self._authority.root_pem.decode("ascii"))

    def session_options(self) -> dict[str, Any]:
        """Arguments for one `aiohttp.ClientSession()`; they hold a connector, which that session owns and closes."""
        return {"connector": TCPConnector(ssl=self.ssl_context()), "proxy": self._proxy_url()}

    def environ(self) -> dict[str, str]:
        """Environment variables that lead another program into this network, if it reads them. The file of the root
        certificate that they name exists as long as this network."""
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), self._proxy_url())
        proxies["NO_PROXY"] = ""
        case = str.upper if os.name == "nt" else str.lower  # variables' names have no case on Windows
        roots = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", ROOT_VARIABLE)
        return (
            proxies
            | {case(name): value for name, value in proxies.items()}  # curl reads `http_proxy` in lower case only
            | dict.fromkeys(roots, str(self._authority.root_file))
            | {"NODE_USE_ENV_PROXY": "1", PROXY_VARIABLE: self._proxy_url(), SPKI_VARIABLE: self._authority.spki}
        )

    def _proxy_url(self) -> str:
        url = URL(self.address)
        return str(url.with_user(self._proxy_auth[0]).with_password(self._proxy_auth[1]) if self._proxy_auth else url)

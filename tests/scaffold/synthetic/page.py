"""A page's script, as far as a site can tell: its requests, its cookies, what it keeps, and the recording of all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
from yarl import URL

from toolkit.har.model import Entry
from toolkit.recording.exchange import Exchange
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
BOUNDARY = "----WebKitFormBoundaryh3Xq0ZyU2nTtLwEa"
REDIRECTS = (301, 302, 303)


class Answer(NamedTuple):
    """What the page got, after redirects: `path` is where from."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class PageSocket:
    """A WebSocket of a page."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse, exchange: Exchange) -> None:
        self._raw, self._exchange = raw, exchange

    async def send(self, value: Any) -> None:
        data = json.dumps(value, ensure_ascii=False)
        self._exchange.message(data, sent=True)
        await self._raw.send_str(data)

    async def receive(self) -> Any:
        """The next frame; None once the site has closed the socket."""
        message = await self._raw.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            self._exchange.closed("unknown", None, "")
            self._exchange.end()
            return None
        self._exchange.message(message.data, sent=False)
        return json.loads(message.data)

    async def close(self) -> None:
        await self._raw.close()
        self._exchange.closed("unknown", None, "")
        self._exchange.end()


class Page:
    """A page of `origin`. `storage` is its localStorage; `shown` are the answers that it has shown, in order."""

    def __init__(self, origin: str, http: aiohttp.ClientSession) -> None:
        self.origin, self._http = origin, http
        self._exchanges: list[Exchange] = []
        self._sent: dict[str, str] = {}  # the last value of each header of a script's request
        self.storage: dict[str, str] = {}
        self.shown: list[str] = []
        self.state: dict[str, Any] = {}  # what its script has in variables

    @property
    def entries(self) -> list[Entry]:
        return sorted((exchange.entry() for exchange in self._exchanges), key=lambda entry: entry.started)

    async def open(self, path: str = "/", *, headers: Mapping[str, str] = {}) -> Answer:
        """Go to a page of the site. `headers` are those that the browser sends to a gate."""
        own = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "accept": "text/html,*/*;q=0.8"}
        return await self._follow("GET", path, b"", {**own, **headers})

    async def get(self, path: str, *, headers: Mapping[str, str] = {}, **query: str) -> Answer:
        """A script's GET."""
        return await self._fetch("GET", f"{path}?{urlencode(query)}" if query else path, b"", headers)

    async def post(self, path: str, body: Any = None, *, headers: Mapping[str, str] = {}) -> Answer:
        """A script's POST of JSON, or of nothing."""
        data = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        kind = {} if body is None else {"content-type": "application/json"}
        return await self._fetch("POST", path, data, {**kind, **headers})

    async def delete(self, path: str) -> Answer:
        return await self._fetch("DELETE", path, b"", {})

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        kind = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        return await self._fetch("POST", path, urlencode(fields).encode(), kind)

    async def post_multipart(self, path: str, fields: Mapping[str, str]) -> Answer:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        body = "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode()
        return await self._fetch("POST", path, body, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"})

    async def socket(self, path: str, *protocols: str) -> PageSocket:
        """Open a WebSocket, as `new WebSocket` does."""
        url = urljoin(self.origin, path)
        headers = {"user-agent": AGENT, "origin": self.origin}
        raw = await self._http.ws_connect(url, headers=headers, protocols=protocols)
        cookies = self._http.cookie_jar.filter_cookies(URL(url))
        sent = [*headers.items(), ("Upgrade", "websocket")]
        sent += [("Cookie", "; ".join(f"{name}={one.value}" for name, one in cookies.items()))] if cookies else []
        sent += [("Sec-WebSocket-Protocol", ", ".join(protocols))] if protocols else []
        exchange = Exchange("GET", url.replace("http", "ws", 1), sent, b"")
        self._exchanges.append(exchange)
        chosen = [("Sec-WebSocket-Protocol", raw.protocol)] if raw.protocol else []
        exchange.response(101, "Switching Protocols", [("Upgrade", "websocket"), *chosen])
        return PageSocket(raw, exchange)

    def cookie(self, name: str) -> str:
        """What `document.cookie` has."""
        return self._http.cookie_jar.filter_cookies(URL(self.origin))[name].value

    def session(self, provider: str, harvest: Harvest) -> BrowserSession:
        """What a visit of a browser would take, by the recipe."""
        cookies = {cookie.key: cookie.value for cookie in self._http.cookie_jar}
        taken = {name: self._sent[name] for name in harvest.headers if name in self._sent}
        made = BrowserSession.from_cookie_values(provider, self.origin, cookies)
        return BrowserSession(
            provider=provider,
            origin=self.origin,
            cookies=made.cookies,
            headers={"user-agent": AGENT, **taken},
            local_storage={self.origin: dict(self.storage)},
        )

    async def _fetch(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        fetch = {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "accept": "*/*", "referer": f"{self.origin}/"}
        own = {} if method == "GET" else {"origin": self.origin}
        self._sent |= {name.lower(): value for name, value in headers.items()}
        return await self._follow(method, path, body, {**fetch, **own, **headers})

    async def _follow(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        while True:
            url = urljoin(self.origin, path)
            sent = {"user-agent": AGENT, "sec-fetch-site": "same-origin", **headers}
            async with self._http.request(
                method, url, data=body or None, headers=sent, allow_redirects=False
            ) as response:
                asked = [(str(name), value) for name, value in response.request_info.headers.items()]
                exchange = Exchange(method, url, asked, body)
                self._exchanges.append(exchange)
                answered = [(str(name), value) for name, value in response.headers.items()]
                exchange.response(response.status, response.reason or "", answered)
                got = bytearray()
                async for data in response.content.iter_any():
                    exchange.chunk(data)
                    got += data
                exchange.end()
            if response.status not in REDIRECTS:
                return Answer(response.status, response.headers, bytes(got), urlsplit(url).path)
            path, method, body = urljoin(url, response.headers["location"]), "GET", b""

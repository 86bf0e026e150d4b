"""Decides whether a request is let in, before anything of it is read: who it names, where it comes from, and the key.

A web page that is open in a browser on this machine can send requests to loopback too. What gives it away is in the
headers that the browser sets and no page can: Host (DNS rebinding), Origin and Sec-Fetch-Site (Fetch Metadata,
https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header). Sec-Fetch-Mode is no sign: Node's `fetch` sends it. Pure.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from toolkit.gateway.cross_origin import is_preflight
from toolkit.gateway.error_answers import GatewayError

FOREIGN = ("cross-site", "same-site")  # another port of the same host is the same site, and another program's


class RequestGuard(NamedTuple):
    """The rules of one server. `hosts` are the values of Host that it answers to, in lower case, with the port;
    `origins` those of Origin that may call it; `key` is what a client has to show, "" for none, or one of `other_keys`,
    and `open_paths` are where it need not."""

    hosts: frozenset[str]
    origins: frozenset[str] = frozenset()
    key: str = ""
    open_paths: frozenset[str] = frozenset()
    other_keys: tuple[str, ...] = ()

    def __repr__(self) -> str:  # never the key
        return f"<RequestGuard for {', '.join(sorted(self.hosts))}>"

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> GatewayError | None:
        """Why the request is refused; None for one that is let in. Nothing of the request stands in the words."""
        host = headers.get("Host", "").lower()
        if host not in self.hosts:
            what = (
                "This server does not answer to that Host. `--allow-host NAME` of `toolkit serve` has it answer to one."
            )
            return GatewayError(403, "permission_error", "host_refused", what)
        if not self._may_come_from(host, headers.get("Origin"), headers.get("Sec-Fetch-Site")):
            what = "Web pages may not call this server. `--allow-origin ORIGIN` of `toolkit serve` lets those of one."
            return GatewayError(403, "permission_error", "origin_refused", what)
        if is_preflight(method, headers) and headers["Origin"] in self.origins:
            return None  # which has no key, and is answered without the request that it asks about
        if path not in self.open_paths and self.key and not self._has_key(headers):
            what = (
                "That is not this server's key. `toolkit serve key` shows it; send it as `Authorization: Bearer KEY`."
            )
            return GatewayError(401, "invalid_request_error", "invalid_api_key", what)
        if method == "POST" and headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            what = "The body has to be JSON, with the header `Content-Type: application/json`."
            return GatewayError(415, "invalid_request_error", "unsupported_media_type", what)
        return None

    def _may_come_from(self, host: str, origin: str | None, site: str | None) -> bool:
        """Whether a request to `host` with these headers is a program's, or of a page that may call the server: one of
        `origins`, or the server's own, which has the address that the request itself is for."""
        if origin in self.origins:
            return True
        own = (f"http://{host}", f"https://{host}")  # with TLS where another server stands before this one
        return site not in FOREIGN and (origin is None or origin in own)

    def _has_key(self, headers: Mapping[str, str]) -> bool:
        kind, _, shown = headers.get("Authorization", "").partition(" ")
        given = [shown.strip() if kind.lower() == "bearer" else "", headers.get("X-Api-Key", "")]
        # Each is compared with each, whatever has been found: how long it takes tells nothing of them.
        pairs = [
            (one.encode("utf-8", "replace"), key.encode()) for one in given for key in (self.key, *self.other_keys)
        ]
        return sum(hmac.compare_digest(*pair) for pair in pairs) > 0


def own_hosts(host: str, port: int, names: Iterable[str] = ()) -> frozenset[str]:
    """The values of Host of a server that listens at `host` and `port`: the names of loopback, and the further `names`
    as they are and with the port."""
    local = ["127.0.0.1", "localhost", "[::1]"]
    if host not in ("0.0.0.0", "::", ""):  # which no request should name
        local.append(f"[{host}]" if ":" in host and not host.startswith("[") else host)
    return frozenset(f"{name}:{port}".lower() for name in (*local, *names)) | frozenset(map(str.lower, names))

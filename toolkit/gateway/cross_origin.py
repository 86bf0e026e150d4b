"""What browsers have to be told so that pages of an origin that was allowed can call the server (CORS,
https://fetch.spec.whatwg.org/#http-cors-protocol). Pages of others are told nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

MAX_AGE = "600"  # seconds for which a browser need not ask again


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks whether a page may send a request."""
    return method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers


def cross_origin_headers(request: Mapping[str, str], origins: Collection[str]) -> dict[str, str]:
    """The headers of the answer to a request with the headers `request`; none but for one of `origins`. Never with
    credentials: the server has no cookies."""
    origin = request.get("Origin")
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin is not None and origin in origins else {}


def preflight_headers(request: Mapping[str, str]) -> dict[str, str]:
    """The further headers of the answer to a preflight of an origin that is allowed."""
    asked = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": request.get("Access-Control-Request-Headers", ""),
        "Access-Control-Max-Age": MAX_AGE,
    }
    # From a page of the internet to this machine (https://wicg.github.io/private-network-access/).
    near = "Access-Control-Request-Private-Network" in request
    return asked | ({"Access-Control-Allow-Private-Network": "true"} if near else {})

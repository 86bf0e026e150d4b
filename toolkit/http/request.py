"""`Request`: one HTTP request as a value, built from a call's arguments or from a redirect. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

import msgspec
from multidict import CIMultiDict
from yarl import URL

from toolkit.errors import ProtocolError, UsageError, redact_url
from toolkit.http.forms import FormFile, encode_form
from toolkit.session.browser_headers import origin_of
from toolkit.session.sites import Target


class Request(NamedTuple):
    """One request. `headers` are those of this call only: the session's come on top when it is sent. `body` is empty
    where there is none."""

    method: str
    url: str
    body: bytes
    headers: CIMultiDict[str]

    def __repr__(self) -> str:
        return f"<Request {self.method} {redact_url(self.url)}: {len(self.headers)} headers, {len(self.body)} bytes>"

    def redirected(self, location: str, status: int) -> Request:
        """The request that follows a redirect with `status` to `location`.

        See https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 11 to 13. Raises `ProtocolError` where `location`
        is not a web address.
        """
        try:
            url = str(_parse_url(urljoin(self.url, location), encoded=False).with_fragment(None))
        except ValueError:
            raise ProtocolError("The site redirected to something that is not a web address.", url=self.url) from None
        method, body, headers = self.method, self.body, self.headers.copy()
        if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
            method, body = "GET", b""
            headers.pop("content-type", None)
        if origin_of(self.url) != origin_of(url):  # headers that may hold credentials do not go to another origin
            headers = CIMultiDict({name: headers[name] for name in ("accept", "content-type") if name in headers})
        return Request(method, url, body, headers)


def build_request(
    method: str,
    url: str,
    *,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    files: Iterable[FormFile] = (),
    multipart: bool = False,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """The request that the arguments of `Transport.request` describe.

    Raises `UsageError` for a URL that cannot be called, for a body that cannot be written as JSON, and for one that is
    to be JSON and a form at once.
    """
    try:
        target = _parse_url(url, encoded=True)
    except ValueError:
        raise UsageError("That is not a URL that can be called.") from None
    if params:
        url = str(target.update_query(params))
    own, files = CIMultiDict(headers or {}), tuple(files)
    if data is None and not files:
        if json is not None:
            own.setdefault("content-type", "application/json")
        return Request(method, url, _encode_json(json, url), own)
    if json is not None:
        raise UsageError("The body of a call is JSON or a form, not both.", url=url)
    own["content-type"], body = encode_form(data or {}, files, multipart=multipart)
    return Request(method, url, body, own)


def _encode_json(json: Any, url: str) -> bytes:
    try:
        return b"" if json is None else msgspec.json.encode(json, enc_hook=_plain_text)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"That cannot be sent as JSON ({type(error).__name__}).", url=url) from None


def _plain_text(value: object) -> str:
    """The text that `value` is, if its class is one derived from `str`, such as the texts of parsers and of numpy."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(type(value).__name__)


def _parse_url(url: str, *, encoded: bool) -> URL:
    """`url`, percent-encoded unless it is already. Raises `ValueError` for what is not an http or https URL, or has a
    host that no name server can be asked for."""
    target = URL(url, encoded=encoded)
    if target.scheme not in ("http", "https") or not target.host:
        raise ValueError(url)
    Target.of(str(target))
    return target

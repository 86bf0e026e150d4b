"""One request, and what a redirect makes of it. Pure."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urljoin

from multidict import CIMultiDict
from yarl import URL

from toolkit.errors import ProtocolError
from toolkit.session.headers import origin_of


class Request(NamedTuple):
    """One request: what is said besides what the page always says. `body` is empty where there is none."""

    method: str
    url: str
    body: bytes
    headers: CIMultiDict[str]

    def redirected(self, location: str, status: int) -> Request:
        """The next one after a redirect: https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 11 to 13."""
        try:
            target = URL(urljoin(self.url, location))  # percent-encodes what the site left as it is
            url = str(target.with_fragment(None))
            if target.scheme not in ("http", "https") or not target.host:
                raise ValueError(url)
        except ValueError:
            raise ProtocolError("The site redirected to something that is not a web address.", url=self.url) from None
        method, body, headers = self.method, self.body, self.headers.copy()
        if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
            method, body = "GET", b""
            headers.pop("content-type", None)
        if origin_of(self.url) != origin_of(url):
            # Only what says what is wanted goes along to another origin, never what says who asks.
            headers = CIMultiDict({name: headers[name] for name in ("accept", "content-type") if name in headers})
        return Request(method, url, body, headers)

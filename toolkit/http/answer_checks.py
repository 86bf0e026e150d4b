"""Tells an answer that a call wanted from one that refuses it: by its status, its page, and where it redirects to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from toolkit.errors import ProtocolError, SessionExpired, ToolkitError, redact_url
from toolkit.http.gate import Gate
from toolkit.http.gate_answers import gate_refusal, leaves_hosts, sent_away_error
from toolkit.http.request import Request
from toolkit.http.response import ENCODINGS, Response
from toolkit.http.response_cookies import apply_set_cookies
from toolkit.http.status_errors import StatusErrors, status_error
from toolkit.session.browser_session import BrowserSession


class CredentialRemover(Protocol):
    """`Transport.credential_remover`."""

    def __call__(self, sessions: tuple[BrowserSession, ...], headers: Mapping[str, str], /) -> Callable[[str], str]: ...


class AnswerChecks(NamedTuple):
    """The checks of a transport's answers. `page`, `hosts`, `statuses`, `is_login_page` and `gate` are the
    transport's."""

    page: str
    hosts: tuple[str | None, ...]
    statuses: StatusErrors
    is_login_page: Callable[[str], bool] | None
    gate: Gate
    credential_remover: CredentialRemover

    def leads_to_login(self, request: Request) -> bool:
        """Whether `request`, to which the site has redirected, is for its login page."""
        parts = urlsplit(request.url)
        return self.is_login_page is not None and parts.hostname in self.hosts and self.is_login_page(parts.path)

    async def raise_for_answer(self, response: Response, request: Request, session: BrowserSession) -> None:
        """Raise the error that the status means, or `ProtocolError` for a body in an encoding that was not offered.

        `session` is what `request` was sent with, the cookies of redirects before it included: the site may repeat any
        of it, and what it sets with this answer.
        """
        if response.status >= 400:
            known = apply_set_cookies(session, response.url, response.raw.headers, page=self.page)
            redact = self.credential_remover((session, known), request.headers)
            body = await response.excerpt()
            if response.status not in self.statuses:
                told = body.decode("utf-8", "replace")
                if refusal := gate_refusal(response.status, response.headers, request.url, self.gate, told):
                    raise refusal
            raise status_error(response.raw, body, self.statuses, redact)
        if response.status >= 300:
            raise ProtocolError(f"The site answered {response.status}, which leads nowhere.", url=response.url)
        encoding = response.headers.get("Content-Encoding", "").lower()
        if encoding not in ENCODINGS:
            raise ProtocolError("The site's answer is encoded in a way that was not offered.", url=response.url)

    async def raise_for_no_socket(self, response: Response, request: Request, session: BrowserSession) -> None:
        """Raise the error for an answer to the handshake `request` that opens no WebSocket.

        A redirect is not followed, since browsers follow none (https://websockets.spec.whatwg.org/, "establish a
        WebSocket connection", step 9).
        """
        location = response.headers.get("Location")
        if 300 <= response.status < 400 and location is not None:
            raise self._redirected(request, request.redirected(location, response.status))
        await self.raise_for_answer(response, request, session)
        await response.raise_for_page("a WebSocket")
        text = f"The site answered {response.status}, and opened no WebSocket."
        raise ProtocolError(text, url=response.url, hint="Look at whether that is the socket's address.")

    def _redirected(self, request: Request, following: Request) -> ToolkitError:
        if self.leads_to_login(following):
            return SessionExpired("The site sent the WebSocket to its login page.", url=request.url)
        if elsewhere := leaves_hosts(request.url, following.url, self.hosts):
            return sent_away_error(request.url, elsewhere, request.url)
        where = redact_url(following.url)
        return ProtocolError(f"The site redirects the WebSocket to {where}, and none is redirected.", url=request.url)

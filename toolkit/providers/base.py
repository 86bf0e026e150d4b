"""The base class of providers: facts about a site, a recipe for its session, and a generator that speaks its protocol.

A provider gets a `Transport` and gives text and events. It uses no HTTP library, browser or store. Besides errors and a
decoder, the file of a provider needs only what can be imported from here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from toolkit.chats.events import Finished, Pieces, Queued
from toolkit.chats.messages import TEXT, ChatRequest, MessageLike, read_messages
from toolkit.chats.stream import ChatStream
from toolkit.errors import ReplayMismatch, ToolkitError, UsageError
from toolkit.providers.model_lists import cached_models, model_names
from toolkit.session.browser_headers import origin_of
from toolkit.session.recipe import CHAT_BOX, Harvest, Probe
from toolkit.session.recipe_tokens import Renew, StoredValue, Token
from toolkit.session.site_address import normalize_base_url
from toolkit.session.tokens import token_headers

if TYPE_CHECKING:
    from toolkit.http.transport import Transport
    from toolkit.session.browser_session import BrowserSession

# Arguments of `create_async_generator` that are for the client. They say how to make the call, and never reach a site.
CALL_OPTIONS = (
    "account",
    "base_url",
    "browser",
    "browsers",
    "context",
    "cookies",
    "deadlines",
    "profile",
    "proxy",
    "recorder",
    "route",
    "session",
    "store",
    "webdriver",
)

Messages = str | Iterable[MessageLike]

__all__ = [
    "CHAT_BOX",
    "ChatRequest",
    "ChatStream",
    "Finished",
    "Harvest",
    "Messages",
    "Pieces",
    "Probe",
    "Provider",
    "Queued",
    "Renew",
    "StoredValue",
    "Token",
]


class Provider:
    """One chat site. Subclass it, set the class attributes, write `stream`.

    - `name`: the name by which the provider is found, in lower-case letters and digits.
    - `url`: the address of the public site. A provider without it has no public site.
    - `working`: whether the public site answers today.
    - `needs_auth`: whether the site needs a login.
    - `known_models`: the models of a site that has no list of them, the default first.
    - `accepts`: what the site takes: `text`, and perhaps `images`, `files`, `tools`.
    - `options`: the settings that the site understands: `temperature`, `max_tokens`, and arguments of its own.
    - `option_notes`: for settings that mean something else at this site than their name says, what that is.
    - `refuses_unknown`: whether an argument that the site does not know is an error, instead of being passed on.
    - `one_at_a_time`: whether the site allows only one call at a time per account.
    - `single_page`: whether the site answers every unknown path with its page. Then a page in place of an answer says
      nothing about the session.
    - `statuses`: the error for an HTTP status that has a meaning of its own at this site; the key is the status, or a
      pair of the status and a part of its body, or of the explanation in that.
    - `closes`: the error for a code with which this site closes a WebSocket; the key is the code, or a pair of the code
      and a part of the reason beside it.
    - `random`: the fields of requests that have a new random value in each call (`query.NAME`, `body.NAME`, with `[]`
      for each item of a list, and in the messages of a WebSocket `frames.NAME` or `frames.EVENT.NAME`), so that replay
      accepts any value.
    - `uncompared`: the fields of messages, and the events (`frames.EVENT`), that replay does not compare.
    - `marks_end`: whether an answer has an end that can be told from a connection that ends too early.
    - `error_events`: examples of how the site reports a failure within an answer, as bytes of its body.
    - `own_pages`: a regular expression for the paths of the site's pages, which people copy with its address.
    - `harvest`: the recipe for a session.

    The constructor's `base_url` names another deployment of the same software. It raises `UsageError` without one if
    there is no public site.
    """

    name: ClassVar[str]
    url: ClassVar[str] = ""
    working: ClassVar[bool] = True
    needs_auth: ClassVar[bool] = False
    known_models: ClassVar[tuple[str, ...]] = ()
    accepts: ClassVar[frozenset[str]] = frozenset({TEXT})
    options: ClassVar[tuple[str, ...]] = ()
    option_notes: ClassVar[Mapping[str, str]] = {}
    refuses_unknown: ClassVar[bool] = False
    one_at_a_time: ClassVar[bool] = False
    single_page: ClassVar[bool] = False
    statuses: ClassVar[Mapping[int | tuple[int, str], type[ToolkitError]]] = {}
    closes: ClassVar[Mapping[int | tuple[int, str], type[ToolkitError]]] = {}
    random: ClassVar[tuple[str, ...]] = ()
    uncompared: ClassVar[tuple[str, ...]] = ()
    marks_end: ClassVar[bool] = True
    error_events: ClassVar[tuple[bytes, ...]] = ()
    own_pages: ClassVar[str] = ""
    harvest: ClassVar[Harvest] = Harvest()

    def __init__(self, base_url: str | None = None) -> None:
        if not (base_url or self.url):
            raise UsageError(
                "There is no public site of it, each deployment is somebody's own.",
                provider=self.name,
                hint="Name the one that is meant: `base_url`.",
            )
        self.base_url = base_url
        self.site = normalize_base_url(base_url, self.own_pages) if base_url is not None else origin(self.url)
        self.api = self.site

    @classmethod
    def public_site(cls) -> str:
        """The address of the public site, "" if there is none."""
        return cls().site if cls.url else ""

    def move_to(self, site: str) -> None:
        """Be the provider of the same deployment at `site`, the address that it has itself."""
        moved = type(self)(site)
        self.base_url, self.site, self.api = moved.base_url, moved.site, moved.api

    @property
    def page(self) -> str:
        """The page to visit for a session. Later calls are made as if this page made them."""
        return self.site + self.harvest.page

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the provider: those of its page and its calls, and, at the public site only, those of the
        recipe."""
        more = () if self.base_url else self.harvest.hosts
        own = (urlsplit(self.site).hostname or "", urlsplit(self.api).hostname or "", *more)
        return tuple(dict.fromkeys(own))

    def check_accepts(self, request: ChatRequest) -> None:
        """Raise `UsageError` where `request` holds what the site does not take."""
        if refused := sorted(request.needs - self.accepts):
            raise UsageError(
                f"It takes {', '.join(sorted(self.accepts))}, and no {' and no '.join(refused)}.", provider=self.name
            )

    def takes_model(self, model: str) -> bool:
        """Whether a call can ask for `model`. Overridden where the site's protocol has no place for a name."""
        return True

    def credentials(self, session: BrowserSession, url: str) -> dict[str, str]:
        """The headers with the recipe's token that a call of `url` carries with `session`, names in lower case.

        None for an address that is not the provider's own: another host, or another port of the same one.
        """
        own = {origin_of(self.site), origin_of(self.api)}
        own |= {f"https://{host}" for host in self.harvest.hosts if not self.base_url}
        return token_headers(session, self.harvest, time.time()) if origin_of(url) in own else {}

    def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        """Ask the site, and yield its answer: text as `str`, and events if the protocol has them.

        Every provider overrides this, usually with an async generator.
        """
        raise TypeError(f"{type(self).__name__} does not say how to stream: it needs a `stream` method")

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        """Ask the site for the names of its models, the default first. Overridden if the site has such a list."""
        return self.known_models

    @property
    def lists_models(self) -> bool:
        """Whether the site has a list of its models, so that `list_models` is overridden."""
        return type(self).list_models is not Provider.list_models

    async def models(self, *, refresh: bool = False, **call: Any) -> tuple[str, ...]:
        """The names of the models, the default first. A site with a list is asked at most once an hour, or always with
        `refresh`; without a list they are `known_models`.

        This is a whole call: `call` are the arguments of `Client`, as for `create_async_generator`. Raises what a chat
        raises.
        """
        from toolkit.client.one_shot import open_chat

        return await model_names(self, lambda request: open_chat(self, request, **call), refresh=refresh)

    async def first_model(self, http: Transport) -> str:
        """The first of the site's own list of models, for a call that names none. A recording from before the list was
        asked for has none: its calls asked the first of `known_models`."""
        try:
            return (await cached_models(self, http))[0]
        except ReplayMismatch:
            if not self.known_models:
                raise
            return self.known_models[0]

    @classmethod
    def _call(
        cls,
        model: str | None,
        messages: Messages,
        arguments: Mapping[str, Any],
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> ChatStream:
        """Make a whole call for `create_async_generator`: get a session, send the request, stream the answer.

        Those of `arguments` that are in `CALL_OPTIONS` go to the client, the others become options of the request.
        """
        from toolkit.client.one_shot import open_chat  # the one import that points up: this is a whole call

        request = ChatRequest(
            messages=read_messages(messages),
            model=model or None,
            temperature=temperature,
            max_tokens=max_tokens,
            options={name: value for name, value in arguments.items() if name not in CALL_OPTIONS},
        )
        call = {name: value for name, value in arguments.items() if name in CALL_OPTIONS and value is not None}
        return open_chat(cls, request, **call)


def origin(url: str) -> str:
    """The scheme, host and port of `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

"""What a provider is: some facts, a recipe for its session, and one generator that speaks its protocol.

No HTTP library, browser or store is known here: a provider gets a `Transport` and gives text and events. All that the
file of a provider needs besides errors and a decoder is imported from here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from toolkit.chats.events import Finished, Pieces, Queued
from toolkit.chats.messages import ChatRequest, MessageLike, read_messages
from toolkit.chats.stream import ChatStream
from toolkit.errors import ToolkitError, UsageError
from toolkit.providers.models import cached_models, model_names
from toolkit.session.bearer_token import bearer_token
from toolkit.session.recipe import CHAT_BOX, Harvest, Probe

if TYPE_CHECKING:
    from toolkit.http.transport import Transport

# Arguments of `create_async_generator` that are about the call and not part of it, so they never reach a site.
CALL_OPTIONS = (
    *("account", "base_url", "browser", "browsers", "context", "cookies", "deadlines", "profile", "proxy"),
    *("recorder", "route", "session", "store", "webdriver"),
)

Messages = str | Iterable[MessageLike]

__all__ = ["CHAT_BOX", "ChatRequest", "ChatStream", "Finished", "Harvest", "Messages", "Pieces", "Probe", "Provider",
           "Queued"]  # fmt: skip


class Provider:
    """One chat site. Subclass it, set the facts, write `stream`.

    `url` is the site's address; `base_url` given to the constructor points at another deployment of the same software.
    A provider without `url` has no public site: every deployment is somebody's own, and `base_url` is needed, so that
    the constructor raises `UsageError` without it. `working` says whether the public site answers today.
    `known_models` are for where the site has no list of them, the first is the default. `one_at_a_time` is for sites
    that allow one call per account. `options` names what the site can be told besides: temperature, max_tokens,
    and arguments of its own; `refuses_unknown` says that one which it does not know is an error, and not passed on.
    `single_page` says that the site answers each path that it does not know with its page, so that a page in place of
    an answer says nothing about the session. `statuses` are HTTP statuses that mean something of their own there, or
    pairs of one and a part of its explanation. `random` are the places of its requests that are made up anew for each
    call (`query.NAME`, `body.NAME`): replay takes any value.
    """

    name: ClassVar[str]
    url: ClassVar[str] = ""
    working: ClassVar[bool] = True
    needs_auth: ClassVar[bool] = False
    known_models: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[tuple[str, ...]] = ()
    refuses_unknown: ClassVar[bool] = False
    one_at_a_time: ClassVar[bool] = False
    single_page: ClassVar[bool] = False
    statuses: ClassVar[Mapping[int | tuple[int, str], type[ToolkitError]]] = {}
    random: ClassVar[tuple[str, ...]] = ()
    harvest: ClassVar[Harvest] = Harvest()

    def __init__(self, base_url: str | None = None) -> None:
        if not (base_url or self.url):
            raise UsageError(
                "There is no public site of it, each deployment is somebody's own.",
                provider=self.name,
                hint="Name the one that is meant: `base_url`.",
            )
        self.base_url = base_url
        self.site = normalize_base_url(base_url) if base_url else origin(self.url)
        self.api = self.site

    @classmethod
    def public_site(cls) -> str:
        """The address of the public site, "" where there is none."""
        return cls().site if cls.url else ""

    @property
    def page(self) -> str:
        """The page to visit, on whose behalf the calls are made afterwards."""
        return self.site + self.harvest.page

    @property
    def hosts(self) -> tuple[str, ...]:
        """The provider's own hosts: of the page, of the calls, and of the recipe unless it is another deployment."""
        more = () if self.base_url else self.harvest.hosts
        own = (urlsplit(self.site).hostname or "", urlsplit(self.api).hostname or "", *more)
        return tuple(dict.fromkeys(own))

    def authorization(self, http: Transport) -> dict[str, str]:
        """The header that stands in for the session's cookies where it has none, and a token in the local storage."""
        token = bearer_token(http.session, self.harvest, time.time())
        return {"authorization": f"Bearer {token}"} if token else {}

    def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        """The answer to `request`: text as `str`, and events where the protocol has them. To be written."""
        raise TypeError(f"{type(self).__name__} does not say how to stream: it needs a `stream` method")

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        """The names of the models that the site offers now, its default first. To be written where it has a list."""
        return self.known_models

    @property
    def lists_models(self) -> bool:
        """Whether the site has a list of its models."""
        return type(self).list_models is not Provider.list_models

    async def models(self, *, refresh: bool = False, **call: Any) -> tuple[str, ...]:
        """The names of the models, the default first: what the site says, asked once an hour at most unless `refresh`;
        the known ones where it has no list.

        One whole call: `call` are the arguments of `Client`, as for `create_async_generator`. Raises what a chat does.
        """
        from toolkit.client.one_shot import open_chat

        return await model_names(self, lambda asked: open_chat(self, asked, **call), refresh=refresh)

    async def first_model(self, http: Transport) -> str:
        """The site's default, for a call that names no model."""
        return (await cached_models(self, http))[0]

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
        """One whole call: a session, the request, and the answer as it arrives. For `create_async_generator`.

        Of `arguments`, those in `CALL_OPTIONS` are for the client, the others become the request's options.
        """
        from toolkit.client.one_shot import open_chat  # the one import that points up: the classmethods are whole calls

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


def normalize_base_url(base_url: str) -> str:
    """`base_url` as every way of writing it comes out: the scheme and the host in lower case, without the scheme's own
    port and a trailing slash. Raises `UsageError` where it is no http(s) URL."""
    try:
        parts = urlsplit(base_url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"[?#@\x00-\x20\x7f]", base_url):
        raise UsageError(
            "base_url is not the address of a site.",
            hint="Write it as https://host[:port][/path], without user, query and fragment.",
        )
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    port = f":{parts.port}" if parts.port not in (None, {"http": 80, "https": 443}[parts.scheme]) else ""
    return f"{parts.scheme}://{host}{port}{parts.path}".rstrip("/")

"""AiChatOnline: a token for a made-up canvas print, then JSON documents, one a line."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from toolkit.chats.messages import format_prompt
from toolkit.errors import ProtocolError, SiteError
from toolkit.providers.base import CHAT_BOX, ChatRequest, ChatStream, Harvest, Messages, Pieces, Provider
from toolkit.streams.json_lines import JSONLinesDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


def line_error(document: dict[str, Any]) -> str | None:
    """AiChatOnline: what a line reports instead of text, an `error` or a `code` that is none of success; else None."""
    error, code = document.get("error"), document.get("code")
    if not error and code in (None, 0, 200):
        return None
    told = error.get("message") if isinstance(error, dict) else error
    return str(told or document.get("message") or f"code {code}")


ALPHABET = string.ascii_lowercase + string.digits


class AiChatOnline(Provider):
    """aichatonline.org, whose calls go to another host. One model, no settings."""

    name = "aichatonline"
    site_url = "https://aichatonline.org"
    url = "https://aichatonlineorg.erweima.ai"
    api_endpoint = "/aichatonline/api/chat/gpt"
    default_model = "gpt-4o-mini"
    working = False
    known_models = (default_model,)
    random = ("query.canvas", "body.conversationId")
    harvest = Harvest(page="/chatgpt/chat/", ready=CHAT_BOX, hosts=("aichatonline.org", "aichatonlineorg.erweima.ai"))

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__(base_url)
        if not base_url:
            self.site, self.api = self.site_url, self.url

    @classmethod
    def create_async_generator(
        cls, model: str | None, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> ChatStream:
        """The answer, piece by piece."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy})

    @classmethod
    async def grab_token(cls, session: Any, proxy: str | None) -> str:
        """The id that a call has to carry. `session` is an `aiohttp.ClientSession`, or anything with such a `get`."""
        return await _token(session, cls.url, {"proxy": proxy} if proxy else {})

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        headers = {"referer": f"{self.api}{self.harvest.page}", "uniqueid": await _token(http, self.api, {})}
        body = {"conversationId": random_string(), "prompt": format_prompt(request.messages)}
        async with http.post(
            f"{self.api}{self.api_endpoint}", json=body | request.options, headers=headers
        ) as response:
            async for document in response.decode(JSONLinesDecoder(Any)):
                if not isinstance(document, dict):
                    continue
                data = document.get("data")
                if isinstance(data, dict) and isinstance(text := data.get("message"), str):
                    yield text
                elif (failure := line_error(document)) is not None:
                    raise SiteError(f"The site reported: {failure}", url=response.url)


async def _token(http: Any, api: str, options: dict[str, str]) -> str:
    url = f"{api}/api/v1/user/getUniqueId?canvas=-{random_string()}"
    async with http.get(url, **options) as response:
        document = await response.json()
    token = document.get("data") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise ProtocolError("The site gave no id for the call.", url=url)
    return token


def random_string() -> str:
    """10 lower-case letters and digits, the shape of this site's own ids."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10))

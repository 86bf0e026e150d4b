"""AiChatOnline: a chat needs a token, given for a random canvas fingerprint. The answer is JSON, a document a line."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from toolkit.chats.events import KEEP_ALIVE
from toolkit.chats.messages import format_prompt
from toolkit.errors import ProtocolError
from toolkit.providers.base import CHAT_BOX, ChatRequest, ChatStream, Harvest, Messages, Pieces, Provider
from toolkit.providers.reported_errors import reported_error
from toolkit.streams.json_lines import JSONLinesDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


ALPHABET = string.ascii_lowercase + string.digits


def reported_failure(document: dict[str, Any]) -> dict[str, Any] | None:
    """The failure that a line of an answer reports, as `reported_error` reads it: by its `error`, or by a `code` that
    is not one of success. None where it reports none."""
    code, data = document.get("code"), document.get("data")
    if not document.get("error") and code in (None, 0, 200, "0", "200"):
        return None
    said = data.get("message") if isinstance(data, dict) else None
    return {"message": said} | {name: value for name, value in document.items() if value}


class AiChatOnline(Provider):
    """aichatonline.org, whose page calls another host. It has one model and no settings."""

    name = "aichatonline"
    site_url = "https://aichatonline.org"
    url = "https://aichatonlineorg.erweima.ai"
    api_endpoint = "/aichatonline/api/chat/gpt"
    default_model = "gpt-4o-mini"
    marks_end = False
    error_events = (b'{"code": 500, "msg": "Server Error"}\n',)
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
        """Asks the site; the stream gives the answer in pieces."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy})

    @classmethod
    async def grab_token(cls, session: Any, proxy: str | None) -> str:
        """Ask for the token that a chat has to carry. `session` is an `aiohttp.ClientSession`, or anything with such a
        `get`. Raises `ProtocolError` if the site gives none."""
        return await _request_token(session, cls.url, {"proxy": proxy} if proxy else {})

    def takes_model(self, model: str) -> bool:
        """Only the one that there is."""
        return model == self.default_model

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        headers = {"referer": f"{self.api}{self.harvest.page}", "uniqueid": await _request_token(http, self.api, {})}
        body = {"conversationId": random_string(), "prompt": format_prompt(request.messages)}
        async with http.post(
            f"{self.api}{self.api_endpoint}", json=body | request.options, headers=headers
        ) as response:
            async for document in response.decode(JSONLinesDecoder(Any), keep_alive=KEEP_ALIVE):
                fields: dict[str, Any] = document if isinstance(document, dict) else {}
                if (failure := reported_failure(fields)) is not None:
                    raise reported_error(failure, response.url)
                data = fields.get("data")
                text = data.get("message") if isinstance(data, dict) else None
                yield text if isinstance(text, str) and text else KEEP_ALIVE


async def _request_token(http: Any, api: str, options: dict[str, str]) -> str:
    """Ask the host `api` for a token; `options` are more arguments of `http.get`."""
    url = f"{api}/api/v1/user/getUniqueId?canvas=-{random_string()}"
    async with http.get(url, **options) as response:
        document = await response.json()
    token = document.get("data") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise ProtocolError("The site gave no id for the call.", url=url)
    return token


def random_string() -> str:
    """10 random lower-case letters and digits, as the site's page makes its ids."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10))

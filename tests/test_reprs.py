"""No `repr` of a value that can hold a secret shows one: logs, debuggers and test reports print them."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import msgspec
import pytest
from multidict import CIMultiDict
from rich.pretty import pretty_repr

import toolkit
from toolkit.browser.profiles import Connect, Credentials, Profile, Proxy
from toolkit.chats.messages import ChatRequest, Message
from toolkit.cli.options import SessionOptions, Target
from toolkit.har.model import (
    Content,
    Entry,
    HarCookie,
    Pair,
    PostData,
    RecordedChat,
    RecordedSession,
    Recording,
    Request,
    Response,
)
from toolkit.http.forms import FormFile
from toolkit.http.request import Request as Call
from toolkit.http.route import Route
from toolkit.redaction.rules import Rules
from toolkit.session.browser_session import STORAGES, BrowserSession, Cookie
from toolkit.session.formats import har
from toolkit.session.formats.copied_requests import CopiedRequest
from toolkit.session.formats.parsed_session import ParsedSession
from toolkit.session.formats.storage_state import _Origin
from toolkit.stores.redis import RedisStore
from toolkit.stores.sealing import Sealer
from toolkit.stores.serialization import Packer

SECRET = "kX9aSECRETs3cr3tVALUE"
URL = f"https://user:{SECRET}@chat.example/api?token={SECRET}#{SECRET}"
PAIRS = [Pair("authorization", f"Bearer {SECRET}")]
POST_DATA = PostData("text/plain", SECRET)
HAR_REQUEST = Request("POST", URL, cookies=[HarCookie("sid", SECRET)], headers=PAIRS, post_data=POST_DATA)
HAR_RESPONSE = Response(200, headers=PAIRS, content=Content(text=SECRET), redirect_url=URL)
SESSION = BrowserSession(
    provider="any",
    origin="https://chat.example",
    cookies=(Cookie(name="sid", value=SECRET, domain="chat.example"),),
    headers={"x-api-key": SECRET},
    local_storage={"https://chat.example": {"token": SECRET}},
    session_storage={"https://chat.example": {"token": SECRET}},
    indexed_db={"https://chat.example": [{"name": "db", "stores": [{"name": "s", "records": [{"value": SECRET}]}]}]},
    proxy=URL,
)
VALUES: list[Any] = [
    Call("POST", URL, SECRET.encode(), CIMultiDict({"authorization": f"Bearer {SECRET}"})),
    FormFile("password", "name.txt", SECRET.encode()),
    Route(proxy=URL),
    SESSION,
    SESSION.cookies[0],
    HAR_REQUEST,
    HAR_RESPONSE,
    HAR_RESPONSE.content,
    POST_DATA,
    PAIRS[0],
    HarCookie("sid", SECRET),
    Request("GET", f"no URL ?{SECRET}"),
    Entry(datetime.now(UTC), HAR_REQUEST, HAR_RESPONSE),
    RecordedChat("any", [{"role": "user", "content": SECRET}]),
    RecordedSession.from_session(SESSION),
    Recording(
        entries=[], chat=RecordedChat("any", [{"content": SECRET}]), session=RecordedSession.from_session(SESSION)
    ),
    Rules(patterns=(SECRET,), keep=("theme",)),
    Message("user", SECRET),
    ChatRequest(messages=(Message("user", SECRET),), options={"key": SECRET}),
    CopiedRequest(URL, {"cookie": f"sid={SECRET}"}, SESSION.cookies, (f"sid={SECRET}",)),
    ParsedSession(SESSION, (), SECRET, {"x-key": SECRET}),
    _Origin("https://chat.example", {"token": SECRET}),
    har._Header("cookie", f"sid={SECRET}"),
    har._Request(URL, [har._Header("cookie", f"sid={SECRET}")], [{"name": "sid", "value": SECRET}]),
    RedisStore(f"redis://user:{SECRET}@localhost:1/0", key=SECRET),
    Packer(SECRET),
    Sealer(SECRET),
    Target(None, None, "default", URL, None, None, f"redis://user:{SECRET}@localhost:1/0"),
    SessionOptions("default", None, f"redis://user:{SECRET}@localhost:1/0"),
    Proxy(server=URL, username="user", password=SECRET),
    Credentials(username="user", password=SECRET),
    Connect(url=f"wss://chat.example/?token={SECRET}"),
    Profile(
        extra_http_headers={"authorization": SECRET},
        env={"TOKEN": SECRET},
        proxy=Proxy(server=URL),
        http_credentials=Credentials(username="user", password=SECRET),
    ),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__qualname__)
def test_no_secret_is_shown(value: Any) -> None:
    """Neither by `repr` nor by `str` nor by rich, alone or in a list; and the value is still told by something."""
    for shown in (
        repr(value),
        str(value),
        repr([value]),
        f"{value!a}",
        pretty_repr(value),
        pretty_repr({"x": [value]}),
    ):
        assert SECRET not in shown
    assert type(value).__name__.strip("_").lower()[:4] in repr(value).lower()


# Fields of plain text that can hold no secret of a session; every other value of ours with such fields has a `repr`.
TELLING = {"value", "password", "cookies", "headers", "body", "post_data", "proxy", "storage_state", *STORAGES}


# Those that have such fields and no secret in them.
HARMLESS = {
    "Column": "its value is a function",
    "Frame": "a piece of an answer",
    "GradioProps": "what an app shows to everybody",
    "Harvest": "names of cookies and headers",
    "Renew": "what a recipe says of a call",
    "Refusal": "the headers of our own answer",
}


def structures() -> Iterator[type]:
    """All classes of ours that are made of fields: structs and named tuples."""
    for module in pkgutil.walk_packages(toolkit.__path__, "toolkit."):
        if module.name.endswith("__main__"):
            continue
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and (issubclass(kind, msgspec.Struct) or hasattr(kind, "_fields")):
                yield kind


def has_generated_repr(kind: Any) -> bool:
    """Whether the `repr` of `kind` is the one that msgspec or `NamedTuple` made, which shows every field."""
    code = getattr(kind.__repr__, "__code__", None)
    return kind.__repr__ is msgspec.Struct.__repr__ or (code is not None and "collections" in code.co_filename)


def test_what_can_hold_a_secret_has_a_repr_of_its_own() -> None:
    """A new value with such a field is told of here, before it is printed somewhere."""
    bare = []
    for kind in structures():
        told = {name: str(annotation) for name, annotation in inspect.get_annotations(kind).items() if name in TELLING}
        fields = [name for name, annotation in told.items() if re.search("str|bytes|Any|Dict", annotation)]
        if fields and has_generated_repr(kind) and kind.__name__ not in HARMLESS:
            bare.append(f"{kind.__module__}.{kind.__qualname__}: {sorted(fields)}")
    assert bare == []

"""Forms: what a transport sends with `data` and `files`, and that a recording of it is replayed."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from tests.http.answering_site import SESSION
from tests.sites.serving import serve
from toolkit.errors import ReplayMismatch, UsageError
from toolkit.http.forms import FormFile, encode_form
from toolkit.http.transport import Transport
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork

BYTES = bytes(range(256)) * 3
ODD = 'a "b"\r\n/é😀.bin'


class FormSite:
    """Answers with the fields of a form as aiohttp, which knows nothing of ours, reads them."""

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/form", self._form), web.post("/moved", self._moved)])
        return app

    async def _form(self, request: web.Request) -> web.Response:
        fields: list[Any] = []
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                fields.append([name, value.filename, value.content_type, list(value.file.read())])
            else:
                fields.append([name, value])
        return web.json_response({"type": request.content_type, "fields": fields})

    async def _moved(self, request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/form"})


@pytest.mark.parametrize("path", ["/form", "/moved"])
async def test_a_form_with_files_arrives_whole(path: str) -> None:
    """Every byte, the fields before the files, and names with quotes and line ends; also after a redirect."""
    files = [FormFile("file", "zäh.txt", "Text ü".encode(), "text/plain"), FormFile("file", ODD, BYTES, "a\r\nb: c")]
    async with serve(FormSite().app()) as origin, Transport(SESSION, page=origin) as http:
        answer = await http.json(dict, "POST", origin + path, data={"who": "Ada ü"}, files=files)
    assert answer["type"] == "multipart/form-data"
    assert answer["fields"] == [
        ["who", "Ada ü"],
        ["file", "zäh.txt", "text/plain", list("Text ü".encode())],
        ["file", "a %22b%22%0D%0A/é😀.bin", "application/octet-stream", list(BYTES)],
    ]


async def test_a_form_without_files_is_url_encoded() -> None:
    """As a browser sends it by default."""
    async with serve(FormSite().app()) as origin, Transport(SESSION, page=origin) as http:
        answer = await http.json(dict, "POST", f"{origin}/form", data={"a b": "c&d=é"})
    assert answer == {"type": "application/x-www-form-urlencoded", "fields": [["a b", "c&d=é"]]}


async def test_a_body_is_json_or_a_form() -> None:
    """Both at once are the caller's mistake."""
    async with Transport(SESSION, page="https://site.test") as http:
        with pytest.raises(UsageError, match="JSON or a form, not both"):
            http.post("https://site.test/", json={}, data={})


def test_no_boundary_is_used_twice() -> None:
    """It is random, so that no file can hold it."""
    file = FormFile("file", "a", b"")
    assert len({encode_form({}, [file])[0] for _ in range(20)}) == 20


async def test_a_recorded_form_is_replayed() -> None:
    """Whatever its boundary is; another file is another request."""
    recorder = Recorder()
    file = FormFile("file", "a.bin", BYTES)
    async with serve(FormSite().app()) as origin, Transport(SESSION, page=origin, recorder=recorder) as http:
        first = await http.json(dict, "POST", f"{origin}/form", files=[file])
    async with (
        LocalNetwork(recording=recorder.recording("a form")) as network,
        Transport(SESSION, page=origin, route=network.route) as http,
    ):
        with pytest.raises(ReplayMismatch, match="bytes"):
            await http.json(dict, "POST", f"{origin}/form", files=[file._replace(data=b"other")])
        assert await http.json(dict, "POST", f"{origin}/form", files=[file]) == first

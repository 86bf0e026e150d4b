"""What is kept of a visit that fails: a picture and a trace, in which nobody's secrets are."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.places import BOX, HOME, HOST, TRUSTING, Place, html, network, site
from tests.redaction.secrets import spelled
from toolkit.browser import failure_capture, page_queries
from toolkit.browser.failure_capture import FailureCapture
from toolkit.browser.opened_pages import values_in
from toolkit.browser.session_manager import SessionManager
from toolkit.browser.trace_redaction import RequestOutcome, redact_trace
from toolkit.errors import ChallengeRequired, HarvestFailed
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest

HASTY = replace(TRUSTING, ready_timeout_ms=300)
LACKING = Place(harvest=Harvest(ready="#never"))
# Typed into fields of several kinds, shown again as text, sent in a body, kept by the page, put in an address.
TYPED = """<style>* {{ font-family: monospace }} input, textarea {{ width: 20em }}</style>
<h1>{title}</h1><input id=user><input id=code type=text><textarea id=note></textarea><div contenteditable id=free></div>
<iframe srcdoc="<input value='{secret}'> <p>{secret}</p>"></iframe><div id=host></div>
<p>Hello <b>{secret}</b>, welcome</p>
<p id=sent></p><p>{cookie}</p>
<script>
for (const id of ['user', 'code', 'note']) document.getElementById(id).value = '{secret}'
free.textContent = '{secret}'
host.attachShadow({{mode: 'open'}}).innerHTML = "<input value='{secret}'> <p>{secret}</p>"
localStorage.token = '{cookie}'
console.log('{secret}')
fetch('/send?q={secret}', {{method: 'POST', body: JSON.stringify({{code: 'only-{secret}'.slice(0, 11)}})}})
    .then(() => sent.textContent = 'only-{secret}'.slice(0, 11))
history.replaceState(null, '', '?user={secret}')
</script>"""


class Kept:
    """Where the tests keep things."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, ending: str, data: bytes) -> Path:
        path = self.folder / ending
        path.write_bytes(data)
        return path


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def failed(chromium: Browser, kept: Kept, secret: str, title: str = "Log in") -> HarvestFailed:
    """The error of a visit to a page where that was typed, and never came what was waited for."""
    cookie = f"cookie-{secret}"
    page = html(TYPED.format(secret=secret, title=title, cookie=cookie), f"sid={cookie}; Secure; HttpOnly")
    apps = {HOST: site({"/": page, "/send": html("")})}
    async with (
        LocalNetwork(apps=apps) as local,
        SessionManager(
            HASTY, browser=chromium, route=local.route, capture=FailureCapture(kept.keep, trace=True)
        ) as manager,
    ):
        with pytest.raises(HarvestFailed, match="does not show #never") as caught:
            await manager.harvest(LACKING)
    return caught.value


async def test_what_was_typed_is_in_no_picture(chromium: Browser, kept: Kept) -> None:
    """To the last byte it is the same whatever was typed, wherever that stands in the page; other text is in it."""
    pictures = []
    for secret, title in (("aaa-111", "Log in"), ("bbb-222", "Log in"), ("aaa-111", "No entry")):
        error = await failed(chromium, kept, secret, title)
        assert str(kept.folder / "place.png") in str(error)
        pictures.append((kept.folder / "place.png").read_bytes())
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


async def test_a_trace_tells_what_was_done_and_nothing_secret(chromium: Browser, kept: Kept) -> None:
    """Which calls were made and how requests went; no cookie, no storage, body or query, nothing typed or logged."""
    error = await failed(chromium, kept, "typed-by-hand")
    assert str(kept.folder / "place.zip") in str(error)
    with zipfile.ZipFile(kept.folder / "place.zip") as archive:
        assert sorted(archive.namelist()) == ["trace.network", "trace.trace"]
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    for secret in ("typed-by-hand", "cookie-", "only-", "?q", "?user"):
        assert all(secret not in text for text in texts.values())
    assert f'"url": "{HOME}/"' in texts["trace.trace"]
    requests = [json.loads(line)["snapshot"] for line in texts["trace.network"].splitlines()]
    assert ("POST", f"{HOME}/send", 405) in [
        (one["request"]["method"], one["request"]["url"], one["response"]["status"]) for one in requests
    ]


def test_a_trace_that_cannot_be_clean_is_not_kept() -> None:
    """What is secret stands where nothing can be left out; or it is no trace at all."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("trace.trace", '{"type": "before", "class": "Frame", "method": "goto", "params": {}}')
    answers = [RequestOutcome("GET", "https://a.example/of/word", 200, 0.0)]
    assert redact_trace(raw.getvalue(), answers, {"word"}) is not None
    assert redact_trace(raw.getvalue(), answers, {"Frame"}) is None
    assert redact_trace(b"", answers, set()) is None


@pytest.mark.parametrize("name", [*(name for name in spelled("") if "base64" not in name), "base64"])
def test_no_encoding_keeps_a_secret_in_a_trace(name: str) -> None:
    """It is taken out of addresses and messages, however it is encoded there, and the rest of the trace is kept."""
    secret = "two words/é1"
    spelling = (spelled(secret) | {"base64": base64.b64encode(secret.encode())})[name].decode()
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("trace.trace", json.dumps({"type": "log", "message": f'navigated to "{spelling}"'}))
    answers = [RequestOutcome("GET", f"https://a.example/to/{spelling}", 200, 0.0)]
    redacted = redact_trace(raw.getvalue(), answers, {secret})
    assert redacted is not None
    with zipfile.ZipFile(io.BytesIO(redacted)) as archive:
        texts = [json.loads(archive.read(name)) for name in ("trace.trace", "trace.network")]
    assert texts[0]["message"] == 'navigated to "(hidden)"'
    assert spelling not in texts[1]["snapshot"]["request"]["url"]


@pytest.mark.parametrize("trouble", ["no room", "no answer", "no page"])
async def test_a_failure_is_told_all_the_same(
    chromium: Browser, kept: Kept, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Where nothing can be kept, where the page does not answer, and where it is gone."""

    def keep(ending: str, data: bytes) -> Path:
        raise OSError("no room")

    monkeypatch.setattr(failure_capture, "READ_TIMEOUT_MS", 1 if trouble == "no answer" else 60_000)
    monkeypatch.setattr(page_queries, "MIN_ANSWER_MS", 500)
    text = "<script>window.onload = () => { for (;;) {} }</script>" if trouble == "no answer" else BOX
    profile = HASTY if trouble != "no answer" else replace(HASTY, ready_timeout_ms=1)
    async with network(html(text)) as local:
        context = await chromium.new_context(**local.context_options(), ignore_https_errors=True)
        if trouble == "no page":
            context.on("page", lambda page: page.on("load", lambda page: page.close()))
        capture = FailureCapture(keep if trouble == "no room" else kept.keep)
        async with SessionManager(profile, context=context, capture=capture) as manager:
            with pytest.raises(HarvestFailed) as caught:
                await manager.harvest(LACKING)
        await context.close()
    assert "picture" not in str(caught.value)


async def test_of_a_context_that_was_handed_in_only_our_page_is_kept(chromium: Browser, kept: Kept) -> None:
    """No trace is taken of it, for it may hold anything; what else is open there is in no picture."""
    async with network(html("")) as local:
        context = await chromium.new_context(**local.context_options(), ignore_https_errors=True)
        page = await context.new_page()
        await page.set_content("<body style='background: red'>")
        async with SessionManager(HASTY, context=context, capture=FailureCapture(kept.keep, trace=True)) as manager:
            with pytest.raises(HarvestFailed):
                await manager.harvest(LACKING)
        blank = await context.new_page()
        assert await blank.screenshot() == (kept.folder / "place.png").read_bytes()
        await context.tracing.start()  # which it could not if ours went on
        await context.close()
    assert not (kept.folder / "place.zip").exists()


async def test_a_visit_that_succeeds_leaves_nothing(chromium: Browser, kept: Kept) -> None:
    """Whatever was wanted for a failure."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=BOX, content_type="text/html")

    async with (
        network(page) as local,
        SessionManager(
            TRUSTING, browser=chromium, route=local.route, capture=FailureCapture(kept.keep, trace=True)
        ) as manager,
    ):
        assert isinstance(await manager.harvest(Place()), BrowserSession)
    assert list(kept.folder.iterdir()) == []


def test_the_values_of_a_body_are_known() -> None:
    """Of a form, of JSON at any depth, of a multipart form."""
    assert list(values_in(b"user=ada%40a.example&code=12+34")) == ["ada@a.example", "12 34"]
    assert list(values_in(b'{"a": ["x", {"b": 123456}], "c": true}')) == ["x", "123456"]
    assert "hush" in list(values_in(b"--b\r\nContent-Disposition: form-data; name=p\r\n\r\nhush\r\n--b--"))


async def test_a_person_who_has_to_prove_to_be_one_can_see_why(chromium: Browser, kept: Kept) -> None:
    """What the client says to do about it does not take the place of where to look."""
    challenge = html("Are you a person?", status=403, **{"cf-mitigated": "challenge"})
    async with (
        network(challenge) as local,
        SessionManager(HASTY, browser=chromium, route=local.route, capture=FailureCapture(kept.keep)) as manager,
    ):
        with pytest.raises(ChallengeRequired) as caught:
            await manager.harvest(LACKING)
    caught.value.hint = "Do that."
    assert str(caught.value).endswith(f" Do that. A picture of the page: {kept.folder / 'place.png'}.")

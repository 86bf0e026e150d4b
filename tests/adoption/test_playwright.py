"""What Playwright itself records of a page that asks, with the bodies in the file and in an archive, is adopted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser

from tests.adoption.programs import ANSWER, BODY, EVENTS, QUESTION, SITE
from tests.adoption.test_adopt import adopted, replayed
from toolkit.replay.local_network import LocalNetwork

PAGE = f"""<!doctype html><meta charset="utf-8"><script>
fetch("/api/chat/completions", {{method: "POST", headers: {{"content-type": "application/json"}},
  body: {json.dumps(json.dumps(BODY))}}}).then(r => r.text()).then(t => {{ document.title = "done" }})
</script>"""


def site() -> web.Application:
    """A page that asks as soon as it is there, of a site that streams without a charset."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html", headers={"Set-Cookie": "token=b7Qm4x9TzL2kVd8RwY3n"})

    async def ask(_: web.Request) -> web.Response:
        return web.Response(body=EVENTS.encode(), headers={"Content-Type": "text/event-stream"})

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/api/chat/completions", ask)
    return app


@pytest.mark.parametrize("options", [{"record_har_content": "embed"}, {"record_har_content": "attach"}, {"zip": True}])
async def test_what_playwright_records_is_adopted(chromium: Browser, tmp_path: Path, options: dict[str, Any]) -> None:
    """The answer has the characters that the site sent, and the session the cookie that the page got."""
    path = tmp_path / ("page.zip" if options.pop("zip", False) else "page.har")
    async with LocalNetwork(apps={"webui.example": site()}) as network:
        context = await chromium.new_context(
            ignore_https_errors=True, record_har_path=path, **options, **network.context_options()
        )
        page = await context.new_page()
        await page.goto(SITE)
        await page.wait_for_function("document.title == 'done'")
        await context.close()
    made = await adopted(path)
    assert (made.answer, made.error) == (ANSWER, None)
    assert made.recording.chat is not None
    assert made.recording.chat.messages == [{"role": "user", "content": QUESTION}]
    assert made.recording.session is not None
    assert [cookie["name"] for cookie in made.recording.session.storage_state["cookies"]] == ["token"]
    assert await replayed(made.recording) == ANSWER

"""What the log says about the session that was read out of a page."""

from __future__ import annotations

import logging
import time
from email.utils import formatdate

import pytest

from tests.browser.places import BOX, TRUSTING, Handler, Place, html, network, site, status
from tests.conftest import OpenContext
from tests.sites.serving import serve
from toolkit.browser.session_manager import SessionManager
from toolkit.session.recipe import Harvest


async def test_the_log_names_the_request_that_a_header_is_from(
    open_context: OpenContext, caplog: pytest.LogCaptureFixture
) -> None:
    """For each header the latest request that carried it, by its address without the query; never the value."""
    script = """<script>
        const ask = path => fetch(path, {headers: {"x-key": "hush"}});
        ask("/first").then(() => ask("/second?token=hush")).then(() => document.body.innerHTML = "<textarea>");
    </script>"""
    caplog.set_level(logging.DEBUG, "toolkit")
    place = Place(harvest=Harvest(ready="textarea", headers=("x-key",)))
    async with network({"/": html(script), "/first": status(204), "/second": status(204)}) as local:
        session = await SessionManager(TRUSTING, context=await open_context(local)).harvest(place)
    assert session.headers["x-key"] == "hush"
    assert "place: header x-key taken from the fetch request GET https://chat.example/second" in caplog.messages
    assert "hush" not in caplog.text


async def test_the_clock_is_read_from_the_network_only(open_context: OpenContext) -> None:
    """An answer out of the browser's cache has the time at which it was fetched, and so tells nothing; one that has
    just come does, however many of the others there are."""
    hour, script_tags = 3600.0, "".join(f"<script src=/{number}.js></script>" for number in (1, 2))

    def answer(text: str, hours: int, kept_seconds: int) -> Handler:
        date = formatdate(time.time() + hours * hour, usegmt=True)
        return html(text, status=200, **{"Date": date, "Cache-Control": f"max-age={kept_seconds}"})

    script = answer("document.title = 1", -9, 1_000_000)
    page, fresh = answer(f"{script_tags}{BOX}", 5, 1_000_000), answer(f"{script_tags}{BOX}", 2, 0)
    paths = {"/": page, "/fresh": fresh, "/1.js": script, "/2.js": script}
    async with serve(site(paths)) as origin:
        manager = SessionManager(TRUSTING, context=await open_context(None))
        place = Place(site=origin, hosts=("127.0.0.1",))
        found = [await manager.harvest(place), await manager.harvest(place)]
        recipe = Harvest(page="/fresh", ready="textarea")
        found.append(await manager.harvest(Place(site=origin, hosts=("127.0.0.1",), harvest=recipe)))
    assert [round(session.clock_skew / hour) for session in found] == [5, 0, 2]

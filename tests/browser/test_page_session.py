"""What the log says about the session that was read out of a page."""

from __future__ import annotations

import logging

import pytest

from tests.browser.places import TRUSTING, Place, html, network, status
from tests.conftest import OpenContext
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

"""The provider `streamlit` at a real app whose login is a form in its own page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.test_login import headed
from tests.real.server import free_port, streamlit
from toolkit.client.client import Client
from toolkit.errors import SiteError
from toolkit.session.browser_session import BrowserSession


async def test_a_login_in_the_page_is_told(toolkit: Toolkit, display: str, tmp_path: Path) -> None:
    """It would count for the connection of that page alone. So a window for it is of no use, and a call says so: with
    a session, and where a browser has to be sent for one."""
    async with streamlit(tmp_path, free_port(), "streamlit_login_app.py") as origin:
        at = ("--base-url", origin)
        for command in (("chat", "streamlit", "Hi", *at), ("login", "streamlit", *at)):
            result = await toolkit.run(*command, env={"TOOLKIT_BROWSERS": headed(toolkit, display)})
            assert (result.code, result.out) == (1, "")
            assert "counts for that page alone: there is no session to keep" in result.err
        session = BrowserSession(provider="streamlit", origin=origin)
        async with Client("streamlit", base_url=origin, session=session) as client:
            with pytest.raises(SiteError, match="wants a password in its page first"):
                await client.chat("Hi").text()

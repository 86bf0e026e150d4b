"""The table of formats: each record is complete, and its text is detected as that format and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats import conversion
from toolkit.session.formats.format_table import FORMATS, NAMES, Format

ORIGIN = "https://chat.example.org"
COOKIE = Cookie(name="sid", value="s3cr3t", domain="chat.example.org", secure=True)
SESSION = BrowserSession(provider="aura", origin=ORIGIN, cookies=(COOKIE,))
COOKIE_HEADER = {"name": "Cookie", "value": "sid=s3cr3t"}
READ_ONLY = {
    "cookie-list": '[{"name": "sid", "value": "s3cr3t", "domain": "chat.example.org", "secure": true}]',
    "cookie-values": '{"sid": "s3cr3t"}',
    "har": json.dumps({"log": {"entries": [{"request": {"url": f"{ORIGIN}/", "headers": [COOKIE_HEADER]}}]}}),
    "curl": f"curl '{ORIGIN}/api?a=b' -H 'accept:\t*/*' -b 'sid=s3cr3t'",
    "powershell": f'Invoke-WebRequest -Uri "{ORIGIN}/" -Headers @{{\n"cookie"="sid=s3cr3t"\n}}',
    "fetch": f'fetch("{ORIGIN}/", {{"headers": {{"cookie": "sid=s3cr3t"}}}});',
}


def text_of(form: Format) -> str:
    return READ_ONLY[form.name] if form.read_as else conversion.serialize(SESSION, form.name, now=0.0)


@pytest.mark.parametrize("form", FORMATS, ids=[form.name for form in FORMATS])
def test_each_format_is_detected_and_read(form: Format) -> None:
    """By itself, and under the name that `--format` has for it."""
    text = text_of(form)
    assert conversion.detect(f"\n{text} \n") is form
    for name in (None, form.read_as or form.name):
        assert conversion.parse(text, name, provider="aura", origin=ORIGIN).session == SESSION


@pytest.mark.parametrize("form", FORMATS, ids=[form.name for form in FORMATS])
def test_each_file_defines_what_its_format_needs(form: Format) -> None:
    """A read-only format neither writes nor says what it could; it is accepted under the name of one that does."""
    module = import_module(f"toolkit.session.formats.{form.module}")
    assert callable(module.detects)
    assert callable(module.read)
    assert hasattr(module, "write") == hasattr(module, "can_represent") == (form.read_as is None)
    assert (form.read_as or form.name) in NAMES


def test_the_table_loads_no_format() -> None:
    """The help of a command lists the formats without what reads them."""
    code = "import sys; from toolkit.session.formats import format_table; assert 'msgspec' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

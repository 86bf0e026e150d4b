"""Redaction of any secret at any place: made at random, and looked for in every spelling."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable
from urllib.parse import quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins

from tests.recording.helpers import SITE, entry
from tests.redaction.secrets import spelled, texts
from toolkit.har.model import Entry
from toolkit.redaction.redact import redact

LETTERS = string.ascii_letters + string.digits + "/+=\\&@~%'<{|:.é漢"
PLACES: dict[str, Callable[[str], Entry]] = {
    "query": lambda secret: entry(url=f"{SITE}/?access_token={quote(secret, safe='')}"),
    "json": lambda secret: entry("POST", sent=json.dumps({"a": [{"password": secret}]}).encode()),
    "form": lambda secret: entry(
        "POST", sent=urlencode({"password": secret}).encode(), sent_type="application/x-www-form-urlencoded"
    ),
    "answer": lambda secret: entry(body=json.dumps({"refresh_token": secret}, ensure_ascii=False).encode()),
    "header": lambda secret: entry(headers=[("X-Api-Key", secret)]),
    "cookie": lambda secret: entry(headers=[("Set-Cookie", f"sid={secret}; Path=/")]),
    "location": lambda secret: entry(headers=[("Location", f"/x#id_token={quote(secret, safe='')}")]),
}


# An address is none: what only looks like one is replaced in its own place, and stays elsewhere.
secrets = texts(LETTERS, min_size=8, max_size=40).filter(
    lambda text: re.search(r"[A-Za-z].*[0-9]", text) is not None and "://" not in text
)


@settings(max_examples=150)
@given(secrets, st.data())
def test_any_secret_anywhere(secret: str, data: st.DataObject) -> None:
    """A secret of any letters, found at any place and echoed elsewhere in any spelling, is gone or refused."""
    place = data.draw(st.sampled_from(sorted(PLACES)))
    name = data.draw(st.sampled_from([name for name in sorted(spelled(secret)) if not name.startswith("base64")]))
    spelling = spelled(secret)[name]
    cut = data.draw(st.integers(1, len(spelling) - 1))
    echo = entry(body=[(0.0, b"[" + spelling[:cut]), (1.0, spelling[cut:] + b"]")])
    made = redact([PLACES[place](secret), echo])
    assert secret not in repr(to_builtins(made))
    assert spelling not in made[1].response.content.body()
    assert sum(size for _, size in made[1].response.content.chunks or ()) == made[1].response.content.size
    assert redact(made) == made

"""The ways in which sites repeat what they were sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

SPELLINGS: tuple[Callable[[str], bytes], ...] = (
    lambda text: text.encode(),
    lambda text: quote(text, safe="").encode(),
    lambda text: json.dumps(text)[1:-1].encode(),
    lambda text: base64.b64encode(text.encode()),
    lambda text: base64.urlsafe_b64encode(f"id:{text};".encode()).rstrip(b"="),
    lambda text: text.encode().hex().encode(),
    lambda text: quote(quote(text, safe=""), safe="").encode(),
)

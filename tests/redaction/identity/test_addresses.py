"""E-mail addresses are found in every spelling, and few other things are taken for one."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest

from toolkit.redaction.identity.addresses import personal_addresses

ADDRESS = "Ada+x@engines.co.uk"


@pytest.mark.parametrize(
    "text",
    [
        ADDRESS,
        f"<{ADDRESS}>",
        f"mailto:{ADDRESS}?subject=Hi",
        f"Write to {ADDRESS}.",
        f"/users/{ADDRESS}/settings",
        f"q=%20{ADDRESS}",
        quote(ADDRESS, safe=""),
        quote(quote(ADDRESS, safe=""), safe=""),
        json.dumps(f"one\n{ADDRESS}\t"),
        json.dumps(f"<{ADDRESS}>").replace("<", r"\u003c").replace("@", r"\u0040"),
        f"&#60;{ADDRESS.replace('@', '&#64;')}&#62;",
        base64.b64encode(json.dumps({"who": ADDRESS, "ü": "ü"}).encode()).decode(),
    ],
)
def test_an_address_is_found(text: str) -> None:
    """As it is, with its escapes, and encoded."""
    assert ADDRESS in set(personal_addresses(text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com ada@mail.example.org ada@x.test admin@localhost ada@a.example",
        "support@engines.co.uk no-reply@engines.co.uk INFO@engines.co.uk git@github.com:a/b.git",
        "icon@2x.png logo@3x.min.js style@media.css",
        "react@18.2.0 @scope/package@1.0.0 @media (x) @ada a@b",
        "https://user@engines.co.uk/ https://user:secret@engines.co.uk/ //x",
        "https://0123abc@o1.ingest.sentry.io/4",
        "@" * 100,
    ],
)
def test_other_things_are_none(text: str) -> None:
    """Examples, functions of a site, files, versions of packages, users in URLs."""
    assert list(personal_addresses(text.encode())) == []


@pytest.mark.parametrize("piece", ["@", "a@", "a@b.", "a@b.c@", "%40", "a" * 64 + "@", "a.", "://a@b.cc ", "QUBi"])
def test_the_time_grows_with_the_text(piece: str) -> None:
    """Eight times as much hostile text takes some eight times as long."""

    def seconds(size: int) -> float:
        data = (piece * (size // len(piece))).encode()
        start = time.process_time()
        for _ in personal_addresses(data):
            pass
        return time.process_time() - start

    small = min(seconds(40_000) for _ in range(3))
    assert any(seconds(320_000) < 20 * small + 0.005 for _ in range(3))

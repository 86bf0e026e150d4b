"""Thirty invented secrets for the tests of redaction, and every way to find one again in a file."""

from __future__ import annotations

import base64
import codecs
import html
import json
from urllib.parse import quote, quote_plus

import msgspec
from hypothesis import strategies as st


def texts(letters: str, *, min_size: int = 0, max_size: int) -> st.SearchStrategy[str]:
    """Texts of `letters`. Hypothesis' own texts have constants of the project's code in
    them, so that a change of any line could change what is tried."""
    return st.lists(st.sampled_from(letters), min_size=min_size, max_size=max_size).map("".join)


def jwt(**claims: object) -> str:
    """An invented JSON Web Token with `claims`."""
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "key-7f3a"}, claims)
    written = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*written, "s5Gq0nZ2x_Vb-8kTfW3yLh7Rj1cPd6Ma9eUoXi4tBvE"])


def spelled(secret: str) -> dict[str, bytes]:
    """`secret` in many spellings, by their names. Of base64 text, the part that its neighbours do not share."""
    raw = secret.encode()
    once = quote(secret, safe="")
    escaped = json.dumps(secret)[1:-1]
    found = {
        "raw": raw,
        "url": once.encode(),
        "url, lower case": codecs.encode(quote_lower(secret)),
        "url, every byte": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "url, plus": quote_plus(secret).encode(),
        "url, twice": quote(once, safe="").encode(),
        "json": escaped.encode(),
        "json, slashes": escaped.replace("/", r"\/").encode(),
        "json, every character": "".join(f"\\u{ord(character):04X}" for character in secret).encode(),
        "json in json": json.dumps(escaped)[1:-1].encode(),
        "html": html.escape(secret).encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
    }
    for offset in range(3):
        start, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        core = base64.b64encode(b"\0" * offset + raw)[start:end]
        found[f"base64 at {offset}"] = core
        found[f"base64url at {offset}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def quote_lower(secret: str) -> str:
    return "".join(part if len(part) == 1 else part.lower() for part in (quote(letter, safe="") for letter in secret))


def left_in(data: bytes, secret: str) -> list[str]:
    """The spellings of `secret` that are in the HAR file `data`, also within its bodies."""
    document = msgspec.json.decode(data)
    bodies = [data, *(text for text in _texts(document)), *_decoded(document)]
    return [f"{name}" for name, spelling in spelled(secret).items() if any(spelling in body for body in bodies)]


def _texts(node: object) -> list[bytes]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return [node.encode()] if isinstance(node, str) else []


def _decoded(document: dict[str, dict[str, list[dict[str, dict[str, dict[str, str]]]]]]) -> list[bytes]:
    contents = [entry["response"]["content"] for entry in document["log"]["entries"]]
    return [base64.b64decode(one["text"]) for one in contents if one.get("encoding") == "base64"]

"""Decides whether the body of an answer is the code of a site: a script, a style or a source map. Pure.

Code is the same for everybody who visits the site. The names in it are those of its methods and parameters, so nothing
in it is a secret because of its name; only values that are secret elsewhere are looked for in it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# https://mimesniff.spec.whatwg.org/#javascript-mime-type, and what build tools and other programs write
CODE_TYPE = re.compile(
    r"(?:text|application)/(?:x-)?(?:javascript[\d.]*|ecmascript|jscript|livescript|typescript|jsx|css|source-?map)\b"
    r"|text/x?css\b|application/(?:wasm|json\+sourcemap)\b",
    re.IGNORECASE,
)
# What is none, whatever it was requested for: an error page in the place of a script.
OTHER_TYPE = re.compile(r"(?:html|json|xml|event-stream|form-data|form-urlencoded)", re.IGNORECASE)
CODE_NAME = re.compile(r"\.(?:[cm]?jsx?|tsx?|css|wasm)$", re.IGNORECASE)
MAP_NAME = re.compile(r"\.(?:[cm]?js|css)\.map$", re.IGNORECASE)
CODE_RESOURCES = {"script", "stylesheet"}  # Chrome's terms
LONGEST_END = 8  # characters of `.mjs.map`
WORD = re.compile(r"[A-Za-z_$]{1,15}")


def is_code(entry: dict[str, Any]) -> bool:
    """Decides whether the answer of `entry`, in HAR's own form, is code: by its media type, what the page requested it
    for, and the name in its URL."""
    mime_type = entry["response"].get("content", {}).get("mimeType") or ""
    by_type = _is_code_by_type(mime_type)
    if by_type:
        return True
    name = entry["request"]["url"].partition("#")[0].partition("?")[0]
    if MAP_NAME.search(name, len(name) - LONGEST_END):
        return "html" not in mime_type.lower()
    if by_type is False:
        return False
    return entry.get("_resourceType") in CODE_RESOURCES or bool(CODE_NAME.search(name))


@lru_cache(maxsize=1024)  # most answers have one of a few types
def _is_code_by_type(mime_type: str) -> bool | None:
    """Decides whether an answer is code by its media type; None where that does not tell."""
    if CODE_TYPE.match(mime_type.strip()):
        return True
    return False if OTHER_TYPE.search(mime_type) else None


def may_be_name_in_code(secret: str) -> bool:
    """Decides whether `secret` may stand in code as a keyword or a name, such as `return`, and mean nothing else."""
    return bool(WORD.fullmatch(secret))

"""Recognises what stands in a recording in the place of who was signed in. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="  # of one transparent pixel
# Telephone numbers are of the range that is kept for fiction (North American Numbering Plan, 555-0100 to 555-0199).
# Addresses and URLs are at a domain that RFC 2606, section 3, reserves; UUIDs are of version 4, and made by counting.
SHAPE = re.compile(
    r"person[0-9]{1,6}(?:@example\.com)?|Person ?[0-9]{1,6}|(?:https://example\.com)?/person[0-9]{1,6}\.png"
    rf"|00000000-0000-4000-8000-[0-9]{{12}}|0{{12}}40008000[0-9]{{12}}|\+1-202-555-01[0-9]{{2}}|{re.escape(PICTURE)}"
)


def is_replacement(value: str) -> bool:
    """Decides whether `value` replaces something that told of a person; it may be percent-encoded, as in a cookie."""
    return bool(SHAPE.fullmatch(unquote(value) if "%" in value else value))

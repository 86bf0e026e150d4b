"""What a page fetched by an exchange, told by what the HAR has of it."""

from __future__ import annotations

import pytest
from msgspec import UNSET, UnsetType

from tests.recording.helpers import entry
from toolkit.har.model import Pair
from toolkit.har.resource_kind import resource_kind


@pytest.mark.parametrize(
    ("resource_type", "destination", "mime_type", "kind"),
    [
        ("document", "", "application/json", "document"),
        ("xhr", "script", "text/html", "call"),
        ("script", "", "text/html", "asset"),
        ("manifest", "", "application/json", "asset"),
        (UNSET, "iframe", "text/css", "document"),
        (UNSET, "empty", "text/css", "call"),
        (UNSET, "Font", "text/html", "asset"),
        (UNSET, "", "image/png", "asset"),
        (UNSET, "", "text/html; charset=utf-8", "document"),
        (UNSET, "", "application/json", "call"),
        (UNSET, "", "", "call"),
    ],
)
def test_the_surest_source_counts(resource_type: str | UnsetType, destination: str, mime_type: str, kind: str) -> None:
    """The type that the browser names goes before the header that it sent, and that before the type of the answer."""
    one = entry(headers=[("Content-Type", mime_type)])
    one.resource_type = resource_type
    if destination:
        one.request.headers.append(Pair("Sec-Fetch-Dest", destination))
    assert resource_kind(one) == kind

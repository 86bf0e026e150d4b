"""Says what a page fetched by an exchange: a document, a call of its scripts, or an asset. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec import UnsetType

from toolkit.har.model import Entry

ResourceKind = Literal["document", "call", "asset"]

# In Chrome's terms, which are Playwright's too, and those of the Sec-Fetch-Dest header.
CALL_TYPES = ("empty", "fetch", "xhr", "eventsource", "websocket")
DOCUMENT_TYPES = ("document", "iframe", "frame")
ASSET_TYPES = ("image/", "font/", "audio/", "video/", "text/css", "text/javascript", "application/javascript")


def kind_of_type(resource_type: str) -> ResourceKind:
    """Returns the kind of what a page requested as `resource_type`."""
    return "document" if resource_type in DOCUMENT_TYPES else "call" if resource_type in CALL_TYPES else "asset"


def resource_kind(entry: Entry) -> ResourceKind:
    """Returns what the page fetched: by the type that the HAR has, else by the Sec-Fetch-Dest header that the browser
    sent (https://w3c.github.io/webappsec-fetch-metadata/), else by the type of the answer."""
    if not isinstance(entry.resource_type, UnsetType):
        return kind_of_type(entry.resource_type)
    if sent := [pair.value.lower() for pair in entry.request.headers if pair.name.lower() == "sec-fetch-dest"]:
        return kind_of_type(sent[0])
    mime_type = entry.response.content.mime_type.lower()
    if mime_type.startswith(ASSET_TYPES):
        return "asset"
    return "document" if mime_type.startswith("text/html") else "call"

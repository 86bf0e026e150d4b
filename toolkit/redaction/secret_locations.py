"""Walks the places of HAR entries and sessions that hold secrets, and yields those where some were found. Pure.

Entries are in HAR's own form, as dictionaries. The walk only reads. What it yields can be listed (`secrets`) and, as a
second step, replaced (`replace`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from toolkit.har.encoded_entries import encoded_entries
from toolkit.har.frames import speaks_engine_io
from toolkit.har.text_walk import FRAME_KEY, FRAMES
from toolkit.har.websockets import BINARY, SENT, is_socket_url
from toolkit.redaction.bodies import Body
from toolkit.redaction.body_secrets import (
    find_in_body,
    find_in_json_text,
    find_in_letters,
    find_in_sentence,
    find_patterns_in_code,
)
from toolkit.redaction.code_bodies import is_code
from toolkit.redaction.entry_batches import Batch, entry_batches
from toolkit.redaction.exchange_criteria import Criteria, request_criteria
from toolkit.redaction.header_secrets import find_in_cookie, find_in_header
from toolkit.redaction.occurrences import (
    Occurrence,
    Part,
    Placeholders,
    Secret,
    edits_in_bytes,
    replace_in_text,
    secrets_in,
)
from toolkit.redaction.packet_secrets import find_in_packets
from toolkit.redaction.rules import Rules
from toolkit.redaction.sensitivity import is_distinctive, is_secret, sensitivity
from toolkit.redaction.short_bodies import note_empty_bodies
from toolkit.redaction.typed_secrets import find_typed_in_bytes, find_typed_in_json
from toolkit.redaction.url_secrets import find_in_parameter, find_in_url, find_parameters_in_text
from toolkit.redaction.widget_passwords import find_widget_passwords
from toolkit.session.browser_session import BrowserSession


class Location(NamedTuple):
    """A text or a body with secrets in it.

    `path` says where it is: `log.entries[3].response.headers[Set-Cookie]`. A text is `holder[key]`, where the holder is
    a dictionary or a list; of a body, `key` is that of its encoding (see `Body`).
    """

    path: str
    parts: list[Part]
    holder: Any
    key: str | int
    body: bool = False

    def __repr__(self) -> str:
        return f"<Location {self.path}>"

    def secrets(self) -> Iterator[Secret]:
        """Yields the secrets here, in the order in which they were found."""
        return secrets_in(self.parts)

    def replace(self, placeholders: Placeholders) -> int:
        """Replaces the secrets here in the document. Returns the growth of a body in bytes."""
        if self.body:
            return Body(self.holder, str(self.key)).edit(edits_in_bytes(self.parts, placeholders))
        self.holder[self.key] = replace_in_text(self.holder[self.key], self.parts, placeholders)
        return 0


def find_in_log(log: dict[str, Any], criteria: Criteria) -> Iterator[Location]:
    """Yields the locations of secrets in the `log` of a HAR document, by `criteria`."""
    for batch in entry_batches(encoded_entries(log)):
        yield from find_in_batch(batch, criteria)
    yield from find_beside_entries(log, criteria)


def find_in_batch(batch: Batch, criteria: Criteria) -> Iterator[Location]:
    """Yields the locations of secrets in the entries of `batch`."""
    note_empty_bodies(batch.decoded.values(), criteria)
    for number, entry in batch.decoded.items():
        yield from find_in_entry(entry, number, criteria)


def find_in_entry(entry: dict[str, Any], number: int, criteria: Criteria) -> Iterator[Location]:
    """Yields the locations of secrets in the entry with this `number`."""
    path, request, response = f"log.entries[{number}]", entry["request"], entry["response"]
    yield from _request_locations(request, path, request_criteria(criteria, request))
    yield from _response_locations(response, path, criteria, code=is_code(entry))
    if entry.get(FRAMES) or entry.get("_webSocketClose") or speaks_engine_io(request["url"]):
        if typed := find_widget_passwords(entry):
            criteria = criteria._replace(typed=criteria.typed | typed)
        yield from _packet_locations(entry, path, criteria)
    yield from _text_locations(entry, path, criteria)


def find_beside_entries(log: dict[str, Any], criteria: Criteria) -> Iterator[Location]:
    """Yields the locations of secrets in the comment and the session of `log`."""
    yield from _text_locations(log, "log", criteria)
    if session := log.get("_session"):
        yield from _session_locations(session, "log._session", criteria)


def find_in_session(session: BrowserSession, rules: Rules) -> Iterator[Secret]:
    """Yields the secrets of `session`."""
    recorded = {
        "headers": dict(session.headers),
        "storageState": session.to_storage_state(),
        "sessionStorage": session.session_storage,
        "apiKey": session.api_key,
    }
    for location in _session_locations(recorded, "session", Criteria(rules)):
        yield from location.secrets()
    if session.proxy and (password := urlsplit(session.proxy).password):
        yield Secret("proxy", "password", unquote(password), True)


def _request_locations(request: dict[str, Any], entry: str, criteria: Criteria) -> Iterator[Location]:
    method = request["method"]
    if is_secret(method, None):  # no method that a site knows looks generated
        secret = Secret("method", "name", method, is_distinctive(method, None))
        yield Location(f"{entry}.request.method", [Occurrence(0, len(method), secret)], request, "method")
    if parts := find_in_url(request["url"], criteria):
        yield Location(f"{entry}.request.url", parts, request, "url")
    if pairs := request.get("queryString"):
        yield from _parameter_locations(pairs, f"{entry}.request.queryString", criteria)
    yield from _header_locations(request, entry, "request", criteria)
    if posted := request.get("postData"):
        if pairs := posted.get("params"):
            yield from _parameter_locations(pairs, f"{entry}.request.postData.params", criteria)
        if parts := criteria.in_body(find_in_body, posted, "_encoding"):
            yield Location(f"{entry}.request.postData.text", parts, posted, "_encoding", body=True)
        yield from _text_locations(posted, f"{entry}.request.postData", criteria)


def _response_locations(response: dict[str, Any], entry: str, criteria: Criteria, *, code: bool) -> Iterator[Location]:
    yield from _header_locations(response, entry, "response", criteria)
    if (redirect := response.get("redirectURL")) and (parts := find_in_url(redirect, criteria)):
        yield Location(f"{entry}.response.redirectURL", parts, response, "redirectURL")
    if content := response.get("content"):
        if parts := criteria.in_body(find_patterns_in_code if code else find_in_body, content, "encoding"):
            yield Location(f"{entry}.response.content.text", parts, content, "encoding", body=True)
        yield from _text_locations(content, f"{entry}.response.content", criteria)
    yield from _text_locations(response, f"{entry}.response", criteria)


def _packet_locations(entry: dict[str, Any], path: str, criteria: Criteria) -> Iterator[Location]:
    """The frames of a WebSocket, and what is posted and polled in a session of engine.io."""
    request, url = entry["request"], entry["request"]["url"]
    places = [place for place in request.get("_random", ()) if isinstance(place, str)]
    engine_io = speaks_engine_io(url)
    for number, frame in enumerate(entry.get(FRAMES) or ()):
        body = Body(frame, FRAME_KEY)
        sent, binary = frame.get("type") == SENT, frame.get("opcode") == BINARY
        parts = find_in_packets(body.data, criteria, places if sent else (), engine_io=engine_io, binary=binary)
        if sent and criteria.typed:
            find_typed = find_typed_in_bytes if binary else find_typed_in_json
            parts += find_typed(body.data, criteria.typed)
        if parts:
            yield Location(f"{path}.{FRAMES}[{number}].data", parts, frame, FRAME_KEY, body=True)
    close = entry.get("_webSocketClose") or {}
    if (reason := close.get("reason")) and (parts := find_in_sentence(reason, criteria)):
        yield Location(f"{path}._webSocketClose.reason", parts, close, "reason")
    if engine_io and not is_socket_url(url):
        for name, holder, key in (
            ("request.postData", request.get("postData"), "_encoding"),
            ("response.content", entry["response"].get("content"), "encoding"),
        ):
            if holder and holder.get("text"):
                made_up = places if key == "_encoding" else ()
                if parts := find_in_packets(Body(holder, key).data, criteria, made_up, engine_io=True):
                    yield Location(f"{path}.{name}.text", parts, holder, key, body=True)


def _text_locations(holder: dict[str, Any], path: str, criteria: Criteria) -> Iterator[Location]:
    """What a person or a program wrote, and the parameters of a media type."""
    for key in ("statusText", "comment", "_error"):
        if (text := holder.get(key)) and (parts := criteria.remembered(_find_in_remark, key, text)):
            yield Location(f"{path}.{key}", parts, holder, key)
    if (mime_type := holder.get("mimeType")) and (parts := find_parameters_in_text(mime_type, criteria)):
        yield Location(f"{path}.mimeType", parts, holder, "mimeType")


def _find_in_remark(_: str, text: str, criteria: Criteria) -> list[Part]:
    return find_in_sentence(text, criteria)


def _parameter_locations(pairs: list[dict[str, Any]], path: str, criteria: Criteria) -> Iterator[Location]:
    for number, pair in enumerate(pairs):
        if parts := find_in_parameter(pair["name"], pair.get("value", ""), criteria):
            yield Location(f"{path}[{number}]", parts, pair, "value")


def _header_locations(half: dict[str, Any], entry: str, name: str, criteria: Criteria) -> Iterator[Location]:
    """Headers and cookies of `half`, the request or the response of an entry."""
    for pair in half.get("headers", ()):
        if parts := criteria.remembered(find_in_header, pair["name"], pair.get("value", "")):
            yield Location(f"{entry}.{name}.headers[{pair['name']}]", parts, pair, "value")
    for cookie in half.get("cookies", ()):
        if parts := criteria.remembered(find_in_cookie, cookie["name"], cookie.get("value", "")):
            yield Location(f"{entry}.{name}.cookies[{cookie['name']}]", parts, cookie, "value")


def _session_locations(session: dict[str, Any], path: str, criteria: Criteria) -> Iterator[Location]:
    """A session as recordings hold it: headers, Playwright's storage state, the session storage, and an API key."""
    if key := session.get("apiKey"):
        secret = Secret("session", "key", key, True)
        yield Location(f"{path}.apiKey", [Occurrence(0, len(key), secret)], session, "apiKey")
    headers, state = session.get("headers", {}), session.get("storageState", {})
    for name, value in headers.items():
        if parts := find_in_header(name, value, criteria):
            yield Location(f"{path}.headers[{name}]", parts, headers, name)
    for cookie in state.get("cookies", ()):
        if parts := find_in_cookie(cookie["name"], cookie["value"], criteria):
            yield Location(f"{path}.storageState.cookies[{cookie['name']}]", parts, cookie, "value")
    for origin in state.get("origins", ()):
        for item in origin.get("localStorage", ()):
            if parts := _find_in_stored_item(item["name"], item["value"], criteria):
                yield Location(f"{path}.storageState.localStorage[{item['name']}]", parts, item, "value")
        for database in origin.get("indexedDB", ()):
            yield from _record_locations(database, f"{path}.storageState.indexedDB[{database.get('name')}]", criteria)
    for items in session.get("sessionStorage", {}).values():
        for name, value in items.items():
            if parts := _find_in_stored_item(name, value, criteria):
                yield Location(f"{path}.sessionStorage[{name}]", parts, items, name)


def _record_locations(database: dict[str, Any], path: str, criteria: Criteria) -> Iterator[Location]:
    """The texts in the records of a database of IndexedDB, each by the name of the member that it is of."""
    todo = [(record, "") for store in database.get("stores", ()) for record in store.get("records", ())]
    while todo:
        node, inherited = todo.pop()
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            name = key if isinstance(key, str) else inherited
            if isinstance(node, dict) and key == "v" and isinstance(node.get("k"), str):
                name = node["k"]  # a member of an object in Playwright's own encoding
            if isinstance(value, dict | list):
                todo.append((value, name))
            elif isinstance(value, str) and (parts := _find_in_stored_item(name, value, criteria)):
                yield Location(f"{path}.{name}", parts, node, key)


def _find_in_stored_item(name: str, value: str, criteria: Criteria) -> list[Part]:
    """One item of localStorage: JSON with secrets in it, or text that is secret by its name or its looks."""
    if value[:1] in ("{", "["):
        return find_in_json_text(value, criteria)
    if name.lower() in criteria.rules.names_to_keep:
        return []
    level = sensitivity(name)
    if not is_secret(value, level):
        return find_in_letters(value, criteria)
    return [Occurrence(0, len(value), Secret("storage", name, value, is_distinctive(value, level)))]

"""Reads HAR documents that other programs have written: browsers' DevTools, Playwright, mitmproxy, Charles. Pure.

HAR 1.2 leaves much open, and each program has its own way. What is taken, and what becomes of it:

- null for what is not known, negative times and sizes: as if it were missing;
- pseudo headers of HTTP/2 (`:authority`): left out, since they are no headers;
- cookies that are listed while their header lines are not: the lines are made of them;
- a form of which only the `params` are there: kept so (`toolkit.har.model.PostData`);
- a body in a file of its own (`_file`, Playwright's way): read from there;
- half a character (an unpaired surrogate, where a text was cut): U+FFFD, since no file can hold one;
- text of an answer without a charset, read as Windows-1252 though it was UTF-8 (browsers do): read anew;
- the frames of a WebSocket (`_webSocketMessages`, or Playwright's file of lines), at an `https:` URL as mitmproxy
  writes it, too: `foreign_sockets`;
- entries of other schemes (`blob:`, `data:`), of a proxy's CONNECT, and such as cannot be read: left out, the last with
  a note.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.errors import RecordingError
from toolkit.har.encoded_entries import without_nulls
from toolkit.har.message_builders import encode_body
from toolkit.har.model import Content, Entry
from toolkit.recording.entry_validation import is_recorded_url, validate_entry
from toolkit.recording.foreign_sockets import read_frames
from toolkit.streams.json_decoding import JSON_ERRORS

# The characters that Windows-1252 has for the bytes 80 to 9F, and those of Latin-1 for the same bytes.
UNDEFINED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
WINDOWS_1252 = {ord(bytes([byte]).decode("cp1252")): byte for byte in range(0x80, 0xA0) if byte not in UNDEFINED}
# Each escape of JSON, so that what follows an escaped backslash is none; a half of a pair is one by itself.
ESCAPE = re.compile(
    rb"\\(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|(?P<half>u[Dd][89A-Fa-f][0-9A-Fa-f]{2})|.)",
    re.DOTALL,
)


class ForeignEntry(NamedTuple):
    """An exchange of a foreign file, and its number there, from 0 on, as in `log.entries[3]`."""

    number: int
    entry: Entry


class ForeignHar(NamedTuple):
    """What a foreign file holds: who wrote it, the exchanges in the order of their start, and notes for a person."""

    creator: str
    entries: list[ForeignEntry]
    notes: list[str]


def parse_foreign_har(name: str, data: bytes, attachment: Callable[[str], bytes | None]) -> ForeignHar:
    """Returns what the HAR document `data` holds, which `name` names in messages.

    `attachment` reads a file that the document refers to, and returns None if it is not there. Raises `RecordingError`
    for what is not JSON, not whole, or not a HAR.
    """
    log = _decode(name, data)
    creator = log.get("creator")
    read, notes = list[ForeignEntry](), list[str]()
    for number, raw in enumerate(log["entries"]):
        place = f"log.entries[{number}]"
        if not isinstance(raw, dict) or not _is_wanted(raw):
            continue
        try:
            entry = _read_entry(raw, attachment, lambda note, place=place: notes.append(f"{place}: {note}"))  # type: ignore[misc]
            validate_entry(name, place, entry)
        except (msgspec.ValidationError, ValueError) as error:
            notes.append(f"{place} is left out: {error}")
        except RecordingError as error:
            notes.append(f"{place} is left out: {error.what.removeprefix(f'{name}: ')}")
        else:
            read.append(ForeignEntry(number, entry))
    read.sort(key=lambda one: one.entry.started)
    return ForeignHar(str(creator.get("name", "")) if isinstance(creator, dict) else "", read, notes)


def _decode(name: str, data: bytes) -> dict[str, Any]:
    """Returns the `log` of the document, without what is null."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    try:
        document = without_nulls(_decode_json(data.removeprefix(codecs.BOM_UTF8)))
    except RecursionError:
        raise RecordingError(f"{name} is not a HAR file: it is nested too deeply.") from None
    except JSON_ERRORS as error:
        raise RecordingError(f"{name} is not JSON, or not whole: {error}.") from None
    log = document.get("log") if isinstance(document, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise RecordingError(f"{name} is not a HAR file: it has no list `log.entries`.")
    return log


def _decode_json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        mended = ESCAPE.sub(lambda match: rb"\ufffd" if match["half"] else match[0], data)
        if mended == data:
            raise
        return msgspec.json.decode(mended)


def _is_wanted(raw: dict[str, Any]) -> bool:
    request = raw.get("request")
    if not isinstance(request, dict) or str(request.get("method", "")).upper() == "CONNECT":
        return False
    url = request.get("url")
    return isinstance(url, str) and is_recorded_url(url)


def _read_entry(raw: dict[str, Any], attachment: Callable[[str], bytes | None], note: Callable[[str], None]) -> Entry:
    request, response = _object(raw, "request"), _object(raw, "response")
    frames = read_frames(raw, attachment, note)
    _mend_request(request, attachment)
    _mend_response(response, attachment, note)
    started = _time(raw.get("startedDateTime"))
    fields = {
        "startedDateTime": started,
        "request": request,
        "response": response,
        "time": _not_negative(raw.get("time")),
        "timings": {
            key: value
            for key, value in _object(raw, "timings").items()
            if isinstance(value, int | float) and value >= 0
        },
        **{key: raw[key] for key in ("pageref", "_resourceType") if isinstance(raw.get(key), str)},
        **frames,
    }
    error = raw.get("_error")
    if not error and response["status"] <= 0:  # else the body is all that the page wanted of it
        error = response.get("_error") or response.get("_failureText")
    if isinstance(error, str) and error:
        fields["_error"] = error
    entry = msgspec.convert(fields, Entry, strict=False)
    _mend_sizes(entry.response.content)
    return entry


def _mend_sizes(content: Content) -> None:
    """Corrects the size of a body that is there, which some programs count compressed. Chunks of other sizes go."""
    body = content.body()
    if body:
        content.size = len(body)
    if not isinstance(content.chunks, UnsetType) and sum(size for _, size in content.chunks) != len(body):
        content.chunks = UNSET


def _mend_request(request: dict[str, Any], attachment: Callable[[str], bytes | None]) -> None:
    request["url"] = request["url"].partition("#")[0]
    request.setdefault("method", "GET")
    request["headers"] = _headers(request)
    cookies = [one for one in _list(request, "cookies") if one.get("name")]
    if cookies and not _has(request, "cookie"):
        line = "; ".join(f"{cookie['name']}={cookie.get('value', '')}" for cookie in cookies)
        request["headers"].append({"name": "cookie", "value": line})
    request["cookies"] = [{"name": str(one["name"]), "value": str(one.get("value", ""))} for one in cookies]
    request["queryString"] = _pairs(_list(request, "queryString"))
    request.pop("_random", None)  # a mark of ours
    if isinstance(posted := request.get("postData"), dict):
        posted["mimeType"] = _text(posted, "mimeType")
        if isinstance(file := posted.pop("_file", None), str) and (data := attachment(file)) is not None:
            posted["text"], encoding = encode_body(data, "")
            if isinstance(encoding, str):
                posted["_encoding"] = encoding
        posted["params"] = _pairs(_list(posted, "params"))
        if not posted["params"]:
            del posted["params"]
    else:
        request.pop("postData", None)


def _mend_response(
    response: dict[str, Any], attachment: Callable[[str], bytes | None], note: Callable[[str], None]
) -> None:
    status = response.get("status")
    response["status"] = status if isinstance(status, int) and 100 <= status <= 999 else 0
    response["headers"] = _headers(response)
    cookies = [one for one in _list(response, "cookies") if one.get("name")]
    if cookies and not _has(response, "set-cookie"):
        response["headers"] += [{"name": "set-cookie", "value": _set_cookie(cookie)} for cookie in cookies]
    response["cookies"] = cookies
    response["redirectURL"] = str(response.get("redirectURL", ""))
    content = response["content"] = _object(response, "content")
    mime_type = content["mimeType"] = _text(content, "mimeType")
    if isinstance(file := content.pop("_file", None), str):
        content.pop("encoding", None)
        if (data := attachment(file)) is None:
            note(f"its body is in the file {file}, which is not there")
        else:
            content["text"], encoding = encode_body(data, mime_type)
            content |= {"encoding": encoding} if isinstance(encoding, str) else {}
    if isinstance(text := content.get("text"), str) and content.get("encoding") != "base64":
        content.pop("encoding", None)
        if (mended := as_utf8(text, mime_type)) is not None:
            content["text"] = mended
            note("its text was UTF-8 that had been read as Windows-1252; it is read anew")
    content["size"] = _not_negative(content.get("size"))


def as_utf8(text: str, mime_type: str) -> str | None:
    """Returns what `text` is if its UTF-8 was taken for Windows-1252 or Latin-1; None if it was not.

    Browsers do so with text without a charset, event streams included. Characters beyond ASCII that by chance are valid
    UTF-8 in that reading, all of them, do not occur in real text.
    """
    if text.isascii() or "charset" in mime_type.lower() or not mime_type.lower().startswith("text/"):
        return None
    try:
        return text.translate(WINDOWS_1252).encode("latin-1").decode()
    except UnicodeError:
        return None


def _set_cookie(cookie: dict[str, Any]) -> str:
    """Returns the line of a Set-Cookie header (RFC 6265, section 4.1)."""
    parts = [f"{cookie['name']}={cookie.get('value', '')}"]
    parts += [f"{word}={cookie[key]}" for key, word in (("path", "Path"), ("domain", "Domain")) if cookie.get(key)]
    if isinstance(expires := cookie.get("expires"), str) and (at := _date(expires)) is not None:
        parts.append(f"Expires={at.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT")
    parts += [word for key, word in (("httpOnly", "HttpOnly"), ("secure", "Secure")) if cookie.get(key) is True]
    if isinstance(same_site := cookie.get("sameSite"), str) and same_site:
        parts.append(f"SameSite={same_site}")
    return "; ".join(parts)


def _headers(message: dict[str, Any]) -> list[dict[str, str]]:
    return [pair for pair in _pairs(_list(message, "headers")) if not pair["name"].startswith(":")]


def _pairs(items: list[Any]) -> list[dict[str, str]]:
    return [
        {"name": str(item["name"]), "value": str(item.get("value", ""))}
        for item in items
        if isinstance(item, dict) and item.get("name")
    ]


def _has(message: dict[str, Any], name: str) -> bool:
    return any(pair["name"].lower() == name for pair in message["headers"])


def _object(holder: dict[str, Any], key: str) -> dict[str, Any]:
    return value if isinstance(value := holder.get(key), dict) else {}


def _list(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = holder.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _not_negative(value: Any) -> float:
    return value if isinstance(value, int | float) and value > 0 else 0


def _time(value: Any) -> str:
    """Returns a time of HAR with its zone, which some programs leave out. The epoch stands for a time that is none."""
    at = _date(value) if isinstance(value, str) else None
    at = at or datetime.fromtimestamp(0, UTC)
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).isoformat()


def _date(text: str) -> datetime | None:
    text = re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text.strip())  # +0100, as some write it
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

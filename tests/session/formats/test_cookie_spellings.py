"""Cookies as browsers, drivers, extensions and editors write them: one that cannot be read keeps no other from being
read, and is told."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import msgspec
import pytest

from toolkit.errors import SessionError
from toolkit.session.browser_session import FAR_FUTURE, BrowserSession, Cookie
from toolkit.session.formats import conversion, encoded_text
from toolkit.session.formats.encoded_text import decode_bytes
from toolkit.session.formats.expiry_values import read_expiry

SECRET = "s3cr3t"
HOST, ORIGIN = "chat.example.org", "https://chat.example.org"
TITLE = "# Netscape HTTP Cookie File\n"
COOKIE = Cookie(name="sid", value=SECRET, domain=HOST)
END = 1_798_559_560.0
RAW = {"name": "sid", "value": SECRET, "domain": HOST}


def read(text: str, form: str | None = None) -> BrowserSession:
    parsed = conversion.parse(text, form, provider="aura", origin=ORIGIN)
    assert parsed.left_out == ()
    return parsed.session


def left_out(text: str) -> tuple[str, ...]:
    """What is left out of `text`; the rest of it is the one cookie."""
    parsed = conversion.parse(text, provider="aura", origin=ORIGIN)
    assert [cookie.name for cookie in parsed.session.cookies] == ["sid"]
    assert SECRET not in repr(parsed.left_out)
    return parsed.left_out


# --- JSON


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"expires": END}, {"expires": END}),  # Playwright, Puppeteer
        ({"expires": -1}, {}),
        ({"expires": None}, {}),
        ({"expiry": END}, {"expires": END}),  # Selenium
        ({"expirationDate": END + 0.5}, {"expires": END + 0.5}),  # extensions
        ({"expirationDate": END * 1000}, {"expires": END}),
        ({"expirationDate": "2026-12-29T15:52:40Z"}, {"expires": END}),
        ({"session": True}, {}),
        ({"secure": True, "sameSite": "no_restriction"}, {"secure": True, "same_site": "None"}),
        ({"secure": True, "sameSite": "None"}, {"secure": True, "same_site": "None"}),
        ({"secure": "true", "sameSite": "NONE"}, {"secure": True, "same_site": "None"}),
        ({"sameSite": "None"}, {"same_site": "Lax"}),  # what Firefox tells of one that says nothing, without TLS
        ({"sameSite": "no_restriction"}, {"same_site": "Lax"}),
        ({"sameSite": "unspecified"}, {}),
        ({"sameSite": "lax"}, {}),
        ({"sameSite": None}, {}),
        ({"sameSite": ""}, {}),
        ({"sameSite": "strict"}, {"same_site": "Strict"}),
        ({"path": "/a", "httpOnly": True, "hostOnly": True}, {"path": "/a", "http_only": True}),
        ({"path": None, "storeId": None, "id": 1}, {}),
        ({"domain": f".{HOST.upper()}"}, {"host_only": False}),
        ({"domain": f".{HOST}", "hostOnly": True}, {}),
        ({"hostOnly": False}, {"host_only": False}),
        ({"domain": None, "url": f"{ORIGIN}/x"}, {"secure": True}),
        ({"partitionKey": None, "firstPartyDomain": ""}, {}),
        ({"partitionKey": {}}, {}),
        ({"partitionKey": "https://example.com"}, {"partition_key": "https://example.com"}),
        ({"partitionKey": {"topLevelSite": "https://example.com"}}, {"partition_key": "https://example.com"}),
        ({"partitionKey": {"sourceOrigin": "https://a.example.com:8"}}, {"partition_key": "https://example.com"}),
        ({"partitionKey": "(https,example.com)"}, {"partition_key": "https://example.com"}),  # as Firefox stores it
        (
            {"partitionKey": {"topLevelSite": "https://example.com", "hasCrossSiteAncestor": True}},
            {"partition_key": "https://example.com", "cross_site_ancestor": True},
        ),
    ],
    ids=lambda value: json.dumps(value) if "name" not in value else None,
)
def test_each_spelling_of_an_attribute_is_read(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    """In a list of cookies as in a storage state."""
    cookie = msgspec.structs.replace(COOKIE, **expected)
    assert read(json.dumps([RAW | raw])).cookies == (cookie,)
    assert read(json.dumps({"cookies": [RAW | raw], "origins": []})).cookies == (cookie,)


@pytest.mark.parametrize(
    "document",
    [
        [RAW],
        {"url": f"{ORIGIN}/chat", "cookies": [RAW]},
        {"id": 1, "result": {"cookies": [RAW]}},
        {"value": [RAW]},
        {"cookies": [RAW], "origins": None},
    ],
)
def test_a_list_is_found_in_what_wraps_it(document: Any) -> None:
    """An extension's own object, an answer of the DevTools protocol or of WebDriver."""
    assert read(json.dumps(document)).cookies == (COOKIE,)


def test_names_and_values_are_cookies_of_the_origin() -> None:
    """As scripts keep them."""
    cookies = (
        Cookie(name="sid", value=SECRET, domain=HOST, secure=True),
        Cookie(name="b", value="", domain=HOST, secure=True),
    )
    for document in ({"sid": SECRET, "b": ""}, {"cookies": {"sid": SECRET, "b": ""}}):
        assert read(json.dumps(document)).cookies == cookies


def test_the_page_of_an_extension_s_export_is_the_origin() -> None:
    """Where nothing else tells it; it does not contradict a person who does."""
    text = json.dumps({"url": f"{ORIGIN}/chat", "cookies": [RAW]})
    assert conversion.parse_alone(text).origin == ORIGIN
    assert conversion.parse(text, origin="https://other.example").session.origin == "https://other.example"
    assert conversion.parse_alone(json.dumps({"url": "about:blank", "cookies": [RAW]})).origin == ""


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (SECRET, "cookie 2 (it is not an object)"),
        ({"name": "a", "domain": HOST}, "cookie 2 (it has no `name` or no `value` that is text)"),
        ({"name": "a", "value": 5, "domain": HOST}, "cookie 2 (it has no `name` or no `value` that is text)"),
        ({"name": "a", "value": f"{SECRET}\r\nx: y", "domain": HOST}, "cookie 2 (it holds a control character)"),
        (RAW | {"partitionKeyOpaque": True}, "cookie 2 (it is of a partition that has no name)"),
        (RAW | {"partitionKey": 5}, "cookie 2 (its `partitionKey` is neither text nor an object)"),
    ],
)
def test_one_cookie_that_cannot_be_read_is_left_out(raw: object, told: str) -> None:
    """And told by its number; the others are read."""
    assert left_out(json.dumps([RAW, raw])) == (told,)
    assert left_out(json.dumps({"cookies": [RAW, raw]})) == (told,)


def test_an_expiry_that_is_not_understood_is_told() -> None:
    """The cookie is kept, as one without an expiry."""
    assert left_out(json.dumps([RAW | {"expires": SECRET}])) == ("the expiry of cookie 1 (it is not understood)",)
    line = f"{TITLE}{HOST}\tFALSE\t/\tFALSE\t{SECRET}\tsid\t{SECRET}\n"
    assert left_out(line) == ("the expiry of line 2 (it is not understood)",)


def test_what_a_session_has_no_place_for_is_told() -> None:
    """Of a storage state: what is no text, origins of another shape, and passkeys with the reason. Session storage and
    IndexedDB, which few write, are read."""
    database = {"name": "db", "version": 1, "stores": []}
    state = {
        "cookies": [RAW],
        "credentials": [{"id": SECRET, "privateKey": SECRET}],
        "origins": [
            {
                "origin": ORIGIN,
                "localStorage": [{"name": "a", "value": "b"}, {"name": "c"}],
                "indexedDB": [database],
            },
            {"origin": "https://b.example", "localStorage": {"a": "b"}, "indexedDB": [], "sessionStorage": {"t": "s"}},
            {"localStorage": []},
        ],
    }
    assert left_out(json.dumps(state)) == (
        "origin 3 (it has another shape than those of a storage state)",
        "passkeys (put back into a browser, they would switch the person's own authenticator off)",
        f"items of the local storage of {ORIGIN} (they are no texts)",
    )
    session = conversion.parse(json.dumps(state)).session
    assert session.local_storage == {ORIGIN: {"a": "b"}, "https://b.example": {"a": "b"}}
    assert session.session_storage == {"https://b.example": {"t": "s"}}
    assert session.indexed_db == {ORIGIN: [database]}


# --- expiries


@pytest.mark.parametrize(
    ("told", "expires"),
    [
        *((None, None), (False, None), (0, None), (-1, None), ("", None), ("Session", None), ("0", None)),
        *((END, END), (int(END), END), (f"{END:.3f}", END), (END * 1e3, END), (str(int(END * 1e6)), END)),
        ((int(END) + 11_644_473_600) * 10**6, END),  # Chromium's own files count from 1601
        *(("2026-12-29T15:52:40.000Z", END), ("2026-12-29 15:52:40", END), ("Tue, 29 Dec 2026 15:52:40 GMT", END)),
        *((FAR_FUTURE, FAR_FUTURE), (10**400, FAR_FUTURE), (float("inf"), FAR_FUTURE), (float("nan"), None)),
    ],
)
def test_an_expiry_is_read_in_each_unit(told: object, expires: float | None) -> None:
    """Seconds, milliseconds and microseconds are too far apart to be taken for each other."""
    assert read_expiry(told) == expires


@pytest.mark.parametrize("told", [SECRET, "tomorrow", True, [], {}])
def test_what_is_no_time_is_no_expiry(told: object) -> None:
    """It is an error, which whoever asks makes a note of."""
    with pytest.raises(ValueError, match=r"^not a "):
        read_expiry(told)


# --- cookies.txt


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{HOST}\tFALSE\t/\tTRUE\t{END}\tsid\t{SECRET}\t", {"secure": True, "expires": END}),
        (f"{HOST} FALSE  /   TRUE {END:.0f} sid {SECRET}", {"secure": True, "expires": END}),
        (f"{HOST}\tFALSE\t/\tFALSE\t\tsid\t{SECRET}", {}),
        (f"{HOST}\tfalse\t/\tfalse\t{END * 1000:.0f}\tsid\t{SECRET}", {"expires": END}),
        (f".{HOST}\tFALSE\t/\tFALSE\t0\tsid\t{SECRET}", {"host_only": False}),
        (f"{HOST}\tTRUE\t/\tFALSE\t0\tsid\t{SECRET}", {"host_only": False}),
        (f"#HttpOnly_{HOST}\tFALSE\t/\tFALSE\t0\tsid\t{SECRET}\r", {"http_only": True}),
        (f"{HOST}\tFALSE\t/\tFALSE\t0\tsid", {"value": ""}),
    ],
)
def test_a_line_is_read_as_programs_write_it(line: str, expected: dict[str, Any]) -> None:
    """With a tab at its end, blanks in place of tabs, no expiry, a dot where the flag says none."""
    cookie = msgspec.structs.replace(COOKIE, **expected)
    assert read(f"{TITLE}{line}\n").cookies == (cookie,)
    assert read(line).cookies == (cookie,)


@pytest.mark.parametrize("line", ["a\tb", ".x\tTRUE\t/\tFALSE\t0\tb\tc\td", "x\tTRUE\t\tFALSE\t0\ta\tb", "x\t\udcff"])
def test_a_foreign_line_keeps_no_other_from_being_read(line: str) -> None:
    """It is told by its number."""
    (told,) = left_out(f"{TITLE}{HOST}\tFALSE\t/\tTRUE\t0\tsid\t{SECRET}\n{line}\n")
    assert told.startswith("line 3 (it")


def test_one_part_of_a_header_keeps_no_other_from_being_read() -> None:
    """Names with brackets, as PHP has them, are names."""
    assert left_out(f"sid={SECRET}; a b=c") == ("part 2 of the cookie header (it is no cookie)",)
    assert [cookie.name for cookie in read(f"sid={SECRET}; key[a]=c").cookies] == ["sid", "key[a]"]


# --- encodings


@pytest.mark.parametrize("text", [f"{TITLE}{HOST}\tFALSE\t/\tFALSE\t0\tsid\t{SECRET}\n", json.dumps([RAW])])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_is_read_in_the_encodings_of_windows(text: str, encoding: str) -> None:
    """PowerShell's `>` writes UTF-16, editors write byte order marks; gzip and base64 around it make no difference."""
    raw = text.replace("\n", "\r\n").encode(encoding)
    for given in (decode_bytes(raw), decode_bytes(gzip.compress(raw)), base64.b64encode(gzip.compress(raw)).decode()):
        assert read(given).cookies == (COOKIE,)


@pytest.mark.parametrize(
    "text", [f"{TITLE}{HOST}\tFALSE\t/\tTRUE\t0\tsid\t{SECRET}\n", f"Cookie: sid={SECRET}\n", json.dumps([RAW])]
)
def test_base64_of_each_format_is_read(text: str) -> None:
    """What `export` writes goes through `base64` as it is."""
    assert [cookie.name for cookie in read(base64.b64encode(text.encode()).decode()).cookies] == ["sid"]


def test_an_archive_with_too_much_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is small unpacks to more than fits."""
    monkeypatch.setattr(encoded_text, "MAX_UNPACKED", 1000)
    with pytest.raises(SessionError, match="too much in it"):
        decode_bytes(gzip.compress(bytes(1001)))

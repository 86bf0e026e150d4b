"""What becomes of secrets and what stays: placeholders, words, random places, and the rules of a user."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.recording.helpers import SITE, entry
from tests.redaction.secrets import jwt
from tests.redaction.test_redact import PLANTED, session
from toolkit.errors import UsageError
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.redaction.placeholders import is_placeholder
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules


def test_placeholders_say_where_they_were_found() -> None:
    """A placeholder has the length of its secret, the name of its place, and is another for another secret."""
    sent = [("Cookie", f"session={'k3x9q0w7ab' * 3}012345; pin=1234; session={'x9k2m4p6q8' * 3}")]
    redacted = redact([Entry(entry().started, make_request("GET", SITE, sent, b""), make_response(200, "", [], b""))])
    values = [one.value for one in redacted[0].request.cookies]
    assert values == ["PLACEHOLDER_cookie_session_1PPPPPPPP", "9001", "PLACEHOLDER_cookie_session_2PP"]
    assert all(is_placeholder(value) for value in values)


def test_a_token_stays_a_token() -> None:
    """A JSON Web Token keeps its length and a header and claims that can be read; it expires in 2100."""
    tokens = [jwt(sid=f"user-{n}", exp=1767225600, iat=1767220000, roles=["writer"], ok=True, n=12.5) for n in (1, 2)]
    redacted = redact([entry(body=" ".join(tokens).encode())])
    made = redacted[0].response.content.body().decode().split()
    assert [len(one) for one in made] == [len(one) for one in tokens]
    assert len({*made, *tokens}) == 4
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in made[0].split(".")[:2]
    )
    assert (header["alg"], header["typ"]) == ("HS256", "JWT")
    assert header["kid"] != "key-7f3a"
    assert claims["exp"] == 4102444800
    assert (claims["ok"], type(claims["n"]), len(claims["sid"])) == (True, float, 6)
    assert claims["sid"] != "user-1"
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "body",
    [
        '{"token": "Hello", "max_tokens": 1024, "tokens": ["a", "b"], "key": "", "code": 200, "eos_token": "</s>"}',
        '{"code": "not_found", "state": "pending", "has_password": true, "secret": null, "session": {"id": 7}}',
        '{"chat_id": "06b01000-0000-7000-8000-000000000001", "message_id": "x9k2m4p6q8"}',
        '<a href="/x?page=2&key=en">password: "Enter your password"</a>',
        'data: {"event_type": "token", "text": "Sun"}\r\n\r\n: ping\r\n\r\n',
    ],
)
def test_what_is_no_secret_stays(body: str) -> None:
    """Words, short choices, numbers, ids of chats and pieces of an answer are left alone."""
    given = [entry("POST", sent=body.encode(), headers=[("Set-Cookie", "theme=dark")], body=body.encode())]
    assert redact(given) == given


def test_a_word_is_replaced_in_its_place_only() -> None:
    """A cookie that is a word does not take that word out of the answer."""
    headers = [("Set-Cookie", "mode=system"), ("Set-Cookie", "back=https%3A%2F%2Fchat.example")]
    one = redact([entry(headers=headers, body=b'{"role": "system"}')])[0]
    assert one.response.content.body() == b'{"role": "system"}'
    assert one.request.url == f"{SITE}/"
    assert "system" not in one.response.headers[0].value


def test_random_places_are_the_same_each_time() -> None:
    """What a call makes up anew has a placeholder too, so that two recordings are equal."""
    made = []
    for value in ("k3x9q0w7ab", "9z8y7x6w5v"):
        one = entry("POST", f"{SITE}/?canvas=-{value}", sent=b'{"conversationId": "%b"}' % value.encode())
        one.request.random = ["query.canvas", "body.conversationId"]
        made.append(redact([one]))
    assert made[0] == made[1]


def test_rules_of_the_user() -> None:
    """A header, a parameter, a JSON path and a pattern more; a name less."""
    rules = Rules(
        headers=("UniqueId",),
        query=("canvas",),
        json_paths=("$.data.key", "$..ssn", "$.items[*].v", "$['a b'][0]"),
        patterns=(r"user-(\d{4})", "ж{3}"),
        keep=("sid",),
    )
    document = {
        "data": {"key": "kk-1"},
        "x": [{"ssn": 123456789}],
        "items": [{"v": "v1"}, {"v": "v2"}],
        "a b": ["first one", "second"],
        "key": "kk-1",
        "text": "user-4711 жжж",
    }
    one = entry(
        url=f"{SITE}/user-4711?canvas=abc&sid=k3x9q0w7ab12",
        headers=[("uniqueid", "0001"), ("Set-Cookie", "sid=k3x9q0w7ab12")],
        body=json.dumps(document, ensure_ascii=False).encode(),
    )
    made = redact(Recording(entries=[one]), rules=rules)
    new = json.loads(made.entries[0].response.content.body())
    assert made.keep == ("sid",)
    assert made.entries[0].request.url == f"{SITE}/user-9002?canvas=PP1&sid=k3x9q0w7ab12"
    assert [pair.value for pair in made.entries[0].response.headers[:2]] == ["9001", "sid=k3x9q0w7ab12"]
    assert new["data"]["key"] == "PPP1"
    assert new["x"] == [{"ssn": 900000001}]
    assert [item["v"] for item in new["items"]] == ["P1", "P2"]
    assert new["a b"] == ["PH_a_b_1P", "second"]
    assert (new["key"], new["text"]) == ("kk-1", "user-9002 PH_m_2")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"patterns": ("ok", "(")}, r"patterns: '\(' is no regular expression"),
        ({"patterns": ("x*",)}, r"patterns: 'x\*' matches the empty text"),
        ({"json_paths": ("data.key",)}, r"json_paths: 'data\.key' is no path"),
        ({"json_paths": ("$.a[",)}, r"json_paths: '\$\.a\[' is no path"),
        ({"json_paths": ("$",)}, r"json_paths: '\$' is no path"),
        ({"keep": "theme"}, "keep: expected several strings"),
    ],
)
def test_a_rule_that_cannot_be_used_is_told(rules: dict[str, Any], told: str) -> None:
    """The error names the rule."""
    with pytest.raises(UsageError, match=told):
        Rules(**rules)


def test_a_whole_recording_is_redacted() -> None:
    """Comment, chat and the session are redacted with the entries, with the same placeholders."""
    made = redact(
        Recording(
            entries=[entry(url=f"{SITE}/?token=opensesame42")],
            comment="with opensesame42",
            chat=RecordedChat("any", [{"role": "user", "content": "opensesame42?"}]),
            session=RecordedSession.from_session(session()),
        )
    )
    assert made.comment == "with PH_token_1PP"
    assert made.chat is not None
    assert made.chat.messages[0]["content"] == "PH_token_1PP?"
    assert made.session is not None
    assert PLANTED["request cookie"] not in json.dumps(made.session.storage_state)

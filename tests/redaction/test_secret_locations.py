"""Secrets at places that tell of them are found in whatever form they stand there; words at such places stay."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
from msgspec import to_builtins

from tests.recording.helpers import SITE, entry
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, Recording, Timings
from toolkit.redaction.redact import redact
from toolkit.redaction.scan import scan

SECRET = "Zq47kVt9WmX4LrP7sBnY2dHc"


def wrapped(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def asked(*headers: tuple[str, str]) -> Entry:
    one = entry()
    return Entry(
        one.started, make_request("GET", f"{SITE}/", list(headers), b""), one.response, timings=Timings(wait=0)
    )


def answered(mime_type: str, body: str) -> Entry:
    one = entry()
    response = make_response(200, "OK", [("Content-Type", mime_type)], body.encode())
    return Entry(one.started, one.request, response, timings=Timings(wait=0))


def in_page(script: str) -> Entry:
    return answered("text/html", f"<title>x</title><script>{script}</script>")


def uploaded(name: str) -> Entry:
    body = f"--XX\r\nContent-Disposition: form-data; {name}\r\n\r\n{SECRET}\r\n--XX--\r\n".encode()
    return entry("POST", sent=body, sent_type="multipart/form-data; boundary=XX")


PLANTED = {
    "part of a form": uploaded("name=password"),
    "quoted part of a form": uploaded('name="password"'),
    "protocol": asked(("Sec-WebSocket-Protocol", f"bearer, {SECRET}")),
    "authentication info": entry(headers=[("Authentication-Info", f'nextnonce="{SECRET}"')]),
    "challenge": entry(headers=[("WWW-Authenticate", f'Bearer realm="x", token="{SECRET}"')]),
    "bare challenge": entry(headers=[("WWW-Authenticate", f"Bearer token={SECRET}")]),
    "old cookie": entry(headers=[("Set-Cookie2", f"weird={SECRET}; Version=1")]),
    "bare attribute": answered("text/html", f"<input type=hidden name=csrf_token value={SECRET}>"),
    "bare attribute at the end": answered("text/html", f"<input name=csrf_token value={SECRET}/>"),
    "template literal": in_page(f"const apiKey=`{SECRET}`"),
    "line": answered("text/plain", f"user: me\npassword: {SECRET}\n"),
    "environment": answered("text/plain", f"A=1\r\nexport API_KEY={SECRET}\r\n"),
    "element": answered("application/xml", f'<r><a:password type="x">{SECRET}</a:password></r>'),
    "token element": answered("text/xml", f"<r><token>{SECRET}</token></r>"),
    "name and value": answered("application/json", json.dumps([{"name": "session_token", "value": SECRET}])),
    "value and name": answered("application/json", json.dumps({"value": SECRET, "path": "/", "n": 1, "key": "sid"})),
    "user": entry(url=f"https://{SECRET}@chat.example/"),
    "path parameter": entry(url=f"{SITE}/a;jsessionid={SECRET}/b?x=1"),
    "path parameter in a header": entry(headers=[("Location", f"/a;jsessionid={SECRET}")]),
    "path parameter in a page": answered("text/html", f'<a href="/a;jsessionid={SECRET}">'),
    "storage of a page": in_page(f"localStorage.setItem('access_token', '{SECRET}')"),
    "storage in a string": answered("application/json", json.dumps({"js": f'x.setItem("id_token","{SECRET}")'})),
    "header that a script sets": in_page(f'request.setRequestHeader("X-Api-Key", "{SECRET}")'),
    "credentials in a script": answered("text/html", f"<script>f({{Authorization: 'Bearer {SECRET}'}})</script>"),
    "cookie that a script sets": in_page(f"document.cookie='sessionid={SECRET}; path=/'"),
    "cookie of any name": answered("text/html", f'<script>document.cookie = "weird={SECRET}"</script>'),
    "item of an object": in_page(f"window['accessToken'] = '{SECRET}'"),
    "script in a string": answered("application/json", json.dumps({"js": f"let apiKey = '{SECRET}'"})),
    "comment of a page": answered("text/html", f"<!-- debug: password={SECRET} -->"),
    "argument in JSON": entry("POST", sent=json.dumps({"query": f'mutation{{a(password:"{SECRET}"){{b}}}}'}).encode()),
    "argument": entry("POST", sent=f'{{login(token: "{SECRET}") {{id}}}}'.encode(), sent_type="application/graphql"),
    "object with the value": answered("application/json", json.dumps({"password": {"value": SECRET}})),
    "text of a node": answered("application/json", json.dumps({"Password": {"#text": SECRET, "@id": "x"}})),
    "word of another language": answered("application/json", json.dumps({"passwort": SECRET, "contraseña": SECRET})),
    "word of another script": answered("application/json", json.dumps({"пароль": SECRET}, ensure_ascii=False)),
    "refresh": entry(headers=[("Refresh", f"0;url=/?access_token={SECRET}")]),
    "refresh without a path": entry(headers=[("Refresh", f"0; URL='?access_token={SECRET}'")]),
    "link": entry(headers=[("Link", f"</x?access_token={SECRET}>; rel=next")]),
    "relative location": entry(headers=[("Location", f"next?code={SECRET}")]),
    "media type": entry(headers=[("Content-Type", f"text/x; token={SECRET}")]),
    **{
        f"header {name}": asked((name, SECRET))
        for name in (
            *("X-Session", "X-Access", "X-Device-Id", "X-Signature", "Authentication", "x-functions-key", "DPoP"),
            *("X-Authorization", "X-Nonce", "X-Ticket", "X-License-Key"),
        )
    },
    "URL in a URL": entry(url=f"{SITE}/?next={quote(f'https://x.example/?access_token={SECRET}', safe='')}"),
    "encoded twice": entry(url=f"{SITE}/?next={quote(quote(f'https://x.example/?token={SECRET}', safe=''), safe='')}"),
    "path in a URL": entry(url=f"{SITE}/?next={quote(f'/cb?access_token={SECRET}', safe='')}"),
    "encoded twice in a page": answered(
        "text/html", f'<a href="/?u={quote(quote(f"/?a=1&access_token={SECRET}&b=2", safe=""), safe="")}">'
    ),
    "reason phrase": entry(reason=f"Bad token={SECRET}"),
    "error": entry(error=f"ProtocolError: password={SECRET}"),
    "method": entry(f"X{SECRET}"),
}


def test_a_secret_in_a_comment_of_the_recording_is_gone() -> None:
    """Comments, which people and other programs write, are searched as well."""
    one = entry(body=b"ok")
    one.response.content.comment = f"password={SECRET}"
    made = redact(Recording(entries=[one], comment=f"made with apiKey: {SECRET}X"))
    assert SECRET not in repr(to_builtins(made))


@pytest.mark.parametrize("place", PLANTED)
def test_a_secret_is_gone(place: str) -> None:
    """What stands at a telling place is replaced there; the result is whole, and stays as it is the next time."""
    made = redact([PLANTED[place]])
    assert SECRET in repr(to_builtins(PLANTED[place]))
    assert SECRET not in repr(to_builtins(made))
    assert redact(made) == made


@pytest.mark.parametrize("name", ["session", "auth", "token", "sessionid", "x-session", "userToken"])
def test_a_short_cookie_is_replaced_where_its_name_tells(name: str) -> None:
    """A session of four letters is one; the same letters elsewhere are not."""
    one = entry(headers=[("Set-Cookie", f"{name}=ab12; Path=/"), ("Set-Cookie", "theme=ab12")], body=b"ab12")
    made = redact([one])[0]
    assert [pair.value.partition("=")[2][:4] for pair in made.response.headers[:2]] == ["PPP1", "ab12"]
    assert made.response.content.body() == b"ab12"


@pytest.mark.parametrize("secret", [SECRET, "hunter2", "ab12"])
@pytest.mark.parametrize("name", ["password", "apiKey"])
def test_json_in_base64_is_read(name: str, secret: str) -> None:
    """JSON as base64 loses its secrets, wrapped once or twice, and is base64 of the same length again."""
    once, twice = wrapped({name: secret, "n": 1}), wrapped({"state": wrapped({name: secret})})
    one = entry(body=json.dumps({"once": once, "twice": twice}).encode())
    made = redact([one])
    new = json.loads(made[0].response.content.body())
    inner = [json.loads(base64.b64decode(new["once"])), json.loads(base64.b64decode(new["twice"]))]
    inner.append(json.loads(base64.b64decode(inner[1]["state"])))
    assert inner[0]["n"] == 1
    assert len(inner[0][name]) == len(inner[2][name]) == len(secret)
    assert secret not in repr(inner)
    assert (len(new["once"]), len(new["twice"])) == (len(once), len(twice))
    assert redact(made) == made


PACKED: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.compress, gzip.decompress),
    "zlib": (zlib.compress, zlib.decompress),
    "zlib of gzip": (
        lambda data: zlib.compress(gzip.compress(data)),
        lambda data: gzip.decompress(zlib.decompress(data)),
    ),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), lambda data: data.decode("utf-16").encode()),
    "UTF-16 without a mark": (
        lambda data: data.decode().encode("utf-16-be"),
        lambda data: data.decode("utf-16-be").encode(),
    ),
    "hexadecimal": (lambda data: data.hex().encode(), lambda data: bytes.fromhex(data.decode())),
    "form in base64": (
        lambda data: base64.b64encode(b"a=1&password=" + json.loads(data)["password"].encode()),
        lambda data: b'{"password": "%b", "n": 1}' % base64.b64decode(data).rpartition(b"=")[2],
    ),
}


@pytest.mark.parametrize("secret", [SECRET, "hunter2"])
@pytest.mark.parametrize("name", PACKED)
def test_a_packed_body_is_opened(name: str, secret: str) -> None:
    """A body that is compressed, UTF-16, or written in letters loses its secrets, and is packed in the same way again,
    in a request as in an answer; a secret that was found elsewhere is taken out of it too. Chunks still add up."""
    pack, unpack = PACKED[name]
    body = pack(json.dumps({"password": secret, "n": 1}).encode())
    echo = entry(body=[(0.0, body[:9]), (1.0, body[9:])])
    given = [entry("POST", sent=body), entry(body=body), echo]
    made = redact(given)
    for one in made:
        sent = one.request.post_data
        new = json.loads(unpack(sent.body() if sent else one.response.content.body()))
        assert new["n"] == 1
        assert new["password"].startswith("PH_") or new["password"].startswith("PLACEHOLDER_")
    assert sum(size for _, size in made[2].response.content.chunks or ()) == len(made[2].response.content.body())
    assert redact(made) == made


def test_what_only_looks_packed_stays() -> None:
    """Bytes that begin as compressed ones do and go on as something else are left as they are."""
    bodies = (b"x\x9c nothing", gzip.compress(b"password")[:9], gzip.compress(b"a") + b"rest", b"\xff\xfeabc", b"{\0")
    given = [entry(body=body) for body in bodies]
    assert redact(given) == given


@pytest.mark.parametrize("place", PLANTED)
def test_the_scan_finds_it_by_itself(place: str) -> None:
    """A file that another program wrote is told of as well."""
    assert scan({"entries": [to_builtins(PLANTED[place])], "comment": ""})


@pytest.mark.parametrize(
    "given",
    [
        answered(
            "text/plain", "the token is a word: password reset\nPassword: required\ntoken: hello\nPIN: 4 digits\n"
        ),
        answered("text/plain", "Use `token: user_name` or\napi_key = your-api-key-here\nSee https://x.example/a@b\n"),
        answered("text/html", "<p>password: Enter yours<input name=password value=><input name=q value=token>"),
        answered("text/javascript", "const token=`${a}/b7c8d9e0f1`, key=`Enter your key`; x;code=parseInt16(a7b8c9d0)"),
        answered("application/xml", "<r><code>x9k2m4p6q8</code><password></password><pass>true</pass></r>"),
        answered(
            "application/json", '[{"key": "password", "value": "Forgot password"}, {"name": "a", "value": "x9k2m4"}]'
        ),
        answered("application/json", json.dumps({"blob": wrapped({"theme": "dark", "password": None, "ids": [1, 2]})})),
        answered("application/json", json.dumps({"text": "eyJ is how a token begins; data:image/png;base64,W10="})),
        entry(
            url="https://git@chat.example/a;v=1/@me", headers=[("Link", "</a;b=c>; rel=next, <https://x.example/@a>")]
        ),
        answered(
            "text/javascript",
            'headers.set("content-type", "application/json"); map.set("token", "description");'
            'localStorage.setItem("theme", "dark-mode"); localStorage.setItem("auth", "anonymous");'
            'document.cookie = "theme=darkmode; path=/"; f({Authorization: "Bearer your-token"})',
        ),
        answered("text/html", "<!-- token: see the documentation --><!-- password: required --><!-- key=x9k2m4p6 -->"),
        answered("application/json", json.dumps({"query": 'query{user(id:"42", name: "ada"){token password}}'})),
        answered("application/json", json.dumps({"query": 'how do I set password: "something" in YAML?'})),
        answered("application/json", json.dumps({"token": {"id": 7, "text": "x9k2m4p6q8", "special": False}})),
        answered("application/json", json.dumps({"password": {"value": None, "label": "Your password"}})),
        answered("application/json", json.dumps({"text": "write `token = \"description\"`, or key='x9k2m4p6q8'"})),
        answered("application/json", json.dumps({"blob": base64.b64encode(b"theme=dark&lang=en&page=12").decode()})),
        answered("application/json", json.dumps({"blob": b'{"theme": "dark", "ids": [1, 2]}'.hex()})),
        entry(reason="Invalid token: expired", error="ProtocolError: no key: nothing"),
        entry(
            url=f"{SITE}/?next=%252Fhome%253Fpage%253D2",
            headers=[
                ("Refresh", "5; url=/next?page=2"),
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Disposition", 'attachment; filename="key.txt"'),
                ("X-Error-Code", "invalid_request"),
                ("Surrogate-Key", "article-1 article-2"),
                ("X-Session", "anonymous"),
                ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ],
        ),
        entry(headers=[("WWW-Authenticate", 'Bearer realm="chat", error="invalid_token", charset="UTF-8"')]),
        entry(headers=[("Set-Cookie", "lang=en"), ("Set-Cookie", "country_code=US"), ("Set-Cookie", "auth=1")]),
        asked(
            ("Sec-WebSocket-Protocol", "graphql-transport-ws, v12.stomp, mqtt"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-CH-UA-Full-Version-List", '"Chromium";v="131.0.6778.85"'),
            ("User-Agent", "Mozilla/5.0 (compatible; bot/2.1; +https://x.example/bot.html)"),
        ),
    ],
)
def test_words_at_telling_places_stay(given: Entry) -> None:
    """Text that speaks of tokens and passwords, empty places, and plain names are left alone."""
    assert redact([given]) == [given]

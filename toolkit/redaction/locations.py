"""Walks the places of a HAR entry where secrets are, by location. Pure.

One walk serves all: it hands each secret to `swap`, and puts what `swap` gives back into its place. To collect, `swap`
gives back what it got. Entries are in HAR's own form, as dictionaries.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from toolkit.redaction.bodies import Body
from toolkit.redaction.encodings import Edit, apply_edits, drop_overlaps
from toolkit.redaction.fields import Field, fields
from toolkit.redaction.names import (
    CHALLENGE_SECRETS,
    CHALLENGES,
    header_sensitivity,
    is_address_or_date,
    is_cookie_secret,
    is_distinctive,
    is_secret,
    is_wordy,
    object_sensitivity,
    sensitivity,
)
from toolkit.redaction.placeholders import is_jwt
from toolkit.redaction.rules import Rules
from toolkit.session.value import BrowserSession

AUTHORIZATION = ("authorization", "proxy-authorization")
PARAMETER = re.compile(r"([\w-]+)(\s*=\s*)(?:\"([^\"\\]+)\"|([^\s\",;]+))")
# A whole run of base64 that may be JSON: such a text begins with `{` or `[`. The parts of a JSON Web Token are apart.
WRAPPED = re.compile(rb"(?<![A-Za-z0-9+/_.=-])(?:e[wyz]|W[w3y])[A-Za-z0-9+/_-]{14,}+={0,2}+(?![A-Za-z0-9.=])")
URLSAFE = bytes.maketrans(b"+/", b"-_")

Swap = Callable[[str, str, str, bool], str]
"""(kind of place, name, secret, whether it is to be replaced everywhere) -> what to put there."""


class SecretLocations:
    """The secret places of entries, by the built-in rules and by `rules`.

    `place` says where the walk is: `log.entries[3].response.headers[Set-Cookie]`.
    """

    def __init__(self, rules: Rules, swap: Swap) -> None:
        self.place = ""
        self._rules = rules
        self._swap = swap
        self._headers = {name.lower() for name in rules.headers}
        self._query = {name.lower() for name in rules.query}
        self._random_query: frozenset[str] = frozenset()
        self._random_body: frozenset[tuple[str | int, ...]] = frozenset()

    def walk_log(self, log: dict[str, Any]) -> None:
        """Walk the `log` of a HAR document, changing it."""
        for number, entry in enumerate(log["entries"]):
            self._entry(entry, f"log.entries[{number}]")
        if session := log.get("_session"):
            self._stored(session, "log._session")

    def _entry(self, entry: dict[str, Any], place: str) -> None:
        request, response = entry["request"], entry["response"]
        told = [rule.split(".") for rule in request.get("_random", ()) if isinstance(rule, str)]
        self._random_query = frozenset(rule[1] for rule in told if rule[0] == "query" and len(rule) == 2)
        self._random_body = frozenset(tuple(rule[1:]) for rule in told if rule[0] == "body")
        self.place = f"{place}.request.url"
        request["url"] = self.url(request["url"])
        for number, pair in enumerate(request.get("queryString", ())):
            self.place = f"{place}.request.queryString[{number}]"
            pair["value"] = self._parameter(pair["name"], pair.get("value", ""))
        self._half(request, f"{place}.request")
        posted = request.get("postData")
        if posted is not None:
            for number, pair in enumerate(posted.get("params", ())):
                self.place = f"{place}.request.postData.params[{number}]"
                pair["value"] = self._parameter(pair["name"], pair.get("value", ""))
            self.place = f"{place}.request.postData.text"
            body = Body(posted, "_encoding")
            body.edit(self.body(body.data, posted.get("mimeType", "")))
        self._random_query, self._random_body = frozenset(), frozenset()
        self._half(response, f"{place}.response")
        self.place = f"{place}.response.redirectURL"
        response["redirectURL"] = self.url(response.get("redirectURL", ""))
        self.place = f"{place}.response.content.text"
        body = Body(response.get("content", {}), "encoding")
        body.edit(self.body(body.data, body.mime_type))

    def walk_session(self, session: BrowserSession) -> None:
        """Walk what a browser's visit left."""
        self._stored({"headers": dict(session.headers), "storageState": session.to_storage_state()}, "session")
        if session.proxy and (password := urlsplit(session.proxy).password):
            self._swap("proxy", "password", unquote(password), True)

    def _stored(self, session: dict[str, Any], place: str) -> None:
        """A session, as a recording keeps it: headers, and Playwright's storage state."""
        headers, state = session.get("headers", {}), session.get("storageState", {})
        for name, value in headers.items():
            self.place = f"{place}.headers[{name}]"
            headers[name] = self._header(name, value)
        for cookie in state.get("cookies", ()):
            self.place = f"{place}.storageState.cookies[{cookie['name']}]"
            cookie["value"] = self._cookie(cookie["name"], cookie["value"])
        for origin in state.get("origins", ()):
            for item in origin.get("localStorage", ()):
                self.place = f"{place}.storageState.localStorage[{item['name']}]"
                item["value"] = self._stored_item(item["name"], item["value"])

    def _stored_item(self, name: str, value: str) -> str:
        """One item of localStorage: JSON with secrets in it, or text that is one by its name or looks."""
        if value[:1] in ("{", "["):
            data = value.encode()
            return apply_edits(data, drop_overlaps(self.body(data, "application/json"))).decode()
        told = sensitivity(name)
        if name.lower() in self._rules.kept_names or not is_secret(value, told):
            return value if name.lower() in self._rules.kept_names else self._unwrapped(value)
        return self._swap("storage", name, value, is_distinctive(value, told))

    def url(self, url: str) -> str:
        """The parameters of a URL's query, fragment and path (RFC 3986, 3.3), and the user's data in it."""
        head, hash_, fragment = url.partition("#")
        head, mark, query = head.partition("?")
        if match := re.match(r"(\w+://[^/@:]*:)([^/@]+)(@.*)", head, re.DOTALL):
            password = unquote(match[2])
            head = match[1] + _changed(match[2], password, self._swap("url", "password", password, True)) + match[3]
        elif (match := re.match(r"(\w+://)([^/@:]+)(@.*)", head, re.DOTALL)) and is_secret(
            user := unquote(match[2]), None
        ):
            head = (
                match[1]
                + _changed(match[2], user, self._swap("url", "user", user, is_distinctive(user, None)))
                + match[3]
            )
        if ";" in head and not head.startswith("data:"):
            head = re.sub(r"(?<=;)([^;/=]+)=([^;/]+)", self._path_parameter, head)
        return head + mark + self._parameters(query) + hash_ + self._parameters(fragment)

    def _path_parameter(self, match: re.Match[str]) -> str:
        plain = unquote(match[2])
        return f"{match[1]}={_changed(match[2], plain, self._parameter(match[1], plain))}"

    def _wrapped(self, data: bytes) -> Iterator[Edit]:
        """What to change in JSON that `data` holds as base64, whatever its name."""
        for match in WRAPPED.finditer(data):
            run = match[0].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
            if len(run) % 4 == 1:
                continue
            inner = base64.b64decode(run + b"=" * (-len(run) % 4))
            try:
                json.loads(inner)
            except (ValueError, RecursionError):
                continue
            if edits := drop_overlaps(self.body(inner, "application/json")):
                new = base64.b64encode(apply_edits(inner, edits))
                new = new if match[0].endswith(b"=") else new.rstrip(b"=")
                urlsafe = b"-" in match[0] or b"_" in match[0]
                yield Edit(match.start(), match.end(), new.translate(URLSAFE) if urlsafe else new)

    def _unwrapped(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        return apply_edits(data, drop_overlaps([*self._wrapped(data)])).decode("utf-8", "surrogatepass")

    def body(self, data: bytes, mime_type: str) -> list[Edit]:
        """What to change in a body."""
        edits = []
        for field in fields(data, mime_type, all_values=bool(self._rules.json_paths or self._random_body)):
            if not field.text:
                continue
            if isinstance(new := self._field(field), str):
                edits.append(Edit(field.start, field.end, field.write(new)))
        edits += self._wrapped(data)  # after the fields: one that is replaced as a whole comes first
        for pattern in self._rules.compiled_patterns:
            text = data.decode("latin-1") if pattern.pattern.isascii() else data.decode("utf-8", "surrogateescape")
            for match in pattern.finditer(text):
                group = 1 if pattern.groups and match[1] is not None else 0
                before, secret = text[: match.start(group)], match[group]
                codec = "latin-1" if pattern.pattern.isascii() else "utf-8"
                raw = secret.encode(codec, "surrogateescape" if codec == "utf-8" else "strict")
                start = len(before) if codec == "latin-1" else len(before.encode("utf-8", "surrogateescape"))
                value = raw.decode("utf-8", "replace")
                new = self._swap("pattern", "match", value, len(value) >= 6)
                if new != value:
                    edits.append(Edit(start, start + len(raw), new.encode()))
        return edits

    def walk_text(self, text: str) -> str:
        """What the user's patterns find in any other text."""
        for pattern in self._rules.compiled_patterns:
            text = pattern.sub(self._matched, text)
        return text

    def _matched(self, match: re.Match[str]) -> str:
        group = 1 if match.re.groups and match[1] is not None else 0
        new = self._swap("pattern", "match", match[group], len(match[group]) >= 6)
        start = match.start()
        return match[0][: match.start(group) - start] + new + match[0][match.end(group) - start :]

    def _field(self, field: Field) -> str | None:
        """The new value of one field of a body; None to leave it alone."""
        path, value, number, heuristic = field.path, field.text, field.number, field.heuristic
        names = [key for key in path if isinstance(key, str)]
        name = names[-1] if names else ""
        if value[:1] in ("{", "[") and '"' in value:  # JSON within JSON
            self.body(value.encode("utf-8", "replace"), "application/json")
        if path in self._random_body:
            kind, wide = "random", is_distinctive(value, "sure")
        elif name.lower() in self._rules.kept_names:
            return None
        elif self._rules.json_paths and self._rules.matches_path(path):
            kind, wide = "field", is_distinctive(value, "sure")
        else:
            told = sensitivity(name, query=field.query) or object_sensitivity(names[-2] if len(names) > 1 else "")
            if told is None or not is_secret(value, "maybe" if heuristic else told):
                return None
            if number and (told != "sure" or len(value) < 6 or not value.isdigit()):
                return None
            kind, wide = "field", heuristic or is_distinctive(value, told)
        if number and not value.isdigit():
            return re.sub(r"[0-9]", "1", value)
        new = self._swap(kind, name or "item", value, wide)
        return new if new != value else None

    def _half(self, half: dict[str, Any], place: str) -> None:
        for pair in half.get("headers", ()):
            self.place = f"{place}.headers[{pair['name']}]"
            pair["value"] = self._header(pair["name"], pair.get("value", ""))
        for cookie in half.get("cookies", ()):
            self.place = f"{place}.cookies[{cookie['name']}]"
            cookie["value"] = self._cookie(cookie["name"], cookie.get("value", ""))

    def _header(self, name: str, value: str) -> str:
        lower = name.lower()
        if lower in self._rules.kept_names or not value:
            return value
        if lower in ("set-cookie", "set-cookie2"):
            cookies = (line.partition(";") for line in value.split("\n"))  # browsers join them by line feeds
            return "\n".join(self._pair(pair) + semicolon + told for pair, semicolon, told in cookies)
        if lower == "cookie":
            return "".join(self._pair(part) for part in re.split(r"(;\s*)", value))
        if lower in AUTHORIZATION:
            return self._credentials(name, value)
        if lower in self._headers:
            return self._swap("header", name, value, is_distinctive(value, "sure"))
        if (told := header_sensitivity(lower)) and is_secret(value, told):
            return self._swap("header", name, value, is_distinctive(value, told))
        if lower in CHALLENGES:
            return PARAMETER.sub(self._challenge, value)
        if lower == "sec-websocket-protocol":  # RFC 6455, 1.9: names, among which pages also put tokens
            return re.sub(r"[^\s,]+", lambda match: self._protocol(match[0]), value)
        if "://" in value or value[0] in "/?#":
            return re.sub(r"[a-z]+://[^\s<>\"',]+|^[/?#][^\s]*", lambda match: self.url(match[0]), value)
        return value

    def _challenge(self, match: re.Match[str]) -> str:
        """One parameter of a challenge (RFC 9110, 11.3)."""
        name, value = match[1], match[3] or match[4]
        told = "sure" if name.lower() in CHALLENGE_SECRETS else sensitivity(name, query=True)
        if told is None or name.lower() in self._rules.kept_names or not is_secret(value, told):
            return match[0]
        new = self._swap("header", name, value, is_distinctive(value, told))
        return name + match[2] + (f'"{new}"' if match[3] else new)

    def _protocol(self, value: str) -> str:
        return self._swap("header", "protocol", value, is_distinctive(value, None)) if is_secret(value, None) else value

    def _credentials(self, name: str, value: str) -> str:
        """RFC 9110, 11.4: a scheme and credentials; those of Basic (RFC 7617) hold a user and a password."""
        scheme, space, rest = value.partition(" ")
        if not space:
            return self._swap("header", name, value, is_distinctive(value, "sure"))
        if scheme.lower() == "basic":
            try:
                user, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                user = colon = password = ""
            if colon:
                user = self._swap("header", f"{name}_user", user, is_distinctive(user, None)) if user else user
                if password:
                    password = self._swap("header", f"{name}_password", password, is_distinctive(password, "sure"))
                return f"{scheme} {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        return f"{scheme} {self._swap('header', name, rest, is_distinctive(rest, 'sure'))}" if rest else value

    def _pair(self, pair: str) -> str:
        """One `name=value` of a cookie header. A cookie without a name is all value (RFC 6265bis, 5.6)."""
        if not pair.strip("; \t"):
            return pair
        name, equals, value = pair.partition("=")
        if not equals:
            name, value = "", pair
        return (name + equals if equals else "") + self._cookie(name.strip(), value)

    def _cookie(self, name: str, value: str) -> str:
        secret, told = value.strip().strip('"'), sensitivity(name)
        if name.lower() in self._rules.kept_names or not is_cookie_secret(name, secret):
            return value
        wide = is_distinctive(secret, told)
        new = self._swap("cookie", name, secret, wide)
        if not is_address_or_date(secret):
            for inner in self._inner(secret):  # what is in it may stand by itself elsewhere
                self._swap("cookie", name, inner, True)
        return value.replace(secret, new)

    def _inner(self, value: str) -> Iterator[str]:
        plain = unquote(value)
        if plain[:1] in ("{", "["):
            self.body(plain.encode(), "application/json")
            return
        parts = re.split(r"[|\s]", plain)
        for part in dict.fromkeys((plain, *parts) if len(parts) > 1 else (plain,)):
            if part != value and (is_jwt(part) or (is_distinctive(part, None) and not is_wordy(part))):
                yield part

    def _parameters(self, query: str) -> str:
        if "=" not in query:
            return query
        pieces = re.split(r"([&;])", query)
        for at in range(0, len(pieces), 2):
            name, equals, value = pieces[at].partition("=")
            if value:
                plain = unquote_plus(value)
                new = self._parameter(unquote_plus(name), plain)
                pieces[at] = name + equals + _changed(value, plain, new)
        return "".join(pieces)

    def _parameter(self, name: str, value: str) -> str:
        if not value:
            return value
        if name in self._random_query:
            return self._swap("random", name, value, is_distinctive(value, "sure"))
        if name.lower() in self._rules.kept_names:
            return value
        if name.lower() in self._query:
            return self._swap("query", name, value, is_distinctive(value, "sure"))
        told = sensitivity(name, query=True)
        if told and is_secret(value, told):
            return self._swap("query", name, value, is_distinctive(value, told))
        return self.url(value) if "://" in value and "=" in value else self._unwrapped(value)


def _changed(raw: str, plain: str, new: str) -> str:
    """`raw`, the quoted form of `plain`, unless that has become something else."""
    return raw if new == plain else quote(new, safe="")

"""Collects every secret of a HAR log, and chooses what replaces it. Pure: nothing is changed yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from toolkit.har.encoded_entries import beside_entries, encoded_entries
from toolkit.har.text_walk import bodies, entry_place, is_body, texts
from toolkit.redaction import placeholders
from toolkit.redaction.addresses import Address, addresses_in
from toolkit.redaction.bodies import Body, plain_text
from toolkit.redaction.body_secrets import find_pattern
from toolkit.redaction.entry_batches import entry_batches
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.occurrences import Secret, secrets_in
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import find_beside_entries, find_in_batch, find_in_session
from toolkit.redaction.typed_secrets import typed_secret
from toolkit.session.browser_session import BrowserSession
from toolkit.session.encodings.multi_pattern_search import MultiSearch


class SecretSource(msgspec.Struct):
    """The place where a secret was found first, and whether it is replaced everywhere."""

    kind: str
    name: str
    everywhere: bool


class Collected(NamedTuple):
    """The secrets that were collected, in the order of their first appearance, and the addresses of the entries."""

    sources: dict[str, SecretSource]
    addresses: set[Address]

    def __repr__(self) -> str:
        return f"<Collected {len(self.sources)} secrets>"


def collect_secrets(
    log: dict[str, Any], criteria: Criteria, session: BrowserSession | None, typed: Collection[str] = ()
) -> Collected:
    """Returns every secret of `log`, by `criteria`, and of `session`: those at the places that hold secrets come first.

    `typed` are whole passwords that were typed meanwhile. JSON Web Tokens, and what the patterns of the rules match,
    are collected from every text.
    """
    sources, in_texts = dict[str, SecretSource](), dict[str, SecretSource]()
    entries, addresses, rules = encoded_entries(log), set[Address](), criteria.rules
    _add(sources, (typed_secret(value, typed) for value in typed))
    for batch in entry_batches(entries):
        for location in find_in_batch(batch, criteria):
            _add(sources, location.secrets())
        for number, entry in batch.decoded.items():
            addresses.update(addresses_in(entry))
            in_any = rules.compiled_patterns or entries.may_have(number, b"eyJ")
            for holder, key, _ in (texts if in_any else bodies)(entry, entry_place(log, number)):
                _add(in_texts, _secrets_of_text(holder, key, rules))
    for location in find_beside_entries(log, criteria):
        _add(sources, location.secrets())
    for holder, key, _ in texts(beside_entries(log)):
        _add(in_texts, _secrets_of_text(holder, key, rules))
    _add(sources, (Secret(one.kind, one.name, value, one.everywhere) for value, one in in_texts.items()))
    if session is not None:
        _add(sources, find_in_session(session, rules))
    return Collected(sources, addresses)


def choose_placeholders(sources: dict[str, SecretSource], identity: Mapping[str, str]) -> dict[str, str]:
    """Returns a placeholder for each secret: what replaces it in `identity`, where it tells of a person. A secret that
    already is a placeholder stays."""
    chosen = {secret: secret for secret in sources if placeholders.is_unmistakable_placeholder(secret)}
    chosen |= {secret: identity[secret] for secret in sources if secret in identity}
    taken = set(chosen)
    numbers: Counter[tuple[str, str]] = Counter()  # the last number of each place
    contains = _contains_any(
        [secret for secret, source in sources.items() if source.everywhere and secret not in chosen]
    )
    tried: dict[str, range] = {}
    for secret, source in sources.items():
        if secret not in chosen:
            numbers[source.kind, source.name] += 1
            number = numbers[source.kind, source.name]
            chosen[secret] = placeholders.make_placeholder(
                secret, source.kind, source.name, number, taken, contains, tried, identity
            )
            taken.add(chosen[secret])
    return chosen


def _secrets_of_text(holder: Any, key: Any, rules: Rules) -> Iterator[Secret]:
    """Yields what is a secret by its own looks, or by the patterns of `rules`, in a text as `texts` yields it."""
    if not is_body(key):
        text: str = holder[key]
        for pattern in rules.compiled_patterns:
            yield from secrets_in(find_pattern(pattern, text))
    else:
        plain = plain_text(holder, key)
        text = "eyJ" if plain is None else plain
    if "eyJ" in text:
        yield from _web_tokens(Body(holder, key).data if is_body(key) else text.encode("utf-8", "surrogatepass"))


def _add(sources: dict[str, SecretSource], secrets: Iterable[Secret]) -> None:
    for kind, name, value, everywhere in secrets:
        if value:
            everywhere = everywhere or placeholders.is_jwt(value)
            source = sources.setdefault(value, SecretSource(kind, name, everywhere))
            source.everywhere = source.everywhere or everywhere


def _web_tokens(data: bytes) -> Iterator[Secret]:
    for match in placeholders.JWT.finditer(data) if b"eyJ" in data else ():
        if placeholders.is_jwt(token := match[0].decode()):
            yield Secret("text", "jwt", token, True)


def _contains_any(secrets: list[str]) -> Callable[[str], bool]:
    """Returns a function that says whether a placeholder contains one of `secrets`, which none may.

    The names in placeholders are short, so only short secrets are compared.
    """
    search = MultiSearch(secret.encode() for secret in secrets if len(secret) < 64 and not secret.isdigit())
    return lambda text: any(True for _ in search.find(text.encode()))

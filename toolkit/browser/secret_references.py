"""Texts of browsers.json that name a secret instead of holding it: `env:NAME`, `keyring:SERVICE/USER`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from toolkit.browser.child_environment import keep_from_children
from toolkit.errors import ConfigError, install_hint
from toolkit.session.secret_values import SHORTEST_STORED

S = TypeVar("S", bound=Struct)

ENVIRONMENT, KEYRING = "env:", "keyring:"
SECRET_FIELDS = ("password", "passphrase")
HEADER_FIELDS = ("extra_http_headers", "headers")
# Headers whose values are secrets by their names; others are where the value is one long word, as tokens are.
_SECRET_HEADER = re.compile(r"auth|cookie|credential|jwt|key|passw|secret|session|signature|token", re.IGNORECASE)
_LONG_WORD = re.compile(rf"(?!https?:)\S{{{SHORTEST_STORED},}}")


def resolve_references(value: S, place: str, environ: Mapping[str, str] | None = None) -> S:
    """`value`, a part of browsers.json at the JSON path `place`, with secrets in the place of what names them.

    `environ` is by default `os.environ`. Raises `ConfigError` that names the field, for a variable that is not set and
    for what the keyring does not have. Blocks where the keyring asks the person.
    """
    fields = msgspec.to_builtins(value)
    if not any(text.startswith((ENVIRONMENT, KEYRING)) for _, text in _texts(fields, place)):
        return value
    return msgspec.convert(_resolve(fields, place, os.environ if environ is None else environ), type(value))


def refuse_literal_secrets(value: Struct, place: str) -> None:
    """Raise `ConfigError` for a secret that `value`, a part of browsers.json at the JSON path `place`, holds as text,
    where it should name it."""
    for where, text in _texts(msgspec.to_builtins(value), place):
        if text and not text.startswith((ENVIRONMENT, KEYRING)) and _is_secret(where.removeprefix(place), text):
            raise ConfigError(
                f"{where} is a secret as text.",
                hint="Write `env:NAME`, a variable of the environment, or `keyring:SERVICE/USER` in its place.",
            )


def _is_secret(field: str, text: str) -> bool:
    """Whether `text`, at the JSON path `field` within a part of browsers.json, gives access to something."""
    names = field.split(".")
    if any(name in SECRET_FIELDS for name in names):
        return True
    header = next((names[index + 1 :] for index, name in enumerate(names) if name in HEADER_FIELDS), None)
    return header is not None and bool(_SECRET_HEADER.search(".".join(header)) or _LONG_WORD.fullmatch(text))


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """The texts in `value`, each with its JSON path."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, f"{place}[{index}]")


def _resolve(value: Any, place: str, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _resolve(item, f"{place}.{name}", environ) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_resolve(item, f"{place}[{index}]", environ) for index, item in enumerate(value)]
    if isinstance(value, str) and value.startswith(ENVIRONMENT):
        name = value.removeprefix(ENVIRONMENT)
        keep_from_children(name)
        if not (found := environ.get(name)):
            raise ConfigError(f"{place} is the environment variable {name}, which is not set.")
        return found
    if isinstance(value, str) and value.startswith(KEYRING):
        return _from_keyring(value.removeprefix(KEYRING), place)
    return value


def _from_keyring(entry: str, place: str) -> str:
    """The password of `entry`, SERVICE/USER, in the person's keyring."""
    service, _, user = entry.rpartition("/")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise ConfigError(
            f"{place} is in the keyring, whose package is missing.", hint=install_hint("keyring")
        ) from None
    try:
        found = keyring.get_password(service, user) if service and user else None
    except (KeyringError, OSError) as error:
        raise ConfigError(f"{place}: the system's keyring cannot be used ({type(error).__name__}).") from None
    if not found:
        raise ConfigError(
            f"{place}: the system's keyring has no {entry!r}.",
            hint=f"Put it there by `keyring set {service or 'SERVICE'} {user or 'USER'}`.",
        )
    return found

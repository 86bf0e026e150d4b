"""Reads a file of settings, and makes errors about it: with the path of the value, what was expected there, and which
name was meant. Which settings there are is the matter of each file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from toolkit.errors import ConfigError, file_limit_error
from toolkit.files.access import read_file


def read_settings(file: Path) -> str:
    """The text of `file`, which is UTF-8, with or without a byte order mark. Raises `ConfigError`."""
    try:
        return read_file(file).decode("utf-8-sig")
    except OSError as error:
        text = f"{file} cannot be read: {error.strerror or type(error).__name__}."
        raise file_limit_error(error) or ConfigError(text) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text (byte {error.start}).") from None


def explain_validation_error(file: Path, place: str, root: type[Struct], error: msgspec.ValidationError) -> ConfigError:
    """The error for one of msgspec, whose text is like "Expected `int`, got `str` - at `$.viewport.width`".

    `place` is the JSON path of the value that was converted to `root`.
    """
    what, _, where = str(error).partition(" - at ")
    inner = where.strip("`") or "$"
    close: list[str] = []
    here = list(_inner_types(_type_at(root, inner)))
    if unknown := re.search(r"unknown field `(.+)`", what):
        struct = next(kind for kind in here if isinstance(kind, type) and issubclass(kind, Struct))
        known = [field.encode_name for field in msgspec.structs.fields(struct)]
        close = difflib.get_close_matches(unknown[1], known, n=1)
        what = f"unknown field `{unknown[1]}`"
    elif what.startswith("Invalid enum value"):
        choices = next(get_args(kind) for kind in here if get_origin(kind) is Literal)
        what = f"expected one of {', '.join(choices)}"
    elif "matching regex" in what:
        what = "expected an address such as ws://host:3000/ or http://host:9222"  # the only field with a pattern
    return error_at(file, inner.replace("$", place, 1), what[0].lower() + what[1:], close)


def _type_at(kind: Any, place: str) -> Any:
    """The type of the value at a JSON path such as `$.viewport.width` in a value of type `kind`."""
    names = re.sub(r"\[[^]]*\]", "", place).split(".")[1:]  # no indexes, and no `[...]`, msgspec's sign for a key
    for name in names:
        struct = next(part for part in _inner_types(kind) if isinstance(part, type) and issubclass(part, Struct))
        kind = next(field.type for field in msgspec.structs.fields(struct) if field.encode_name == name)
    return kind


def _inner_types(kind: Any) -> Iterator[Any]:
    """A type and all the types inside it, as an `Annotated` or a union has them."""
    yield kind
    for part in get_args(kind):
        yield from _inner_types(part)


def error_at(file: Path, place: str, what: str, close: list[str] | None = None) -> ConfigError:
    """The error for the value at the JSON path `place` in `file`. `close` are names that may have been meant."""
    return ConfigError(f"{file}: {place}: {what}.", hint=f"Did you mean `{close[0]}`?" if close else None)

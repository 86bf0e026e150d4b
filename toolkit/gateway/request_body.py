"""Decodes the JSON body of a request. Pure."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec

from toolkit.gateway.error_answers import Refused, invalid

T = TypeVar("T")
Count = Annotated[int, msgspec.Meta(ge=1)]  # of tokens

MOST_CONTAINERS = 20_000  # objects and lists in a request: to read many more would keep all other calls waiting


def decode_body(body: bytes, kind: type[T]) -> tuple[T, dict[str, Any]]:
    """The fields of `body` that `kind` names, and all of them. Raises `Refused`, with the field that is wrong."""
    try:
        asked, fields = msgspec.json.decode(body, type=kind), msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(invalid(_field(str(error)), f"The request cannot be read: {error}.")) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(invalid(None, "The body is not JSON.")) from None
    except RecursionError:
        raise Refused(invalid(None, "The body is nested too deeply.")) from None
    if _has_more_containers(fields, MOST_CONTAINERS):
        raise Refused(invalid(None, f"There are more than {MOST_CONTAINERS:,} objects and lists in the request."))
    return asked, fields


def _has_more_containers(document: Any, most: int) -> bool:
    found, containers = 1, [document]
    while containers and found <= most:
        one = containers.pop()
        inner = [value for value in (one.values() if isinstance(one, dict) else one) if isinstance(value, (dict, list))]
        containers += inner
        found += len(inner)
    return found > most


def _field(message: str) -> str | None:
    """The field that a message of msgspec's names (`... - at `$.messages[0]``)."""
    _, found, path = message.partition("`$.")
    return path.rstrip("`.") if found else None

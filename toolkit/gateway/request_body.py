"""Decodes the JSON body of a request. Pure."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from toolkit.gateway.error_answers import Refused, invalid

T = TypeVar("T")


def decode_body(body: bytes, kind: type[T]) -> tuple[T, dict[str, Any]]:
    """The fields of `body` that `kind` names, and all of them. Raises `Refused`, with the field that is wrong."""
    try:
        return msgspec.json.decode(body, type=kind), msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(invalid(_field(str(error)), f"The request cannot be read: {error}.")) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(invalid(None, "The body is not JSON.")) from None
    except RecursionError:
        raise Refused(invalid(None, "The body is nested too deeply.")) from None


def _field(message: str) -> str | None:
    """The field that a message of msgspec's names (`... - at `$.messages[0]``)."""
    _, found, path = message.partition("`$.")
    return path.rstrip("`.") if found else None

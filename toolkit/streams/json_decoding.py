"""Decodes one JSON document of a given shape."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from toolkit.errors import ProtocolError
from toolkit.streams.base import T

# The errors for bytes that are not the JSON that was asked for. Which of them is raised differs between versions of
# msgspec, so callers catch all of them.
JSON_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


def decode_json(data: bytes | bytearray | str, kind: type[T] = Any) -> T:  # type: ignore[assignment]
    """`data` as JSON of the shape `kind` (for example a msgspec Struct; any shape by default).

    Text inside that is not UTF-8 becomes U+FFFD, as in a page's `response.json()`. Raises `ProtocolError` for data that
    is not JSON or has another shape; the error names the place and does not show the data.
    """
    decoder: msgspec.json.Decoder[T] = json_decoder(kind)  # type: ignore[arg-type]
    try:
        try:
            return decoder.decode(data)
        except JSON_ERRORS:
            valid = _replace_non_utf8(data)
            if valid == data:
                raise
            return decoder.decode(valid)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"The site's answer has another shape than its protocol: {error}.") from None
    except RecursionError:
        raise ProtocolError("The site sent JSON that is nested too deeply.") from None
    except JSON_ERRORS as error:
        raise ProtocolError(f"The site sent something that is not JSON ({error}).") from None


@cache
def json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The msgspec decoder for the shape `kind`, which is built once."""
    return msgspec.json.Decoder(kind)


def _replace_non_utf8(data: bytes | bytearray | str) -> bytes | str:
    """`data` with U+FFFD in place of everything that is not UTF-8."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    return data.decode("utf-8", "replace").encode()

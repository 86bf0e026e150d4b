"""Decodes one JSON document of a given shape."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import msgspec

from toolkit.errors import ProtocolError
from toolkit.streams.base import T

# The errors for bytes that are not the JSON that was asked for. Which of them is raised differs between versions of
# msgspec, so callers catch all of them.
JSON_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


# An escape in JSON's strings (RFC 8259, section 7): a pair of surrogates, a surrogate alone, or any other one.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def decode_json(
    data: bytes | bytearray | str,
    kind: type[T] = Any,  # type: ignore[assignment]
    *,
    replace_surrogates: bool = True,
) -> T:
    """`data` as JSON of the shape `kind` (for example a msgspec Struct; any shape by default).

    Text inside that is not UTF-8 becomes U+FFFD, as in a page's `response.json()`; so does half of a character, where
    `replace_surrogates`. Raises `ProtocolError` for data that is not JSON or has another shape; the error names the
    place and does not show the data.
    """
    decoder: msgspec.json.Decoder[T] = json_decoder(kind)  # type: ignore[arg-type]
    try:
        try:
            return decoder.decode(data)
        except JSON_ERRORS:
            valid = _replace_non_utf8(data)
            if replace_surrogates:
                valid = _ESCAPE.sub(_replace_lone_surrogate, valid)
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


def decode_with_surrogates(data: bytes | bytearray, kind: type[T]) -> T | None:
    """`data` as JSON of the shape `kind`, with the halves of characters that it has; None where it has none, or is not
    such JSON. msgspec refuses them, the standard library's decoder does not."""
    if not any(match[1] for match in _ESCAPE.finditer(data)):
        return None
    try:
        document = json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse_constant)
        return msgspec.convert(document, kind)
    except JSON_ERRORS:
        return None


def _replace_non_utf8(data: bytes | bytearray | str) -> bytes:
    """`data` with U+FFFD in place of everything that is not UTF-8."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace")
    return data.decode("utf-8", "replace").encode()


def _refuse_constant(name: str) -> None:
    """`NaN` and `Infinity` are no JSON, though the standard library reads them."""
    raise ValueError(name)


def _replace_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]

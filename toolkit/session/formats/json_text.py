"""What the JSON formats share: decoding with errors that show nothing of the text, and the version."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from toolkit.errors import SessionError
from toolkit.streams.json_decoding import JSON_ERRORS

VERSION = 1
BLANKS = " \t\r\n"
MEMBERS_THAT_TELL = {"session", "cookies", "origins", "log"}  # of objects that are no others
BYTE_POSITION = re.compile(r" \(byte (\d+)\)")
ENUM_VALUE = re.compile(r"(?<=enum value ).*?(?= - at |$)", re.DOTALL)


class Versioned(msgspec.Struct):
    """The version of the toolkit's own part of a document."""

    version: int = VERSION


def decode(text: str, kind: Any) -> Any:
    """`text` as JSON of the msgspec type `kind`. Raises `SessionError`, which names the line and the place."""
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError:
        raise SessionError("The JSON is nested too deeply.") from None
    except UnicodeEncodeError:
        raise SessionError("This is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except JSON_ERRORS as error:
        raise malformed(text, error, "JSON") from None


def encode(document: Any) -> str:
    """`document` as indented JSON with a line end. Raises `SessionError` for text that is not UTF-8."""
    try:
        return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"
    except UnicodeEncodeError:  # the name of an account from a command line, for example
        raise SessionError("The session tells something that is not UTF-8 text.") from None


def members(text: str) -> set[str]:
    """The names of the members of the JSON object `text`. Raises `SessionError` for broken JSON."""
    return set(decode(text, dict[str, msgspec.Raw]))


def check_version(version: int) -> None:
    """Raise `SessionError` for a document of a newer version than this toolkit reads."""
    if version > VERSION:
        raise SessionError(
            f"The session was written by a newer version of the toolkit ({version}).", hint="Upgrade the toolkit."
        )


def malformed(text: str, error: Exception, what: str) -> SessionError:
    """An error with the decoder's own words, without the one kind of value that it quotes, and with the line instead
    of the byte. `what` is the subject of the sentence."""
    reason = ENUM_VALUE.sub("•••", str(error))
    if position := BYTE_POSITION.search(reason):
        line = text.encode()[: int(position[1])].count(b"\n") + 1
        reason = BYTE_POSITION.sub(f" (line {line})", reason)
    reason = reason.removeprefix("JSON is malformed: ")
    return SessionError(f"The {what} is malformed: {reason}.")

"""Writes Python's expressions as its formatters do: on one line where there is room, else an item a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 120
INDENT = "    "


@dataclass(frozen=True)
class Code:
    """An expression as it is written, on one line."""

    text: str


@dataclass(frozen=True)
class Bracketed:
    """An expression in brackets. Each item has a text before it: the name of an argument, the key of an entry. With
    `comma`, the last item has one after it where each has a line."""

    opening: str
    items: tuple[tuple[str, Expression], ...]
    closing: str
    comma: bool = True


Expression = Code | Bracketed


def quoted(text: str) -> str:
    """Returns the literal of a text, in double quotes where these need no more escapes."""
    literal = repr(text)
    if literal.startswith("'") and '"' not in text:
        return '"' + literal[1:-1].replace("\\'", "'") + '"'
    return literal


def literal(value: Any) -> Expression:
    """Returns the expression of what JSON can hold, with `Code` and `Bracketed` in it as they are."""
    if isinstance(value, Code | Bracketed):
        return value
    if isinstance(value, str):
        return Code(quoted(value))
    if isinstance(value, Mapping):
        return Bracketed("{", tuple((f"{quoted(str(key))}: ", literal(item)) for key, item in value.items()), "}")
    if isinstance(value, list):
        return Bracketed("[", tuple(("", literal(item)) for item in value), "]")
    if isinstance(value, tuple):
        closing = ",)" if len(value) == 1 else ")"
        return Bracketed("(", tuple(("", literal(item)) for item in value), closing)
    return Code(repr(value))


def call(function: str, *arguments: Any, **named: Any) -> Bracketed:
    """Returns the expression of a call; None as the value of a named argument leaves it out."""
    items = [("", literal(argument)) for argument in arguments]
    items += [(f"{name}=", literal(value)) for name, value in named.items() if value is not None]
    return Bracketed(f"{function}(", tuple(items), ")")


def code(text: str) -> Code:
    return Code(text)


def statement(before: str, expression: Expression, after: str = "", indent: int = 0) -> list[str]:
    """Returns the lines of a statement: `before`, an expression, `after`."""
    start = INDENT * indent
    return _lines(start + before, expression, after, start)


def _lines(before: str, expression: Expression, after: str, start: str) -> list[str]:
    line = before + flat(expression) + after
    if isinstance(expression, Code) or not expression.items or len(line) <= WIDTH:
        return [line]
    lines = [before + expression.opening]
    for name, item in expression.items:
        lines += _lines(start + INDENT + name, item, "," if expression.comma else "", start + INDENT)
    return [*lines, start + expression.closing.lstrip(",") + after]


def long_text(before: str, text: str, indent: int = 0) -> list[str]:
    """Returns the lines of a statement whose value is a text, which is cut between words where it is long."""
    line = INDENT * indent + before + quoted(text)
    if len(line) <= WIDTH:
        return [line]
    pieces, rest, room = list[str](), text, WIDTH - 10 - len(INDENT) * (indent + 1)
    while len(quoted(rest)) > room:
        at = rest.rfind(" ", 1, room - 2) + 1 or room - 2
        pieces.append(rest[:at])
        rest = rest[at:]
    start = INDENT * indent
    return [f"{start}{before}(", *(f"{start}{INDENT}{quoted(one)}" for one in (*pieces, rest) if one), f"{start})"]


def flat(expression: Expression) -> str:
    """Returns an expression on one line."""
    if isinstance(expression, Code):
        return expression.text
    inner = ", ".join(name + flat(item) for name, item in expression.items)
    return expression.opening + inner + expression.closing


def joined(lines: Iterable[str]) -> str:
    """Returns the text of a file."""
    return "\n".join(lines).rstrip("\n") + "\n"

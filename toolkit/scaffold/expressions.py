"""Writes the values of requests as Python's expressions, with names in their holes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from toolkit.scaffold.exchange import JSONText
from toolkit.scaffold.facts import Findings, Hole, Parts, Step, Taken, Value
from toolkit.scaffold.layout import Bracketed, Code, Expression, call, code, literal, quoted

LONG = 80  # characters of a text that has a name of its own
MADE_UP = "made up: "  # how a hole in a message begins whose value is made up for each


class Expressions:
    """Writes templates. Values that are the same in each call are constants, whose names are in capitals."""

    def __init__(self, findings: Findings) -> None:
        self._kept = {value.name for value in findings.values if value.kept}
        self.long: dict[str, str] = {}  # long texts, by the name of their constant
        self._numbers = {value.name for value in findings.values if value.kind == "made up" and is_number(value.maker)}

    def name(self, name: str) -> str:
        return name.upper() if name in self._kept else name

    def node(self, node: Any, names: Mapping[str, str] | None = None, key: str = "text") -> Expression:
        """Returns the expression of a template; `names` are those of some holes, `key` is what it is the value of."""
        if isinstance(node, str) and len(node) > LONG:
            name = key.upper() if key.isidentifier() else "TEXT"
            while self.long.get(name, node) != node:
                name += "_2"
            self.long[name] = node
            return code(name)
        if isinstance(node, Hole):
            return code((names or {}).get(node.name) or self._hole(node))
        if isinstance(node, Parts):
            return code(self.text(node.parts))
        if isinstance(node, JSONText):
            separators = None if node.spaced else code('(",", ":")')
            return call("json.dumps", self.node(node.document, names), ensure_ascii=False, separators=separators)
        if isinstance(node, dict):
            items = tuple((f"{quoted(str(key))}: ", self.node(item, names, str(key))) for key, item in node.items())
            return Bracketed("{", items, "}")
        if isinstance(node, list):
            return Bracketed("[", tuple(("", self.node(item, names)) for item in node), "]")
        return literal(node)

    def text(self, parts: Iterable[str | Hole], *, escaped: bool = False) -> str:
        """Returns the f-string of texts and holes; `escaped` is for those of an address."""
        found = ""
        for part in parts:
            if isinstance(part, Hole):
                found += f"{{{self._hole(part)}}}"
            else:
                found += (
                    (quote(part, safe="/~:@!$&'()*+,;=%-._") if escaped else part).replace("{", "{{").replace("}", "}}")
                )
        if "{" not in found:
            return quoted(found)
        return "f" + quoted(found)

    def url(self, step: Step) -> Expression:
        parts = step.path.parts
        before: list[str | Hole] = [step.origin] if step.origin else [Hole("self.api")]
        text = self.text((*before, *parts), escaped=True)
        return code(text)

    def texts(self, fields: Mapping[str, Any]) -> Expression:
        """Returns the expression of fields that are texts, such as those of a query."""
        items = []
        for name, node in fields.items():
            expression = self.node(node)
            if isinstance(node, Hole) and node.name in self._numbers:
                expression = code(f"str({_text(expression)})")
            items.append((f"{quoted(name)}: ", expression))
        return Bracketed("{", tuple(items), "}")

    def _hole(self, hole: Hole) -> str:
        if hole.name.startswith(MADE_UP):
            return maker_code(hole.name.removeprefix(MADE_UP))
        return self.name(hole.name)


def holes(*nodes: Any) -> set[str]:
    """Returns the names of the holes in templates."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Hole):
            found.add(node.name)
        elif isinstance(node, Parts):
            found |= holes(*node.parts)
        elif isinstance(node, JSONText):
            found |= holes(node.document)
        elif isinstance(node, dict):
            found |= holes(*node.values())
        elif isinstance(node, list):
            found |= holes(*node)
    return found


def step_holes(*steps: Step) -> set[str]:
    """Returns the names of the holes in requests."""
    return set().union(*(holes(step.path, step.query, step.headers, step.body) for step in steps))


def maker_code(maker: str) -> str:
    """Returns the Python that makes up a value as `maker` says (see `toolkit.scaffold.made_up`)."""
    kind, _, size = maker.partition(" ")
    if kind in ("uuid4", "uuid1"):
        return f"str(uuid.{kind}())"
    if kind in ("ms", "s"):
        number = "now_ms()" if kind == "ms" else "now_ms() // 1000"
        return f"str({number})" if size == "text" else number
    if kind == "iso":
        return "now_iso()" if size == "ms" else 'now_iso("seconds")'
    if kind == "hex":
        return (
            f"secrets.token_hex({int(size) // 2})" if int(size) % 2 == 0 else f'random_text({size}, "0123456789abcdef")'
        )
    if kind == "url":
        return f"secrets.token_urlsafe({size})[:{size}]"
    alphabets = {"lower": "", "alnum": ", ALNUM", "digits": ", DIGITS"}
    return f"random_text({size}{alphabets[kind]})"


def is_number(maker: str) -> bool:
    return maker in ("ms", "s")


def taken_code(name: str, taken: Taken, answer: str) -> Expression:
    """Returns the expression that takes the value `name` out of `answer`: a document, or a text."""
    if taken.how == "json":
        return call("value_in", code(answer), ".".join(map(str, taken.path)))
    if taken.how == "header":
        return call("header_in", code("response.headers"), taken.name)
    return call("match_in", code(answer), pattern_code(taken.pattern), name)


def pattern_code(pattern: str) -> Code:
    """Returns the literal of a regular expression."""
    if "\\" not in pattern:
        return Code(quoted(pattern))
    if '"' not in pattern:
        return Code(f'r"{pattern}"')
    return Code(f"r'{pattern}'") if "'" not in pattern else Code(quoted(pattern))


def doubt(value: Value) -> str:
    """Returns the comment for a value that a person should look at."""
    where = ", ".join(map(str, value.evidence[-1:]))
    if value.kind == "made up":
        return f"Made up by the page, as it seems: {where}."
    return f"From {value.evidence[0]}, as it seems."


def _text(expression: Expression) -> str:
    assert isinstance(expression, Code)
    return expression.text

"""Writes the module of a provider from the facts of its site. Decides nothing about the site. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.providers.dialects.by_form import At
from toolkit.providers.dialects.table import DIALECTS
from toolkit.scaffold.expressions import MADE_UP, Expressions, pattern_code
from toolkit.scaffold.facts import Findings, Hole, Messages
from toolkit.scaffold.layout import INDENT, Expression, call, code, joined, literal, long_text, statement
from toolkit.scaffold.socket_exchanges import SEND
from toolkit.scaffold.stream_writer import STANDARD_ROLES, StreamWriter
from toolkit.session.recipe import CHAT_BOX, Harvest

FRAMES = {"sse": "EventFrames", "json lines": "LineFrames", "json": "DocumentFrames", "text": "TextFrames"}
# What each name that a module may use is imported from. Modules of the standard library are imported whole.
STANDARD = ("json", "secrets", "uuid")
IMPORTS = {
    "partial": "functools",
    "Any": "typing",
    "Struct": "msgspec",
    "Message": "toolkit.chats.messages",
    "format_prompt": "toolkit.chats.messages",
    "cookie_in": "toolkit.providers.answer_values",
    "header_in": "toolkit.providers.answer_values",
    "match_in": "toolkit.providers.answer_values",
    "names_in": "toolkit.providers.answer_values",
    "page_in": "toolkit.providers.answer_values",
    "value_in": "toolkit.providers.answer_values",
    "CHAT_BOX": "toolkit.providers.base",
    "ChatRequest": "toolkit.providers.base",
    "Harvest": "toolkit.providers.base",
    "Pieces": "toolkit.providers.base",
    "Probe": "toolkit.providers.base",
    "Provider": "toolkit.providers.base",
    "Token": "toolkit.providers.base",
    "At": "toolkit.providers.dialects.by_form",
    "ByForm": "toolkit.providers.dialects.by_form",
    **dict.fromkeys(FRAMES.values(), "toolkit.providers.dialects.frames"),
    "poll_answer": "toolkit.providers.dialects.polling",
    "read_answer": "toolkit.providers.dialects.reading",
    "next_frame": "toolkit.providers.dialects.socket_reading",
    "read_socket_answer": "toolkit.providers.dialects.socket_reading",
    "ALNUM": "toolkit.providers.random_values",
    "DIGITS": "toolkit.providers.random_values",
    "now_iso": "toolkit.providers.random_values",
    "now_ms": "toolkit.providers.random_values",
    "random_text": "toolkit.providers.random_values",
}


def write_module(name: str, findings: Findings) -> str:
    """Returns the module of the provider `name`."""
    writer = StreamWriter(findings)
    stream = writer.write()
    message = writer.message_function()
    body = [*_constants(findings, writer.long), *message, *_created(stream), *_answer_class(findings)]
    body += [*_provider_class(name, findings), "", *stream]
    host = findings.origin.partition("://")[2]
    head = [
        f'"""{host}: written by `toolkit new` from a recording of its page. The README says how it was inferred."""',
        "",
        "from __future__ import annotations",
        "",
        *_imports("\n".join(body), findings),
    ]
    return joined([*head, *body])


def class_name(name: str) -> str:
    """Returns the name of the class of the provider `name`, which is none that its module may import."""
    found = name.capitalize() if name[:1].isalpha() else f"Site{name}"
    taken = {*IMPORTS, "Answer", "Created", *(kind.__name__ for kind in DIALECTS.values())}
    return f"{found}Site" if found in taken else found


def random_places(findings: Findings) -> tuple[str, ...]:
    """Returns the fields of requests that are made up for each call, as `Provider.random` names them."""
    places = [value.place for value in findings.values if value.kind == "made up"]
    asked = [one.step for one in findings.deletions]
    names = {value.name for value in findings.values if value.kind == "made up"}
    places += [
        f"query.{key}" for step in asked for key, node in step.query.items() if getattr(node, "name", "") in names
    ]
    for step in findings.steps:
        root = "frames" if step.method == SEND else "body"
        places += [f"{root}.{place}" for place in _random_items(step.body, findings.messages)]
    return tuple(dict.fromkeys(place for place in places if place.startswith(("body.", "query.", "frames."))))


def _random_items(body: Any, messages: Messages | None) -> Iterator[str]:
    """The places in `body` that are made up for each message of its list."""
    if messages is None or not isinstance(body, dict) or not isinstance(messages.item, dict):
        return
    forms = [form for form in (messages.item, messages.answer) if isinstance(form, dict)]
    fields = [field for form in forms for field in form.items()]
    made_up = [key for key, node in fields if getattr(node, "name", "").startswith(MADE_UP)]
    for name, node in body.items():
        if node == Hole("messages"):
            yield from (f"{name}.[].{key}" for key in made_up)


def _imports(body: str, findings: Findings) -> list[str]:
    """The imports of what `body` uses, in the order of its formatter's companion."""
    used = dict(IMPORTS)
    if findings.reading.dialect:
        kind = DIALECTS[findings.reading.dialect]
        used[kind.__name__] = kind.__module__
    by_module: dict[str, list[str]] = {}
    for name, module in used.items():
        if re.search(rf"(?<![\w.\"]){name}\b(?!\"|=)", body):
            by_module.setdefault(module, []).append(name)
    standard = [f"import {name}" for name in STANDARD if re.search(rf"(?<![\w.]){name}\.", body)]
    lines = [f"from {module} import {', '.join(names)}" for module, names in by_module.items()]
    own = sorted(line for line in lines if line.startswith(("from functools", "from typing")))
    own = [line.replace("from typing import", "from typing import TYPE_CHECKING,") for line in own]
    if not any("TYPE_CHECKING" in line for line in own):
        own.append("from typing import TYPE_CHECKING")
    others = sorted(line for line in lines if not line.startswith(("from functools", "from typing")))
    checking = ["if TYPE_CHECKING:", f"{INDENT}from toolkit.http.transport import Transport"]
    return [*standard, *own, "", *others, "", *checking]


def _constants(findings: Findings, long: Mapping[str, str]) -> list[str]:
    write, lines = Expressions(findings), list[str]()
    for value in {value.name: value for value in findings.values if value.kept and value.name}.values():
        lines.append(f"# The same in every question: a choice that was made once. From {value.evidence[0]}.")
        lines += statement(f"{write.name(value.name)} = ", literal(value.constant))
    messages = findings.messages
    if messages is not None and (messages.person, messages.model) != STANDARD_ROLES:
        if messages.certainty != "sure":
            lines.append("# What the site calls the model was not seen.")
        lines += statement("ROLES = ", literal({"user": messages.person, "assistant": messages.model}))
    for name, by_model in (findings.models.follows if findings.models is not None else {}).items():
        lines += statement(f"{name.upper()} = ", literal(by_model))
    for name, text in long.items():
        lines += long_text(f"{name} = ", text)
    return ["", *lines] if lines else []


def _created(stream: list[str]) -> list[str]:
    if not any("http.temporary(" in line for line in stream):
        return []
    doc = f'{INDENT}"""What the site makes for one call."""'
    return ["", "", "class Created(Struct):", doc, "", f"{INDENT}id: str"]


def _answer_class(findings: Findings) -> list[str]:
    reading = findings.reading
    if reading.dialect:
        return []
    doc = "How an answer is read." if reading.certainty == "sure" else "How an answer is read. Its end was not seen."
    lines = ["", "", "class Answer(ByForm):", f'{INDENT}"""{doc}"""', ""]
    attributes: dict[str, Any] = {}
    if reading.form != "sse":
        attributes["frames"] = code(FRAMES[reading.form])
    if not reading.marks_end:
        attributes["marks_end"] = False
    for name, value in (attributes | reading.fields).items():
        lines += statement(f"{name} = ", _attribute(value), indent=1)
    return lines


def _attribute(value: Any) -> Expression:
    if isinstance(value, At):
        named = {"event": value.event or None, "where": dict(value.where) or None, "data": value.data or None}
        return call("At", *([value.path] if value.path else []), **named)
    if isinstance(value, tuple):
        return literal(tuple(_attribute(item) for item in value))
    return literal(value)


def _provider_class(name: str, findings: Findings) -> list[str]:
    login = "It needs a login." if findings.needs_auth else "It needs no login."
    lines = ["", "", f"class {class_name(name)}(Provider):"]
    lines += [f'{INDENT}"""The chat of {findings.origin.partition("://")[2]}. {login}"""', ""]
    attributes: dict[str, Expression] = {"name": literal(name), "url": literal(findings.origin)}
    if findings.needs_auth:
        attributes["needs_auth"] = literal(True)
    if findings.model:
        attributes["known_models"] = literal((findings.model,))
    if findings.options:
        attributes["options"] = literal(tuple(findings.options))
    attributes["refuses_unknown"] = literal(True)
    if random := random_places(findings):
        attributes["random"] = literal(random)
    if not findings.reading.marks_end:
        attributes["marks_end"] = literal(False)
    attributes["harvest"] = _harvest(findings.harvest)
    for attribute, value in attributes.items():
        lines += statement(f"{attribute} = ", value, indent=1)
    if not findings.model:
        lines += ["", f"{INDENT}def takes_model(self, model: str) -> bool:"]
        lines += [f'{INDENT * 2}"""The page names no model."""', f"{INDENT * 2}return False"]
    if findings.models is not None:
        lines += ["", f"{INDENT}async def list_models(self, http: Transport) -> tuple[str, ...]:"]
        lines += statement("listed = await ", StreamWriter(findings).json_call(findings.models.step), indent=2)
        lines += statement("return ", call("names_in", code("listed"), findings.models.path), indent=2)
    return lines


def _harvest(harvest: Harvest) -> Expression:
    probe, token = harvest.probe, harvest.token
    return call(
        "Harvest",
        page=harvest.page if harvest.page != "/" else None,
        ready=code("CHAT_BOX") if harvest.ready == CHAT_BOX else harvest.ready,
        cookies=tuple(map(pattern_code, harvest.cookies)) or None,
        headers=harvest.headers or None,
        token=None
        if token is None
        else call(
            "Token", place=token.place, key=pattern_code(token.key), header=token.header, template=token.template
        ),
        hosts=harvest.hosts or None,
        signed_out=None if harvest.signed_out is None else pattern_code(harvest.signed_out),
        probe=None if probe is None else call("Probe", path=probe.path, identity=probe.identity),
    )

"""Writes the method that asks: the requests of a call, one after the other. Pure."""

from __future__ import annotations

from typing import Any

from toolkit.providers.dialects.table import DIALECTS
from toolkit.scaffold.expressions import Expressions, doubt, maker_code, step_holes, taken_code
from toolkit.scaffold.facts import Deletion, Findings, Hole, Messages, Step
from toolkit.scaffold.layout import INDENT, Bracketed, Code, Expression, call, code, flat, statement
from toolkit.scaffold.socket_exchanges import OPEN, RECEIVE, SEND

PROTOCOLS = "sec-websocket-protocol"
INLINE = 60  # characters of a body that is written where it is sent
STANDARD_ROLES = ("user", "assistant")


class StreamWriter:
    """Writes `stream` of a provider. `lines` are those of the method, in its class."""

    def __init__(self, findings: Findings) -> None:
        self._facts = findings
        self._write = Expressions(findings)
        self._indent = 1
        self._made: set[str] = set()  # the values that were made up so far
        self._deletions = list(findings.deletions)
        self._closing: list[Deletion | None] = []  # the blocks that are open, and what is deleted at their end
        self.lines: list[str] = []

    @property
    def long(self) -> dict[str, str]:
        """The long texts that the method uses, by the name of their constant."""
        return self._write.long

    def write(self) -> list[str]:
        """Returns the lines of the method."""
        self._add("async def stream(self, request: ChatRequest, http: Transport) -> Pieces:")
        self._indent += 1
        self._person()
        *before, last = self._facts.steps
        for step in before:
            self._make_values(step)
            self._step(step)
        self._make_values(last)
        self._open_deletions(None)
        self._ask(last)
        while self._closing:
            self._close(self._closing.pop())
        return self.lines

    def json_call(self, step: Step) -> Expression:
        """Returns the call of a request whose answer is JSON."""
        body = self._sent(step)
        positional = [body] if step.body_kind == "json" else []
        return call("http.json", code("Any"), step.method, self._write.url(step), *positional, **self._named(step))

    def message_function(self) -> list[str]:
        """Returns the lines of the function that writes a message, where the model's have another form."""
        messages = self._facts.messages
        if messages is None or messages.answer is None:
            return []
        lines = [
            "",
            "",
            "def sent(message: Message) -> dict[str, Any]:",
            f'{INDENT}"""A message as the page sends it."""',
        ]
        lines.append(f'{INDENT}if message.role == "assistant":')
        lines += statement("return ", self._message(messages, messages.answer), indent=2)
        return [*lines, *statement("return ", self._message(messages, messages.item), indent=1)]

    def _message(self, messages: Messages, form: Any) -> Expression:
        standard = (messages.person, messages.model) == STANDARD_ROLES
        role = "message.role" if standard else "ROLES.get(message.role, message.role)"
        return self._write.node(form, {"role": role, "text": "message.text"})

    def _person(self) -> None:
        """What the person asks, as the requests need it."""
        facts, used = self._facts, step_holes(*self._facts.steps)
        if "model" in used:
            self._add("model = request.model or self.known_models[0]")
        for name in facts.models.follows if facts.models is not None else ():
            self._add(f"{name} = {name.upper()}.get(model, model)")
        if "messages" in used:
            assert facts.messages is not None
            other = facts.messages.answer is not None
            item = code("sent(message)") if other else self._message(facts.messages, facts.messages.item)
            self._statement("messages = ", Bracketed("[", (("", _each(item)),), "]", comma=False))
        if any(name.startswith("question") for name in used):
            self._add(
                f"question = {'request.messages[-1].text' if 'messages' in used else 'format_prompt(request.messages)'}"
            )
        for name, default in facts.options.items():
            if name in used:
                self._add(f"{name} = {default!r} if request.{name} is None else request.{name}")
        for value in {value.name: value for value in facts.values}.values():
            if value.taken is not None and value.taken.how == "cookie" and not value.kept:
                self._add(f'{value.name} = cookie_in(http.session, "{value.taken.name}")')

    def _make_values(self, step: Step) -> None:
        """Makes up the values that `step` is the first to send."""
        used = step_holes(step)
        for value in self._facts.values:
            if value.kind == "made up" and value.name in used and value.name not in self._made:
                self._made.add(value.name)
                if value.certainty != "sure":
                    self._add(f"# {doubt(value)}")
                self._add(f"{value.name} = {maker_code(value.maker)}")

    def _step(self, step: Step) -> None:
        """Makes a request before the one that is answered with the answer, and takes out of its answer what is
        needed."""
        if step.method in (OPEN, SEND, RECEIVE):
            self._socket_step(step)
            return
        deletion = next((one for one in self._deletions if one.creator == step.entry), None)
        temporary = self._temporary(step, deletion) if deletion is not None else None
        if deletion is not None and temporary is not None:
            self._body(step)
            self._statement("async with ", temporary, f" as {next(iter(step.takes))}:")
            self._deletions.remove(deletion)
            self._indent += 1
            self._closing.append(None)
            return
        if step.unsure:
            self._add(f"# log.entries[{step.entry}] may not be needed: {step.why[0].lower()}{step.why[1:]}")
        self._body(step)
        self._request(step)
        self._open_deletions(step.entry)

    def _socket_step(self, step: Step) -> None:
        """Opens a socket for the rest of the method, sends a frame over it, or waits for one."""
        if step.method == OPEN:
            protocols = step.headers.get(PROTOCOLS)
            names = tuple(name.strip() for name in protocols.split(",")) if isinstance(protocols, str) else None
            opened = call("http.websocket", self._write.url(step), protocols=names, params=self._params(step))
            self._statement("async with ", opened, " as socket:")
            self._indent += 1
            self._closing.append(None)
        elif step.method == SEND:
            self._body(step)
            self._statement("await ", call("socket.send_json", self._sent(step)))
        else:
            path = ".".join(map(str, next((taken.path for taken in step.takes.values()), ())))
            place = call("At", *([path] if path else []), where=step.marks or None)
            self._statement("told = await " if step.takes else "await ", call("next_frame", code("socket"), place))
            for name, taken in step.takes.items():
                self._statement(f"{name} = ", taken_code(name, taken, "told"))

    def _request(self, step: Step) -> None:
        takes = {name: taken for name, taken in step.takes.items() if taken.how != "cookie"}
        if all(taken.how == "json" for taken in takes.values()) and (takes or step.answers_json):
            asked = f"await {flat(self.json_call(step))}"
            if len(takes) == 1:
                ((name, taken),) = takes.items()
                line = self._indent * INDENT + f"{name} = " + flat(taken_code(name, taken, asked))
                if len(line) <= 120:
                    self._add(line.strip())
                    return
            self._statement("told = await " if takes else "await ", self.json_call(step))
            for name, taken in takes.items():
                self._statement(f"{name} = ", taken_code(name, taken, "told"))
            return
        self._statement("async with ", self._call(step), " as response:")
        by_text = any(taken.how == "text" for taken in takes.values())
        of_page = any(taken.how == "url" for taken in takes.values()) and not by_text
        body = "page_in(await response.read())" if of_page else "await response.read()"
        self._add(INDENT + (f'text = ({body}).decode(errors="replace")' if by_text else body))
        for name, taken in takes.items():
            answer = "text" if taken.how == "text" else "response"
            self._indent += 1
            self._statement(f"{name} = ", taken_code(name, taken, answer))
            self._indent -= 1

    def _ask(self, step: Step) -> None:
        """Makes the request that is answered with the answer, and reads that."""
        reading = self._facts.reading
        dialect = DIALECTS[reading.dialect].__name__ if reading.dialect else "Answer"
        if step.method == SEND:
            self._socket_step(step)
            self._add(f"async for piece in read_socket_answer(socket, {dialect}()):")
            self._add(f"{INDENT}yield piece")
            return
        self._body(step)
        if reading.polled:
            self._statement("call = ", self._partial(step))
            self._add(f"async for piece in poll_answer(call, {dialect}, {reading.polled}):")
            self._add(f"{INDENT}yield piece")
            return
        self._statement("async with ", self._call(step), " as response:")
        self._add(f"{INDENT}async for piece in read_answer(response, {dialect}()):")
        self._add(f"{INDENT * 2}yield piece")

    # --- what is taken away afterwards

    def _temporary(self, step: Step, deletion: Deletion) -> Expression | None:
        """The context of what `step` makes and the page deletes, where the transport knows such a thing."""
        gone = deletion.step
        if len(step.takes) != 1 or step.query or step.headers or step.method != "POST":
            return None
        if step.body_kind not in ("none", "json") or gone.body is not None or gone.headers:
            return None
        ((name, taken),) = step.takes.items()
        if taken.how != "json" or taken.path != ("id",):
            return None
        body = self._sent(step)
        start = [part for part in step.path.parts if part != "/"]
        made = (*start[:-1], f"{start[-1]}/", Hole(name)) if isinstance(start[-1], str) else ()
        if gone.path.parts == made and not gone.query:
            return call("http.temporary", code("Created"), self._write.url(step), body=body)
        if gone.path == step.path and list(gone.query.values()) == [Hole(name)]:
            return call("http.temporary", code("Created"), self._write.url(step), next(iter(gone.query)), body=body)
        return None

    def _open_deletions(self, creator: int | None) -> None:
        """Begins a block at whose end what `creator` has made, or the page made up, is deleted."""
        for deletion in [one for one in self._deletions if one.creator == creator]:
            self._deletions.remove(deletion)
            self._add("try:")
            self._indent += 1
            self._closing.append(deletion)

    def _close(self, deletion: Deletion | None) -> None:
        self._indent -= 1
        if deletion is None:
            return
        self._add("finally:  # as the page does, later")
        self._indent += 1
        step = deletion.step
        named = {"params": self._params(step), "headers": self._headers(step)}
        self._statement("await ", call("http.clean_up", step.method, self._write.url(step), **named))
        self._indent -= 1

    # --- calls

    def _body(self, step: Step) -> None:
        """Writes a long body as a statement of its own."""
        if step.body is not None and not self._is_short(step):
            self._statement("body = ", self._write.node(step.body))

    def _is_short(self, step: Step) -> bool:
        return len(flat(self._write.node(step.body))) <= INLINE

    def _sent(self, step: Step) -> Expression | None:
        if step.body is None:
            return None
        return self._write.node(step.body) if self._is_short(step) else code("body")

    def _call(self, step: Step) -> Expression:
        named = {"json": self._sent(step)} if step.body_kind == "json" else {}
        if step.method in ("GET", "POST"):
            return call(f"http.{step.method.lower()}", self._write.url(step), **named, **self._named(step))
        return call("http.request", step.method, self._write.url(step), **named, **self._named(step))

    def _partial(self, step: Step) -> Expression:
        named = {"json": self._sent(step)} if step.body_kind == "json" else {}
        function = code(f"http.{step.method.lower()}")
        return call("partial", function, self._write.url(step), **named, **self._named(step))

    def _named(self, step: Step) -> dict[str, Any]:
        form = self._sent(step) if step.body_kind in ("form", "multipart") else None
        multipart = True if step.body_kind == "multipart" else None
        return {"data": form, "multipart": multipart, "params": self._params(step), "headers": self._headers(step)}

    def _params(self, step: Step) -> Expression | None:
        return self._write.texts(step.query) if step.query else None

    def _headers(self, step: Step) -> Expression | None:
        return self._write.texts(step.headers) if step.headers else None

    def _add(self, line: str) -> None:
        self.lines.append(INDENT * self._indent + line if line else "")

    def _statement(self, before: str, expression: Expression, after: str = "") -> None:
        self.lines += statement(before, expression, after, self._indent)


def _each(item: Expression) -> Code:
    """The inner part of a comprehension over the messages."""
    return Code(f"{flat(item)} for message in request.messages")

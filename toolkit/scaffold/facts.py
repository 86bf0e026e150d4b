"""The facts that are found about a site, as values: no text of a program, and no secret.

Entries are numbered as in the file: 14 is `log.entries[14]`. A place is where a value stands in an exchange, such as
`request.body.chatId`, `request.path[3]`, `request.query.id`, `request.header.x-csrf-token`, `response.body.data[0].id`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from toolkit.session.recipe import Harvest

Kind = Literal["constant", "person's", "received", "made up"]
Certainty = Literal["sure", "likely", "to check"]
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Evidence:
    """Where something was seen: the number of the entry, and the place in it."""

    entry: int
    place: str

    def __str__(self) -> str:
        return f"log.entries[{self.entry}] {self.place}"


@dataclass(frozen=True)
class Hole:
    """Where a value goes that is no constant; `name` is that of the value."""

    name: str


@dataclass(frozen=True)
class Parts:
    """A text with values in it: literal texts and holes, in order."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True)
class Taken:
    """How a value is taken out of an answer: from its JSON at `path`, from that of a frame of a stream, from that which
    a script of the page has as `name`, from the header or the cookie `name`, from its text, or from the address to
    which it was redirected. With `pattern`, a regular expression, it is the first group of that there."""

    how: Literal["json", "header", "cookie", "text", "frame", "page", "url"]
    path: Place = ()
    name: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class Value:
    """One value of a request, of one of four classes.

    `place` is where it stands. `name` is what it is called in the provider, the same for all places of one value; ""
    for a constant. `constant` is what it is if it is one, or is kept. `evidence` is where it was seen, its source
    first. `taken` is how it is taken out of the answer to the step whose entry is the first of `evidence`. `maker` says
    how it is made up: `uuid4`, `hex 32`, `ms`, ...; `kept` says that it was received, and is the same in each call (a
    choice of the person's, such as which flow, or the app's configuration), so that it is written down: as a constant
    of that `name`, or where it stands.
    """

    place: str
    kind: Kind
    name: str = ""
    constant: Any = None
    evidence: tuple[Evidence, ...] = ()
    taken: Taken | None = None
    maker: str = ""
    kept: bool = False
    certainty: Certainty = "sure"


@dataclass(frozen=True)
class Step:
    """One request of a call, in the order in which they are made.

    `method` is that of HTTP, or `WEBSOCKET` for the handshake of one, `SEND` and `RECEIVE` for its frames, whose `body`
    is the frame; of one that is waited for, `marks` is what tells it from others. `entry` is the exchange of the first
    question. `path` begins with "/", and `origin` is "" for the site's own. `body` is JSON, or the fields of a form,
    with holes in it. `takes` are the values of its answer that later steps need, by name. `answers_json` is whether its
    answer is a JSON document. `why` says why it is part of the call, and `unsure` that it may not be needed.
    """

    entry: int
    method: str
    path: Parts
    origin: str = ""
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    body_kind: Literal["none", "json", "form", "multipart"] = "none"
    body: Any = None
    takes: dict[str, Taken] = field(default_factory=dict)
    answers_json: bool = False
    why: str = ""
    unsure: bool = False
    marks: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One question of the recording: which entries asked and answered it, its text and that of its answer ("" where the
    file has none), and whether it goes on with the conversation of the question before it. `entries` are those that
    play the parts of the steps in it, those of the conversation's beginning included; `frames` are those of the socket
    that it was asked over which the page sent for it, none for a question that was asked otherwise."""

    question: str
    answer: str
    asking: int
    answering: int
    goes_on: bool = False
    entries: tuple[int, ...] = ()
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class AnswerReading:
    """How the answer is read from the body of the last step.

    `dialect` is the name of a known one, "" for one that is read by its form: `form` with `fields`, which are the
    arguments of `toolkit.providers.answer_events.Fields`. `marks_end` is whether an end was seen that can be told from
    a cut. `polled` says that the last step is repeated until the answer is complete.
    """

    form: Literal["sse", "json lines", "json", "text"]
    dialect: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    marks_end: bool = False
    certainty: Certainty = "sure"
    evidence: tuple[Evidence, ...] = ()
    polled: float = 0.0


@dataclass(frozen=True)
class Messages:
    """The form of a message in a list of them: `item`, with the holes `role` and `text`, and `made up: MAKER` for what
    the page makes up for each. `person` and `model` are the site's names for who speaks. `answer` is the form of the
    model's messages where it is another."""

    item: Any
    person: str
    model: str
    certainty: Certainty = "sure"
    answer: Any = None


History = Literal["messages", "prompt", "server", "unknown"]


@dataclass(frozen=True)
class Models:
    """The site's list of models: by which step it is asked for, where the names are (`path`, `[]` for each item), and
    the one that was asked. `follows` are what else a request says of a model, by the name of the value: its values by
    model."""

    step: Step
    path: str
    asked: str
    evidence: tuple[Evidence, ...] = ()
    follows: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Deletion:
    """What the page deletes of a call afterwards: by which request. `creator` is the entry of the step that made it,
    None where the page made the id up."""

    step: Step
    creator: int | None


@dataclass(frozen=True)
class Findings:
    """All facts of a site.

    `asked` are the questions of the recording, the one that was named first. `steps` are the requests of one call, the
    last of which is answered with the answer; `values` are all values in them. `history` says how the conversation
    before a question is sent. `notes` say what could not be told.
    """

    origin: str
    asked: tuple[Asked, ...]
    steps: tuple[Step, ...]
    values: tuple[Value, ...]
    reading: AnswerReading
    history: History
    messages: Messages | None = None
    model: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    models: Models | None = None
    deletions: tuple[Deletion, ...] = ()
    harvest: Harvest = field(default_factory=Harvest)
    needs_auth: bool = False
    login: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()

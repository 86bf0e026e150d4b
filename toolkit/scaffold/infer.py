"""Infers the facts of a site from the exchanges of its page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msgspec import UnsetType
from msgspec.structs import replace

from toolkit.errors import CannotInfer
from toolkit.providers.dialects.by_form import ByForm
from toolkit.recording.foreign_har import ForeignHar
from toolkit.scaffold.answering import Chat, find_chat
from toolkit.scaffold.asking import earlier_questions
from toolkit.scaffold.chain import Chain
from toolkit.scaffold.classes import Classifier
from toolkit.scaffold.conversation import find_conversation
from toolkit.scaffold.exchange import Exchange, leaves, place_name, place_of, read_exchanges
from toolkit.scaffold.facts import AnswerReading, Asked, Evidence, Findings, Messages, Value
from toolkit.scaffold.recipe import find_logins, find_recipe
from toolkit.scaffold.socket_exchanges import SEND
from toolkit.scaffold.sockets_refused import BY_HAND
from toolkit.scaffold.sources import Told
from toolkit.scaffold.turns import Turns
from toolkit.scaffold.words import words
from toolkit.session.browser_headers import origin_of

SAID_WORDS = 3  # of a question or an answer that no constant of a site has by chance


def infer(har: ForeignHar, *, question: str, answer: str | None = None, base_url: str | None = None) -> Findings:
    """Returns the facts of the site whose page asked `question` in `har`.

    `answer` is what the page showed, compared by its words; without it, the answer is known by its form. `base_url` is
    the site's address; without it, it is that of the request that asked. Raises `CannotInfer` with the reason where
    something that a call needs cannot be told.
    """
    if not question.strip():
        raise CannotInfer("Without a question nothing can be looked for.")
    exchanges = read_exchanges(har.entries)
    chat = find_chat(exchanges, question, answer)
    told = Told(exchanges)
    turns = Turns(exchanges, chat, told)
    logins = find_logins(exchanges)
    conversation = find_conversation(turns)
    chain = Chain(exchanges, turns, told, Classifier(turns, told, logins), conversation)
    chain.build()
    _refuse_old_talk(
        chain.values, conversation.messages, [*earlier_questions(turns.all[0].asking, exchanges), *turns.said]
    )
    needed = chain.needed
    copied = tuple(v.taken.name for v in chain.values if v.taken is not None and v.taken.how == "cookie")
    recipe = find_recipe(exchanges, turns, logins, needed, list(dict.fromkeys(chain.session_headers)), chain.ids)
    if turns.first.asking.exchange.is_frame:
        _refuse_open_end(chat, turns)
    return Findings(
        origin=turns.origin if base_url is None else origin_of(base_url),
        asked=_asked(turns, needed),
        steps=chain.steps,
        values=chain.values,
        reading=_reading(chat),
        history=conversation.history,
        messages=conversation.messages,
        model=chain.model,
        options={v.name: _recorded(exchanges, v) for v in chain.values if v.name in ("temperature", "max_tokens")},
        models=chain.models,
        deletions=chain.deletions(),
        harvest=replace(
            recipe.harvest, cookies=tuple(dict.fromkeys((*recipe.harvest.cookies, *map(re.escape, copied))))
        ),
        needs_auth=recipe.needs_auth,
        login=recipe.login,
        notes=(*recipe.notes, *_notes(chat, turns, conversation.history)),
    )


def _refuse_open_end(chat: Chat, turns: Turns) -> None:
    """Raises `CannotInfer` where nothing tells that an answer over a socket is complete: no frame of it, and no end of
    the socket either, which then has to be another one for each question."""
    sockets = [turn.asking.exchange.number for turn in turns.all]
    closed = turns.socket.entry.close
    by_site = not isinstance(closed, UnsetType) and closed.by in ("server", "unknown")
    if not chat.reading.kind.marks_end and not (by_site and len(set(sockets)) == len(sockets)):
        raise CannotInfer(
            "The question is asked over a WebSocket, and no frame says that an answer is complete.",
            hint=BY_HAND,
        )


def _refuse_old_talk(values: Iterable[Value], messages: Messages | None, said: Iterable[str]) -> None:
    """Raises `CannotInfer` where each call would send again what was `said` in the recording."""
    texts = [text.strip() for text in said if len(words(text)) >= SAID_WORDS]
    constants: list[tuple[str, Any]] = [(str(value.evidence[-1]), value.constant) for value in values]
    for form in (messages.item, messages.answer) if messages is not None else ():
        constants += [(f"{place_name(path)} of a message", value) for path, value in leaves(form, ())]
    for place, constant in constants:
        if isinstance(constant, str) and any(text in constant for text in texts):
            raise CannotInfer(
                f"{place} holds what was said earlier in the recording, and each call would send it.",
                hint="Record again, with the question as the first of a new chat. `toolkit new NAME --base-url URL` "
                "keeps the bodies of all answers, which files may lack.",
            )


def _recorded(exchanges: list[Exchange], value: Value | None) -> Any:
    """What the person has chosen for `value` in the recording; "" where there is none."""
    if value is None:
        return ""
    entry, place = value.evidence[-1].entry, value.place
    values = ((one, at, found) for one in exchanges if one.number == entry for at, found in one.values.items())
    return next(found for one, at, found in values if place_of(one, at) == place)


def _asked(turns: Turns, needed: list[Exchange]) -> tuple[Asked, ...]:
    """The questions, that of the provider's turn first."""
    order = [turns.first_number, *(n for n in range(len(turns.all)) if n != turns.first_number)]
    return tuple(
        Asked(
            turns.all[n].asking.question,
            turns.all[n].answer,
            turns.all[n].asking.exchange.number,
            turns.all[n].answering.number,
            turns.goes_on[n],
            tuple(turns.part(one, n).number for one in needed),
            tuple(turns.part(one, n).frame for one in needed if one.method == SEND),
        )
        for n in order
    )


def _reading(chat: Chat) -> AnswerReading:
    reading = chat.reading
    is_known = not issubclass(reading.kind, ByForm)
    first = chat.turns[chat.first]
    return AnswerReading(
        form=reading.form,
        dialect=reading.kind.name if is_known else "",
        fields=reading.fields,
        marks_end=reading.kind.marks_end,
        certainty=reading.certainty,
        evidence=(Evidence(first.answering.number, "frames" if first.answering.is_frame else "response.body"),),
        polled=chat.polled,
    )


def _notes(chat: Chat, turns: Turns, history: str) -> list[str]:
    notes = []
    if not chat.reading.kind.marks_end:
        by_close = "An answer ends where the site closes the socket, as it seems: no frame says so."
        cut = "No end of an answer was seen that can be told from a connection that breaks."
        notes.append(by_close if turns.first.asking.exchange.is_frame else cut)
    if not issubclass(chat.reading.kind, ByForm):
        notes.append(f"The answer is read as {chat.reading.kind.title} sends it.")
    else:
        notes.append("No known chat software answers in this form. How the site reports a failure was not seen.")
    if len(chat.turns) == 1:
        notes.append("There is one question in the recording: what is made up for each call is told by its look alone.")
    elif not turns.peers:
        notes.append("All questions are of one conversation: ids of a conversation are told by their look alone.")
    if history == "unknown":
        notes.append("No question goes on with a conversation, so that the conversation is sent as one text.")
    return notes

"""A person is led through the questions by what their page exchanges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.recording.helpers import entry
from toolkit.errors import CannotInfer
from toolkit.har.model import Entry
from toolkit.har.websockets import make_message
from toolkit.scaffold.guide import (
    LONGEST_SECONDS,
    OLD_CHAT,
    QUESTIONS,
    QUIET_SECONDS,
    SOCKET_SECONDS,
    UNSEEN,
    UNSEEN_SECONDS,
    Guide,
    Seen,
)

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def asking(question: str, seconds: float = 0.0) -> Entry:
    sent = msgspec.json.encode({"messages": [{"role": "user", "content": question}]})
    one = entry("POST", "https://chat.example/api/chat", sent=sent, body=b"The answer.")
    return msgspec.structs.replace(one, started=BEGAN + timedelta(seconds=seconds))


def test_each_order_comes_once_the_answer_before_it_is_complete() -> None:
    """The next question is asked for after the page has shown nothing new for a while, and the end is told."""
    guide, entries, told, at = Guide(), list[Entry](), list[str](), 0.0
    orders = [guide.order]
    for number, question in enumerate(QUESTIONS):
        entries.append(asking(question, number))
        told += guide.look(Seen(entries, (), "The", at))
        assert list(guide.look(Seen(entries, (), "The answer.", at + QUIET_SECONDS))) == []  # the text has changed
        orders += guide.look(Seen(entries, (), "The answer.", at + 2 * QUIET_SECONDS))
        at += 100.0
    assert all(question in order for question, order in zip(QUESTIONS, orders, strict=False))
    assert "new chat" in orders[1]
    assert "same chat" in orders[2]
    assert told == ["Seen: the question, in POST /api/chat"] * 3
    assert guide.is_done
    assert guide.asked == list(QUESTIONS)
    assert list(guide.look(Seen(entries, (), "", at))) == []


def test_an_answer_that_comes_in_another_request_is_waited_for() -> None:
    """A request that began after the question and still goes on may bring the answer; one from before it does not."""
    guide, entries = Guide(), [asking(QUESTIONS[0], 1)]
    before, after = BEGAN, BEGAN + timedelta(seconds=2)
    list(guide.look(Seen(entries, (before,), "", 0.0)))
    list(guide.look(Seen(entries, (before, after), "", QUIET_SECONDS)))
    assert guide.answered == 0
    list(guide.look(Seen(entries, (before,), "", 2 * QUIET_SECONDS)))
    assert guide.answered == 1


def test_a_page_that_is_never_quiet_is_waited_for_so_long() -> None:
    """A clock in the page, or a connection that stays open, holds nobody up for ever."""
    guide, entries = Guide(), [asking(QUESTIONS[0])]
    list(guide.look(Seen(entries, (), "0", 0.0)))
    list(guide.look(Seen(entries, (BEGAN + timedelta(seconds=1),), "1", LONGEST_SECONDS)))
    assert guide.answered == 1


def test_another_question_is_told() -> None:
    """Who asks something else, in the way of the question before, hears at once what to ask."""
    guide, entries = Guide(), [asking(QUESTIONS[0])]
    list(guide.look(Seen(entries, (), "", 0.0)))
    list(guide.look(Seen(entries, (), "", QUIET_SECONDS)))
    entries.append(asking("How tall is a spider?", 1))
    told = [line for at in (10.0, 11.0) for line in guide.look(Seen(entries, (), "", at))]
    assert told == [f"That was another question. Ask, as it is written here: {QUESTIONS[1]}"]
    list(guide.look(Seen([*entries, asking(QUESTIONS[1], 2)], (), "", 12.0)))
    assert guide.asked == list(QUESTIONS[:2])


def in_old_chat(question: str, seconds: float) -> Entry:
    messages = [("user", "How are you?"), ("assistant", "Well."), ("user", question)]
    sent = msgspec.json.encode({"messages": [{"role": role, "content": text} for role, text in messages]})
    one = entry("POST", "https://chat.example/api/chat", sent=sent, body=b"The answer.")
    return msgspec.structs.replace(one, started=BEGAN + timedelta(seconds=seconds))


def test_an_old_chat_is_told_and_left_out() -> None:
    """Who goes on with a chat of before is asked for a new one, once, and that request counts for nothing; the third
    question is to go on with one."""
    guide, entries = Guide(), [in_old_chat(QUESTIONS[0], 1)]
    told = [line for at in (0.0, 1.0) for line in guide.look(Seen(entries, (), "", at))]
    assert told == [OLD_CHAT.format(question=QUESTIONS[0])]
    assert guide.left_out == {(entries[0].started, entries[0].request.url)}
    entries.append(asking(QUESTIONS[0], 2))
    assert list(guide.look(Seen(entries, (), "", 2.0))) == ["Seen: the question, in POST /api/chat"]
    for number, question in enumerate(QUESTIONS[1:], start=1):
        list(guide.look(Seen(entries, (), "", 100.0 * number)))
        entries.append(asking(question, 2 + number) if number == 1 else in_old_chat(question, 2 + number))
        assert list(guide.look(Seen(entries, (), "", 100.0 * number + 1))) == ["Seen: the question, in POST /api/chat"]
    assert guide.asked == list(QUESTIONS)


def test_a_page_whose_chats_all_begin_with_messages_is_taken_as_it_is() -> None:
    """The second time the question counts: nobody is held up by a page that sends examples along."""
    guide, entries = Guide(), [in_old_chat(QUESTIONS[0], 1)]
    list(guide.look(Seen(entries, (), "", 0.0)))
    entries.append(in_old_chat(QUESTIONS[0], 2))
    assert list(guide.look(Seen(entries, (), "", 1.0))) == ["Seen: the question, in POST /api/chat"]


def over_socket(text: str) -> Entry:
    message = make_message(text, sent=True, time=0, ms=0)
    return msgspec.structs.replace(entry("GET", "wss://chat.example/ws"), messages=[message])


def test_a_question_in_a_frame_is_seen() -> None:
    """A page may ask in a JSON frame of a WebSocket."""
    socket = over_socket(f'{{"say": "{QUESTIONS[0]}"}}')
    assert list(Guide().look(Seen([socket], (), "", 0.0))) == ["Seen: the question, in a frame of /ws"]


def test_what_is_being_typed_is_no_question() -> None:
    """A frame that tells the site what stands in the box, letter by letter, is none that asks."""
    socket, guide = over_socket(f'{{"type": "typing", "text": "{QUESTIONS[0]}"}}'), Guide()
    assert list(guide.look(Seen([socket], (), "", 0.0))) == []
    assert guide.asked == []


def test_a_question_in_a_frame_that_cannot_be_read_ends_the_guide() -> None:
    """A page that asks over a WebSocket alone, in frames that are not JSON, keeps nobody waiting."""
    socket, guide = over_socket(f"say|{QUESTIONS[0]}"), Guide()
    assert list(guide.look(Seen([socket], (), "", 0.0))) == []
    with pytest.raises(CannotInfer, match="over a WebSocket"):
        list(guide.look(Seen([socket], (), "", SOCKET_SECONDS)))


def test_a_question_that_no_request_carries_is_told_once() -> None:
    """Where the page shows what was asked, and sends it in no way that can be read, the person hears so."""
    guide = Guide()
    times = (0.0, UNSEEN_SECONDS / 2, UNSEEN_SECONDS, 2 * UNSEEN_SECONDS)
    assert [line for at in times for line in guide.look(Seen([], (), f"You: {QUESTIONS[0]}", at))] == [UNSEEN]


def test_a_question_counts_as_it_was_typed() -> None:
    """Capitals and marks do not matter; other words do."""
    guide = Guide()
    list(guide.look(Seen([asking("What is a spider?")], (), "", 0.0)))
    assert guide.asked == []
    list(guide.look(Seen([asking("why is the sky blue")], (), "", 0.0)))
    assert guide.asked == ["why is the sky blue"]

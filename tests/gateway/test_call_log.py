"""Which calls a server remembers, and what of them."""

from __future__ import annotations

import asyncio

import pytest

from toolkit.errors import ConnectFailed, RateLimited
from toolkit.gateway.answer_stream import SlowClient
from toolkit.gateway.answer_summary import AnswerUsage
from toolkit.gateway.call_log import KEPT, MODEL_CHARACTERS, CallLog, program_of
from toolkit.gateway.error_answers import Refused, invalid
from toolkit.gateway.served_models import ServedSite

SITE = ServedSite("codelinkava")


def test_a_call() -> None:
    """It waits, answers, and is recorded with its times and tokens once it has ended."""
    log = CallLog()
    with log.record(SITE, "codelinkava/m", "OpenAI/Python 3.57.0", stream=True) as call:
        assert (log.waiting, log.streams) == (1, 0)
        call.begin_answer()
        call.begin_answer()
        assert (log.waiting, log.streams) == (0, 1)
        call.usage = AnswerUsage(3, 5, None, estimated=True)
        assert not log.recent
    assert (log.waiting, log.streams) == (0, 0)
    (record,) = log.recent
    assert (record.model, record.client, record.outcome) == ("codelinkava/m", "OpenAI/Python", "ok")
    assert (record.prompt_tokens, record.completion_tokens, record.estimated) == (3, 5, True)
    assert record.first_piece is not None
    assert 0 <= record.first_piece <= record.seconds


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RateLimited("slow"), "rate_limited"),
        (ConnectFailed("no"), "connection_failed"),
        (Refused(invalid("n", "no")), "invalid_request"),
        (ConnectionResetError(), "cancelled"),
        (SlowClient(), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
        (KeyError("a-question-to-hide"), "internal_error"),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_a_call_that_fails(error: BaseException, outcome: str, *, begun: bool) -> None:
    """The error goes on; of it there remains the code that the client is told."""
    log = CallLog()

    def fail() -> None:
        with log.record(SITE, "m", "", stream=True) as call:
            if begun:
                call.begin_answer()
            raise error

    with pytest.raises(type(error)):
        fail()
    (record,) = log.recent
    assert (record.outcome, record.first_piece is None, record.prompt_tokens) == (outcome, not begun, None)
    assert (log.waiting, log.streams) == (0, 0)
    assert "to-hide" not in repr(record)


def test_a_failure_that_the_client_was_told_within_the_answer() -> None:
    """No error leaves the block then."""
    log = CallLog()
    with log.record(SITE, "m", "", stream=True) as call:
        call.begin_answer()
        call.fail(RateLimited("slow"))
    assert log.recent[0].outcome == "rate_limited"


def test_only_the_last_ones_are_kept() -> None:
    """Of names that clients make up, a part."""
    log = CallLog()
    for number in range(KEPT + 5):
        with log.record(SITE, f"{number}{'x' * 1000}", "", stream=False):
            pass
    assert len(log.recent) == KEPT
    assert log.recent[-1].model.startswith(f"{KEPT + 4}x")
    assert {len(record.model) for record in log.recent} == {MODEL_CHARACTERS}


@pytest.mark.parametrize(
    ("user_agent", "program"),
    [
        ("OpenAI/Python 3.57.0", "OpenAI/Python"),
        ("claude-cli/2.1.197 (external, cli)", "claude-cli/2.1.197"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0"),
        ("curl", "curl"),
        ("", ""),
        ("<b>bold</b>", ""),
        ("x" * 500, "x" * 40),
    ],
)
def test_programs(user_agent: str, program: str) -> None:
    """The first name, with its version; the rest may be anything."""
    assert program_of(user_agent) == program

"""Real pages: what is inferred from their traffic is what is true of them, and what is written gives their answers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scaffold.pages import FORMS, SITES, findings, har, sites, truth
from toolkit.recording.check import check
from toolkit.recording.files import save
from toolkit.scaffold import load_provider, prove, write_package

# What a page's call is, as far as the truth that is kept with it does not say so in a form that can be compared.
HISTORY = {"flowise": "server", "gradio": "server", "openassistant": "server", "openchat-ui": "messages"}
RECEIVED = {
    "flowise": {("path[3]", "response.body.data[0].id")},
    "gradio": set[tuple[str, str]](),
    "openassistant": {
        ("body.chat_id", "response.body.id"),
        ("body.parent_id", "response.body.id"),
        ("query.chat_id", "response.body.id"),
        ("query.message_id", "response.body.id"),
    },
    "openchat-ui": set[tuple[str, str]](),
}
MADE_UP = {"flowise": {"body.chatId"}, "gradio": {"body.session_hash", "query.session_hash"}}
MODELS = {"openassistant": "[].name", "openchat-ui": "[].id"}
COOKIES = {
    "flowise": ["token", "connect.sid"],
    "gradio": ["access-token-jesWp-1xZyuLjO2hYR2rvwsPzVherPhHd6QVzFAx0Ec"],
    "openassistant": ["next-auth.session-token"],
    "openchat-ui": [],
}
IDENTITY = {"openassistant": "/api/auth/session"}
NOT_NEEDED = {"NEXT_LOCALE", "refreshToken", "next-auth.csrf-token", "next-auth.callback-url"}

both_forms = pytest.mark.parametrize("form", FORMS)
each_site = pytest.mark.parametrize("site", sites())


@each_site
@both_forms
def test_questions_and_answers(site: str, form: str) -> None:
    """All questions are found from the first, each with the exchange that answers it, and its answer if it is there."""
    facts, true = findings(site, form), truth(site)
    assert [one.question for one in facts.asked] == true["questions"]
    assert [one.asking for one in facts.asked] == true["which request carries the question"][form]
    assert [one.answering for one in facts.asked] == true["which carries the answer"][form]
    assert [one.goes_on for one in facts.asked] == [False, False, True]
    for asked, answer in zip(facts.asked, true["answers"], strict=True):
        assert asked.answer in (answer, "" if (site, form) == ("gradio", "playwright.har") else answer)
    assert facts.asked[0].answer
    assert facts.history == HISTORY[site]


@each_site
@both_forms
def test_values(site: str, form: str) -> None:
    """Each value of the call is of its class: received, with its place, or made up, and the models are found."""
    facts = findings(site, form)
    values = [one for one in facts.values if one.name or not one.kept]  # those in their place: `test_truth`
    assert {(one.place, one.evidence[0].place) for one in values if one.kind == "received"} == RECEIVED[site]
    assert {one.place for one in values if one.kind == "made up"} == MADE_UP.get(site, set())
    assert (facts.models.path if facts.models else None) == MODELS.get(site)
    if site == "openassistant":
        told = {one["place"]: one["from entry (exact.har)"] for one in truth(site)["received earlier"]}
        assert facts.models is not None
        assert [facts.models.evidence[0].entry] == told["assistant_message body.model_config_name, sampling_parameters"]
        by_use = {(one.evidence[-1].entry, one.name): one.evidence[0].entry for one in values if one.kind == "received"}
        assert by_use[33, "chat_id"] == told["prompter_message body.chat_id"][0]
        assert by_use[34, "parent_id"] == told["assistant_message body.parent_id"][0]
        assert by_use[35, "message_id"] == told["events query message_id"][0]


@each_site
@both_forms
def test_session(site: str, form: str) -> None:
    """The recipe has the cookies that the call needs, and no others; the login is found where there is one."""
    facts, true = findings(site, form), truth(site)
    patterns = facts.harvest.cookies
    for name in COOKIES[site]:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name
    assert not [name for name in NOT_NEEDED for pattern in patterns if re.fullmatch(pattern, name)]
    assert facts.needs_auth is (true["login"] is not None)
    assert len(patterns) == len(COOKIES[site])
    if true["login"] is not None:
        assert [one.entry for one in facts.login] == [true["login"]["entry"][form]]
    probe = facts.harvest.probe
    assert (probe.path if probe else None) == IDENTITY.get(site)


@each_site
@both_forms
async def test_answers(site: str, form: str, tmp_path: Path) -> None:
    """The provider asks as the page did, and gives each of its answers; its recording holds no secret."""
    name = f"my{site.replace('-', '')}"
    for path, text in write_package(name, findings(site, form)).items():
        (tmp_path / path).write_text(text, encoding="utf-8")
        for cookie in truth(site)["session"]["cookies"]:
            assert len(cookie["value"]) < 6 or cookie["value"] not in text
    kind = load_provider(name, tmp_path / f"{name}.py")
    proof = await prove(kind, har(site, form), findings(site, form), contract=form == "exact.har")
    assert proof.failures == ()
    assert proof.answers == tuple(one.answer for one in findings(site, form).asked)
    save(proof.recording, tmp_path / f"{name}.har")
    assert check(tmp_path / f"{name}.har") == []


@pytest.mark.skipif(not isinstance(sites()[0], str), reason="The traffic of real pages is not kept with this package.")
def test_the_code_is_well_formed(tmp_path: Path) -> None:
    """What is written is as its formatter would write it, and keeps to the types of what it uses."""
    for site in SITES:
        name = f"my{site.replace('-', '')}"
        for path, text in write_package(name, findings(site, "exact.har")).items():
            if path.endswith(".py"):
                (tmp_path / path).write_text(text, encoding="utf-8")
    modules = sorted(map(str, tmp_path.glob("my*.py")))
    runs: list[list[Any]] = [
        ["ruff", "format", "--check", "--line-length=120", tmp_path],
        ["ruff", "check", "--isolated", "--line-length=120", "--select=E,F,W,UP,B,SIM,RET,RUF100", tmp_path],
        [sys.executable, "-m", "mypy", "--strict", *modules],
    ]
    for command in runs:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout

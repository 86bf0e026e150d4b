"""Recordings of ours are read as those of others are: of each demo a provider is written that gives its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.errors import CannotInfer
from toolkit.recording.files import load
from toolkit.recording.foreign_files import read_foreign_file
from toolkit.recording.foreign_har import parse_foreign_har
from toolkit.scaffold import infer, load_provider, prove, write_package
from toolkit.testing import contract

DEMOS = sorted((Path(contract.__file__).parents[1] / "recording" / "demos").glob("*.har"))
# By which dialect each is read; "" for those that are read by their form.
DIALECTS = {
    "aichatonline": "",
    "aura": "plain-text",
    "codelinkava": "openai-chat",
    "gradio": "gradio-call",
    "openassistant": "",
    "openwebui": "openai-chat",
}


@pytest.mark.parametrize("demo", [demo for demo in DEMOS if demo.stem in DIALECTS], ids=lambda demo: demo.stem)
async def test_a_provider_of_a_demo(demo: Path, tmp_path: Path) -> None:
    """One question is enough: the requests are the recorded ones, and so is the answer."""
    chat = load(demo).chat
    assert chat is not None
    har = parse_foreign_har(demo.name, *read_foreign_file(demo))
    findings = infer(har, question=chat.messages[-1]["content"])
    assert findings.reading.dialect == DIALECTS[demo.stem]
    for path, text in write_package("mysite", findings).items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    proof = await prove(load_provider("mysite", tmp_path / "mysite.py"), har, findings, contract=False)
    assert proof.failures == ()
    assert proof.answers[0].startswith("Sunlight is every colour at once, and the air scatters its blue most: ")


@pytest.mark.parametrize("demo", [demo for demo in DEMOS if demo.stem not in DIALECTS], ids=lambda demo: demo.stem)
def test_a_site_that_answers_over_a_socket_is_refused(demo: Path) -> None:
    """What is asked in frames is not inferred, and the error says so."""
    chat = load(demo).chat
    assert chat is not None
    with pytest.raises(CannotInfer, match=f"over a WebSocket. It looks like {chat.provider.capitalize()}"):
        infer(parse_foreign_har(demo.name, *read_foreign_file(demo)), question=chat.messages[-1]["content"])

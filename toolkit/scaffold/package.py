"""Turns facts into the files of a package."""

from __future__ import annotations

from toolkit.scaffold.explanation import explain
from toolkit.scaffold.facts import Findings
from toolkit.scaffold.layout import long_text
from toolkit.scaffold.module_writer import class_name, write_module

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0"
dependencies = ["provider-toolkit"]

[project.entry-points."toolkit.providers"]
{name} = "{name}:{kind}"

[tool.hatch.build.targets.wheel]
include = ["{name}.py"]
"""
TEST = """\
from toolkit.testing import provider_contract

from {name} import {kind}

{answer}


def test_contract() -> None:
    provider_contract({kind}, "{name}.har", answer=ANSWER)
"""
README = """\
# {name}

A provider for {origin}, written by `toolkit new` from a recording of its page. `toolkit chat {name}` asks it.

- `{name}.py` is the provider. Comments in it mark what should be looked at.
- `test_{name}.py` replays `{name}.har`, a recording without secrets: `pytest -q` in this folder.
- `pip install -e .` installs it where `toolkit new` has not: on another machine, or in another environment.

## How it was inferred

Entries are numbered as in the file that it was inferred from: `log.entries[14]`.

{facts}
"""


def write_package(name: str, findings: Findings) -> dict[str, str]:
    """Returns the files of the provider `name`, by path: `NAME.py`, `pyproject.toml`, `test_NAME.py`, `README.md`.

    `name` is of small letters and digits. The recording is made by `toolkit.scaffold.prove`, with the provider itself.
    """
    kind = class_name(name)
    answer = "\n".join(long_text("ANSWER = ", findings.asked[0].answer))
    return {
        f"{name}.py": write_module(name, findings),
        "pyproject.toml": PROJECT.format(name=name, kind=kind),
        f"test_{name}.py": TEST.format(name=name, kind=kind, answer=answer),
        "README.md": README.format(name=name, origin=findings.origin, facts=_table(findings)),
    }


def _table(findings: Findings) -> str:
    rows = [f"| {_cell(row.fact)} | {_cell(row.evidence)} | {row.certainty} |" for row in explain(findings)]
    notes = [f"- {note}" for note in findings.notes]
    return "\n".join(["| fact | evidence | certainty |", "|---|---|---|", *rows, *(["", *notes] if notes else [])])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

"""The traffic of real pages, with what is true of it, as the tests of inference read it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from toolkit.recording.foreign_files import read_foreign_file
from toolkit.recording.foreign_har import ForeignHar, parse_foreign_har
from toolkit.scaffold import Findings, infer

FOLDER = Path(__file__).parents[3] / "shared" / "pages"
FORMS = ("exact.har", "playwright.har")
SITES = ("flowise", "gradio", "openassistant", "openchat-ui")


def sites() -> list[Any]:
    """The pages as test parameters; one that skips where they are not there."""
    if not FOLDER.is_dir():
        absent = pytest.mark.skip(reason="The traffic of real pages is not kept with this package.")
        return [pytest.param("absent", marks=absent)]
    return list(SITES)


@cache
def truth(site: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / site / "truth.json").read_text(encoding="utf-8"))
    return document


@cache
def har(site: str, form: str) -> ForeignHar:
    path = FOLDER / site / form
    return parse_foreign_har(form, *read_foreign_file(path))


@cache
def findings(site: str, form: str) -> Findings:
    """What is inferred from the first question alone, without its answer."""
    return infer(har(site, form), question=truth(site)["questions"][0])

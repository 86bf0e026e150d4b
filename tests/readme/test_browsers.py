"""The page on browsers: its profiles are such."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from tests.readme.blocks import ROOT
from tests.readme.reader import Reader, reading
from tests.sites.aura import AuraSite
from toolkit.browser.browsers_file import load_profiles

SCHEMA = json.loads((ROOT / "toolkit" / "browser" / "browsers.schema.json").read_text("utf-8"))
HARVEST = "toolkit harvest aura --base-url https://chat.example.org"


def put(reader: Reader, has: str) -> Path:
    """The next block as the folder's browsers.json, which editors find nothing wrong with."""
    path = reader.write("json", has, "browsers.json")
    jsonschema.validate(json.loads(path.read_text("utf-8")), SCHEMA)
    return path


async def test_browsers(tmp_path: Path) -> None:
    """Each block is a browsers.json: the first one's profile is that of a visit; those of other machines are told."""
    aura = AuraSite()
    sections = ("browsers.md#Profiles", "browsers.md#On another machine")
    async with reading(sections, tmp_path, {"chat.example.org": aura.app()}) as reader:
        put(reader, '"locale"')
        await reader.run(HARVEST)
        assert {seen.headers["Accept-Language"].partition(",")[0] for seen in aura.calls("/")} == {"en-GB"}

        profiles = load_profiles(put(reader, '"connect"'))
    assert aura.problems == []
    farm, grid = (profiles.get(name).connect for name in (None, "grid"))
    assert farm is not None
    assert grid is not None
    assert (farm.url, farm.over) == ("ws://browsers.example.org:3000/", "playwright")
    assert (grid.url, grid.over) == ("http://browsers.example.org:9222", "cdp")

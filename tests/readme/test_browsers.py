"""The page on browsers: its profiles are such."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import keyring
import pytest

from tests.readme.blocks import ROOT
from tests.readme.reader import Reader, reading
from tests.sites.aura import AuraSite
from toolkit.browser.browsers_file import load_profiles
from toolkit.browser.gates import find_gate

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
    async with reading(sections, tmp_path, {"chat.example.org": aura.app()}, forking=["toolkit"]) as reader:
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


async def test_a_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block is a browsers.json, whose secrets are looked up, and whose files are looked for beside it."""
    for name, value in {"CF_ID": "the-id", "CF_SECRET": "the-secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(keyring, "get_password", lambda service, user: f"{service} {user}")
    async with reading(("browsers.md#A gate in front of the site",), tmp_path, {}) as reader:
        file = put(reader, '"deployments"')
    (tmp_path / "company-roots.pem").write_bytes(b"PEM")
    gate = find_gate("https://chat.example.org/", None, file)
    assert gate.headers == {"cf-access-client-id": "the-id", "cf-access-client-secret": "the-secret"}
    assert gate.login == ("ann", "chat.example.org ann")
    assert gate.ca_pem == b"PEM"
    assert gate.session_hosts == ("sso.example.org",)
    assert [Path(each.key_path) for each in gate.certificates] == [tmp_path / "ann.key"]

"""browsers.json: which file counts, what it means, and how its faults are told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from toolkit.browser import browsers_file
from toolkit.browser.browsers_file import find_file, load_profiles, packaged_file, schema
from toolkit.browser.profiles import Profile, Size
from toolkit.errors import ConfigError

SCHEMA_FILE = Path(browsers_file.__file__).with_name("browsers.schema.json")


def written(folder: Path, content: Any) -> Path:
    file = folder / "browsers.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_the_packaged_file_has_the_promised_profiles() -> None:
    """headless (the default), headed, ci, chrome and firefox are there out of the box."""
    loaded = load_profiles(packaged_file())
    assert set(loaded) == {"headless", "headed", "ci", "chrome", "firefox"}
    assert loaded.get() == loaded.get("headless") == Profile()
    assert not loaded.get("headed").headless
    assert loaded.get("headed").viewport is None
    assert loaded.get("chrome").channel == "chrome"
    assert loaded.get("firefox").browser == "firefox"


def test_the_shipped_schema_is_the_one_that_the_types_make() -> None:
    """The checked-in schema equals what its documented one-liner prints."""
    printed = subprocess.run(
        [sys.executable, "-m", "toolkit.browser.browsers_file"], capture_output=True, check=True, text=True
    ).stdout
    assert SCHEMA_FILE.read_text(encoding="utf-8") == printed
    assert json.loads(printed) == json.loads(json.dumps(schema()))


def test_every_field_in_the_schema_has_a_description() -> None:
    """An editor can explain each field of a profile."""
    assert [
        name for name, field in schema()["$defs"]["Profile"]["properties"].items() if "description" not in field
    ] == []


def test_the_packaged_file_is_valid_under_its_schema() -> None:
    """browsers.json passes its own schema, which is a valid draft 2020-12 schema, and names it."""
    jsonschema.Draft202012Validator.check_schema(schema())
    content = json.loads(packaged_file().read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(content)
    assert Path(content["$schema"]).name == SCHEMA_FILE.name


def test_the_first_file_of_the_search_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is the argument, TOOLKIT_BROWSERS, ./browsers.json, the packaged copy."""
    monkeypatch.chdir(tmp_path)
    assert find_file(environ={}) == packaged_file()
    written(tmp_path, {})
    assert find_file(environ={}) == Path("browsers.json")
    assert find_file(environ={"TOOLKIT_BROWSERS": "named.json"}) == Path("named.json")
    assert find_file(Path("asked.json"), environ={"TOOLKIT_BROWSERS": "named.json"}) == Path("asked.json")


def test_the_environment_is_this_process_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TOOLKIT_BROWSERS is read where no environment is given, and the file is remembered."""
    file = written(tmp_path, {"default": "mine", "profiles": {"mine": {"locale": "de-DE"}}})
    monkeypatch.setenv("TOOLKIT_BROWSERS", str(file))
    loaded = load_profiles()
    assert (loaded.file, loaded.get().locale) == (file, "de-DE")


def test_a_profile_has_the_fields_of_those_it_extends(tmp_path: Path) -> None:
    """`extends` fills in whole fields, over several steps; a field that is said wins, null included."""
    file = written(
        tmp_path,
        {
            "default": "base",
            "profiles": {
                "leaf": {"extends": "middle", "locale": None},
                "middle": {"extends": "base", "args": ["--b"]},
                "base": {"args": ["--a"], "locale": "fr-FR", "viewport": {"width": 5, "height": 6}},
            },
        },
    )
    leaf = load_profiles(file).get("leaf")
    assert (leaf.args, leaf.locale, leaf.viewport) == (("--b",), None, Size(width=5, height=6))


def test_an_unknown_profile_names_the_known_ones() -> None:
    """Asking for a profile that is not there tells which are."""
    with pytest.raises(ConfigError, match=r"no profile 'hedless' in .*Known: headless, headed, ci, chrome, firefox"):
        load_profiles(packaged_file()).get("hedless")


FAULTS: dict[str, tuple[Any, str]] = {
    "a wrong type": (
        {"a": {"viewport": {"width": "x", "height": 1}}},
        "a.viewport.width: expected `int`, got `str`",
    ),
    "a number out of range": ({"a": {"screen": {"width": 0, "height": 1}}}, "a.screen.width: expected `int` >= 1"),
    "an unknown field": ({"a": {"headles": 1}}, "a: unknown field `headles`. Did you mean `headless`?"),
    "an unknown field below": (
        {"a": {"viewport": {"width": 1, "heigth": 1}}},
        "a.viewport: unknown field `heigth`. Did you mean `height`?",
    ),
    "a value that is no choice": ({"a": {"browser": "ie"}}, "a.browser: expected one of chromium, firefox, webkit"),
    "a missing field": ({"a": {"proxy": {}}}, "a.proxy: object missing required field `server`"),
    "an item of a list": ({"a": {"args": ["x", 3]}}, "a.args[1]: expected `str`, got `int`"),
    "a value of a mapping": ({"a": {"env": {"X": 3}}}, "a.env[...]: expected `str`, got `int`"),
    "a profile that is no object": ({"a": []}, "a: expected `object`, got `array`"),
    "an unknown parent": (
        {"one": {"extends": "tow"}, "two": {}},
        "one.extends: expected the name of a profile (one, two), got 'tow'. Did you mean `two`?",
    ),
    "a circle": (
        {"a": {"extends": "b"}, "b": {"extends": "a"}},
        "b.extends: these profiles extend each other in a circle: a -> b -> a",
    ),
    "an address that is none": (
        {"a": {"connect": {"url": "hush:3000"}}},
        "a.connect.url: expected an address such as ws://host:3000/ or http://host:9222.",
    ),
    "launching where one connects": (
        {"a": {"extends": "b", "connect": {"url": "ws://h/"}}, "b": {"args": ["--x"], "sandbox": True}},
        "a.connect: nothing is launched where one connects, so leave out args, sandbox",
    ),
    "another engine over CDP": (
        {"a": {"browser": "firefox", "connect": {"url": "http://h:1", "over": "cdp"}}},
        "a.connect.over: cdp is for chromium only, and the browser is firefox",
    ),
    "itself as parent": (
        {"a": {"extends": "a"}},
        "a.extends: these profiles extend each other in a circle: a -> a",
    ),
}


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_place(tmp_path: Path, fault: Any, told: str) -> None:
    """A fault's text has the file, the JSON path, and what was expected there."""
    file = written(tmp_path, {"profiles": fault})
    with pytest.raises(ConfigError, match=re.escape(f"{file}: $.profiles.{told}")):
        load_profiles(file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"profiles": []}', ": $.profiles: expected an object with at least one profile"),
        ('{"profiles": {}}', ": $.profiles: expected an object with at least one profile"),
        ("[]", ": $: expected an object with `profiles`"),
        ('{"profils": {}}', ": $: unknown field `profils`. Did you mean `profiles`?"),
        ('{"profiles": {"a": {}}, "default": "b"}', ": $.default: expected one of a, got 'b'"),
        ('{"profiles": {"a": {}}, "default": 3}', ": $.default: expected `str`, got `int`"),
        ('{\n  "profiles": {"a" 1}\n}', ", line 2, column 20: not JSON: Expecting ':' delimiter"),
    ],
)
def test_a_fault_of_the_whole_is_told(tmp_path: Path, content: str, told: str) -> None:
    """So are faults outside the profiles; text that is no JSON has line and column."""
    file = written(tmp_path, content)
    with pytest.raises(ConfigError, match=re.escape(f"{file}{told}")):
        load_profiles(file)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A missing file, and one that is not UTF-8, are errors of the configuration too."""
    with pytest.raises(ConfigError, match=r"none\.json cannot be read"):
        load_profiles(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(ConfigError, match=r"latin\.json is not UTF-8 text \(byte 7\)"):
        load_profiles(tmp_path / "latin.json")


def test_no_secret_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords, headers and variables are in no repr, nor in the text of a fault that stands beside them."""
    monkeypatch.setenv("HUSH", "hush")
    secrets = {
        "proxy": {"server": "http://u:hush@p:1", "username": "u", "password": "env:HUSH"},
        "http_credentials": {"username": "u", "password": "env:HUSH"},
        "extra_http_headers": {"authorization": "env:HUSH"},
        "env": {"TOKEN": "hush"},
    }
    connect = {"url": "wss://u:hush@h:1/hush?token=hush", "headers": {"authorization": "env:HUSH"}}
    remote = load_profiles(written(tmp_path, {"default": "a", "profiles": {"a": {"connect": connect}}})).get()
    assert "hush" not in repr((remote, remote.connect))
    assert "wss://h:1" in repr(remote)
    loaded = load_profiles(written(tmp_path, {"default": "a", "profiles": {"a": secrets}}))
    profile = loaded.get()
    assert "hush" not in repr((loaded, profile, profile.proxy, profile.http_credentials))
    with pytest.raises(ConfigError) as caught:
        load_profiles(written(tmp_path, {"profiles": {"a": {**secrets, "proxy": {"server": ["hush"]}}}}))
    assert "hush" not in str(caught.value)

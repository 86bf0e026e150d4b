"""serve.toml: what it means, and how its faults are told."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from tests.readme.blocks import blocks
from toolkit.chats.deadlines import Deadlines
from toolkit.errors import ConfigError
from toolkit.gateway import serve_file
from toolkit.gateway.serve_file import ServeSettings, Timeouts, find_file, load_settings, schema

SCHEMA_FILE = Path(serve_file.__file__).with_name("serve.schema.json")


def written(folder: Path, content: str) -> Path:
    file = folder / "serve.toml"
    file.write_text(content, encoding="utf-8")
    return file


def test_the_shipped_schema_is_the_one_that_the_types_make() -> None:
    """The checked-in schema equals what its documented one-liner prints, and explains each field."""
    command = [sys.executable, "-m", "toolkit.gateway.serve_file"]
    assert SCHEMA_FILE.read_text(encoding="utf-8") == subprocess.run(
        command, capture_output=True, check=True, text=True
    ).stdout  # fmt: skip
    parts = [schema(), *schema()["$defs"].values()]
    assert [name for part in parts for name, field in part["properties"].items() if "description" not in field] == []


def test_the_page_s_file_is_valid_under_the_schema() -> None:
    """So is an empty one; the schema is a valid one itself."""
    jsonschema.Draft202012Validator.check_schema(schema())
    (text,) = [block.text for block in blocks() if block.file == "serve.toml"]
    for content in (text, ""):
        jsonschema.Draft202012Validator(schema()).validate(json.loads(json.dumps(tomllib.loads(content))))


def test_which_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is the argument, TOOLKIT_SERVE_CONFIG, the folder of the state; there may be none."""
    monkeypatch.setenv("TOOLKIT_STATE_DIR", str(tmp_path))
    assert find_file(environ={}) is None
    file = written(tmp_path, "")
    assert find_file(environ={}) == file
    assert find_file(environ={"TOOLKIT_SERVE_CONFIG": "named.toml"}) == Path("named.toml")
    assert find_file(Path("asked.toml"), environ={"TOOLKIT_SERVE_CONFIG": "named.toml"}) == Path("asked.toml")


def test_what_a_file_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are those that it names, and show in no repr; paths are from its folder; without a word all is usual."""
    monkeypatch.setenv("A_KEY", "a-key-to-hide-anywhere")
    content = """
        key = "env:A_KEY"
        browsers = "b.json"
        [models]
        sky = "aura"
        sea = ["aura", "aura@b"]
        [deployments]
        aura = "https://Chat.Example.org/"
        [longest_prompts]
        aura = 8000
        "aura@b/m" = 9
        [timeouts]
        first_piece = 5
        total = 9.5
        turn = inf
    """
    settings = load_settings(written(tmp_path, content))
    assert settings.key == "a-key-to-hide-anywhere"
    assert "to-hide" not in repr(settings)
    assert settings.browsers == str(tmp_path / "b.json")
    assert settings.aliases == {"sky": ("aura",), "sea": ("aura", "aura@b")}
    assert settings.deployments == {"aura": "https://chat.example.org"}
    assert settings.longest_prompts == {"aura": 8000, "aura@b/m": 9}
    assert settings.deadlines == Deadlines(first_piece=5, total=9.5, turn=None)
    assert load_settings(written(tmp_path, "")) == ServeSettings()
    assert ServeSettings().deadlines is None
    assert set(Timeouts.__struct_fields__) == set(Deadlines.__struct_fields__)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("prt = 1", "$: unknown field `prt`. Did you mean `port`?"),
        ("[timeouts]\nfirst_peice = 1", "$.timeouts: unknown field `first_peice`. Did you mean `first_piece`?"),
        ("[timeouts]\ntotal = -1", "$.timeouts.total: expected `float` >= 0"),
        ("[timeouts]\ncleanup = inf", "$.timeouts.cleanup: expected a number of seconds"),
        ("port = 70000", "$.port: expected `int` <= 65535"),
        ("port = '1'", "$.port: expected `int`, got `str`"),
        ("only = 'a'", "$.only: expected `array`, got `str`"),
        ("models = 3", "$.models: expected `object`, got `int`"),
        ("[models]\nsky = 3", "$.models.sky: expected `str | array`, got `int`"),
        ("[models]\nsky = []", "$.models.sky: expected `array` of length >= 1"),
        ("[models]\nsky = ['a', 1]", "$.models.sky[1]: expected `str`, got `int`"),
        ("[keys]\neditor = 3", "$.keys.editor: expected `str`, got `int`"),
        ("[deployments]\naura = 3", "$.deployments.aura: expected `str`, got `int`"),
        ("[deployments]\naurra = 'https://a.example.org'", "$.deployments.aurra: There is no provider 'aurra'."),
        ("[deployments]\naura = 'chat'", "$.deployments.aura: "),
        ("[longest_prompts]\naura = 0", "$.longest_prompts.aura: expected `int` >= 1"),
        ("[longest_prompts]\n'aurra/m' = 9", "$.longest_prompts.aurra/m: There is no provider 'aurra'."),
        ("allow_origins = ['https://a.example.org', 'https://b.example.org/x']", "$.allow_origins[1]: expected an"),
        ("allow_origins = ['*']", "$.allow_origins[0]: expected an origin such as https://notes.example.org"),
        ("key = 'a-key-as-text-to-hide'", "$.key: expected `env:NAME` or `keyring:SERVICE/USER`"),
        (
            "[keys]\nnotebook = 'a-key-as-text-to-hide'",
            "$.keys.notebook: expected `env:NAME` or `keyring:SERVICE/USER`",
        ),
        ("key = 'env:NO_SUCH_NAME'", "$.key is the environment variable NO_SUCH_NAME, which is not set"),
        ("port = ", "is not TOML: Invalid value (at end of document)"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, content: str, words: str) -> None:
    """The message has the file, the place in it, what was expected there, and the name that was probably meant."""
    file = written(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    told = f"{caught.value.what} {caught.value.hint or ''}"
    assert told.startswith(f"{file}")
    assert words in told
    assert "to-hide" not in told

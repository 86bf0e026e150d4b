"""Reads and checks the file that `toolkit serve` takes its settings from, in TOML; also makes its JSON Schema.

The schema beside this module is written by `python -m toolkit.gateway.serve_file > FILE`.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from toolkit.browser.config_file import error_at, explain_validation_error, read_settings
from toolkit.browser.secret_references import resolve_references
from toolkit.chats.deadlines import Deadlines
from toolkit.errors import ConfigError, UnknownProvider, UsageError
from toolkit.files.state_folder import state_folder
from toolkit.gateway.access_key import check_key
from toolkit.providers import registry
from toolkit.session.browser_headers import page_origin
from toolkit.session.site_address import normalize_base_url

FILE_VARIABLE = "TOOLKIT_SERVE_CONFIG"
FILE_NAME = "serve.toml"
REFERENCES = ("env:", "keyring:")
EXTENSIONS = ("chrome-extension://", "moz-extension://", "safari-web-extension://")

Seconds = Annotated[float, Meta(ge=0)]
ModelIds = Annotated[str, Meta(min_length=1)] | Annotated[tuple[str, ...], Meta(min_length=1)]
Tokens = Annotated[int, Meta(ge=1)]
# The tables whose entries have names of the person's choice. Each is read by itself, so that an error names it.
TABLES: dict[str, Any] = {"keys": str, "models": ModelIds, "deployments": str, "longest_prompts": Tokens}


class Timeouts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a call may wait for what, in seconds; `inf` is for ever."""

    turn: Annotated[Seconds | None, Meta(description="For other calls of an account that takes one at a time.")] = None
    connect: Annotated[Seconds | None, Meta(description="For a connection to the site.")] = None
    first_piece: Annotated[Seconds | None, Meta(description="For the first text of an answer.")] = None
    between_pieces: Annotated[Seconds | None, Meta(description="For each further text.")] = None
    keep_alives: Annotated[
        Seconds | None, Meta(description="How long bytes without a meaning may take the place of a text.")
    ] = None
    total: Annotated[Seconds | None, Meta(description="For the whole call.")] = None
    cleanup: Annotated[Seconds | None, Meta(description="For what is cleaned up at the site.")] = None


class ServeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of `toolkit serve`. Any text may be `env:NAME` or `keyring:SERVICE/USER`, which name a secret."""

    host: Annotated[str, Meta(description="The address to listen at.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="The port to listen at; 0 is a free one.")] = 4141
    key: Annotated[
        str | None, Meta(description="Names the key that clients show: `env:NAME` or `keyring:SERVICE/USER`.")
    ] = None
    keys: Annotated[
        dict[str, str],
        Meta(description="Further keys, each named as `key`, by a word for whoever has it: to be taken away alone."),
    ] = {}
    allow_hosts: Annotated[
        tuple[str, ...], Meta(description="Further values of Host that clients may call the server by.")
    ] = ()
    allow_origins: Annotated[
        tuple[str, ...], Meta(description="Origins such as https://notes.example.org whose pages may call the server.")
    ] = ()
    only: Annotated[
        tuple[str, ...], Meta(description="Patterns such as openwebui/* of the models that are served; all by default.")
    ] = ()
    models: Annotated[
        dict[str, ModelIds],
        Meta(description="Names of one's own for models, each for one or for several that are tried in turn."),
    ] = {}
    deployments: Annotated[
        dict[str, str], Meta(description="Which deployment is served, by the name of the provider.")
    ] = {}
    longest_prompts: Annotated[
        dict[str, Tokens],
        Meta(description="How many tokens a prompt may have, by the name of a provider, account or model."),
    ] = {}
    timeouts: Annotated[Timeouts, Meta(description="How long a call may wait for what.")] = Timeouts()
    store: Annotated[str | None, Meta(description="Where the sessions are, as `--store` takes it.")] = None
    proxy: Annotated[str | None, Meta(description="The URL of a proxy for the browser and the calls.")] = None
    profile: Annotated[str | None, Meta(description="The browser profile, by its name in browsers.json.")] = None
    browsers: Annotated[str | None, Meta(description="The path of browsers.json, from this file's folder.")] = None
    log_json: Annotated[bool, Meta(description="Log each request, and all else, as lines of JSON.")] = False

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:  # never a key, nor a store or a proxy with a password
        return f"<ServeSettings {self.host}:{self.port}>"

    @property
    def named_keys(self) -> dict[str, str]:
        """All keys, each by its place in the file."""
        further = {f"$.keys.{name}": key for name, key in self.keys.items()}
        return further if self.key is None else {"$.key": self.key, **further}

    @property
    def aliases(self) -> dict[str, tuple[str, ...]]:
        """The models that each name of one's own stands for."""
        return {name: (ids,) if isinstance(ids, str) else ids for name, ids in self.models.items()}

    @property
    def deadlines(self) -> Deadlines | None:
        """The timeouts that are said, with the usual ones for the others; None where none is said."""
        said: dict[str, Any] = {}
        for name, seconds in msgspec.structs.asdict(self.timeouts).items():
            if seconds is not None:
                said[name] = None if seconds == math.inf else seconds
        return Deadlines(**said) if said else None


def find_file(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path | None:
    """The path of the file to use: `path`, else `TOOLKIT_SERVE_CONFIG`, else serve.toml in the folder of the toolkit's
    state, if there is one."""
    if path is not None:
        return path
    if named := (os.environ if environ is None else environ).get(FILE_VARIABLE):
        return Path(named)
    usual = state_folder() / FILE_NAME
    return usual if usual.is_file() else None


def load_settings(file: Path) -> ServeSettings:
    """Load and check the settings in `file`, with the secrets that they name.

    Raises `ConfigError` with the file, the place in it and what was expected there, and `UsageError` for a key that is
    none.
    """
    content = _read_document(file)
    for table, kind in TABLES.items():
        entries = content.get(table)
        for name, value in entries.items() if isinstance(entries, dict) else ():
            _convert(file, f"$.{table}.{name}", value, kind)
    settings: ServeSettings = _convert(file, "$", content, ServeSettings)
    for place, key in settings.named_keys.items():
        if not key.startswith(REFERENCES):
            raise error_at(file, place, "expected `env:NAME` or `keyring:SERVICE/USER`, which name the key")
    for index, origin in enumerate(settings.allow_origins):
        if not is_origin(origin):
            raise error_at(file, f"$.allow_origins[{index}]", "expected an origin such as https://notes.example.org")
    if settings.timeouts.cleanup == math.inf:
        raise error_at(file, "$.timeouts.cleanup", "expected a number of seconds, since it cannot take for ever")
    settings = resolve_references(settings, f"{file}: $")
    for place, key in settings.named_keys.items():
        check_key(key, f"{file}: {place}")
    deployments = {name: _deployment(file, name, url) for name, url in settings.deployments.items()}
    for name in settings.longest_prompts:
        _check_provider(file, f"$.longest_prompts.{name}", re.split("[@/]", name)[0])
    browsers = None if settings.browsers is None else str(file.parent / Path(settings.browsers).expanduser())
    return replace(settings, deployments=deployments, browsers=browsers)


def is_origin(text: str) -> bool:
    """Whether `text` is what a browser sends as the Origin of a page, or of an extension's."""
    return page_origin(text) == text != "" or text.startswith(EXTENSIONS)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the file, made from the types of its content."""
    (_,), components = msgspec.json.schema_components([ServeSettings], ref_template="#/$defs/{name}")
    whole = components.pop(ServeSettings.__name__)
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**draft, **whole, "title": FILE_NAME, "$defs": components}


def _read_document(file: Path) -> dict[str, Any]:
    """The TOML document in `file`. Raises `ConfigError`."""
    import tomllib  # most servers start without such a file

    try:
        return tomllib.loads(read_settings(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not TOML: {error}.") from None


def _convert(file: Path, place: str, value: object, kind: Any) -> Any:
    """`value`, at `place` in the file, as a `kind`. Raises `ConfigError`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise explain_validation_error(file, place, ServeSettings, error) from None


def _deployment(file: Path, name: str, url: str) -> str:
    """The address `url` of a deployment of the provider `name` as sessions have it. Raises `ConfigError`."""
    place = f"$.deployments.{name}"
    _check_provider(file, place, name)
    try:
        return normalize_base_url(url)
    except UsageError as error:
        raise ConfigError(f"{file}: {place}: {error.what}", hint=error.hint) from None


def _check_provider(file: Path, place: str, name: str) -> None:
    """Raise `ConfigError` where there is no provider `name`, which the file has at `place`."""
    try:
        registry.find(name)
    except UnknownProvider as error:
        raise ConfigError(f"{file}: {place}: {error.what}", hint=error.hint) from None


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
